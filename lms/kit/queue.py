"""The wake-up: huey carries a job's id to the worker, from a file beside the embedded database or through Redis."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from functools import cached_property
from uuid import UUID

import structlog
from flask import Flask
from huey import Huey, RedisHuey, SqliteHuey

from lms.config import Settings
from lms.kit import jobs
from lms.kit.clock import now
from lms.kit.unit import database

log = structlog.get_logger()

SWEEP_SECONDS = 1.0


class Queue:
    """Sends wake-ups; losing one only costs the seconds until the next sweep."""

    def __init__(self, settings: Settings, carry_out: Callable[[str], None]) -> None:
        self._settings = settings
        self._carry_out = carry_out

    @property
    def huey(self) -> Huey:
        return self._opened[0]

    @cached_property
    def _opened(self) -> tuple[Huey, Callable[[str], object]]:
        """The queue and the task it carries, opened by the first wake-up or by the worker: most commands need neither."""
        if self._settings.redis_url:
            huey: Huey = RedisHuey("lms", url=self._settings.redis_url, results=False)
        else:
            self._settings.data_dir.mkdir(parents=True, exist_ok=True)
            huey = SqliteHuey("lms", filename=str(self._settings.data_dir / "queue.db"), results=False)
        return huey, huey.task()(self._carry_out)

    def wake(self, job_id: UUID) -> None:
        _huey, task = self._opened
        task(str(job_id))


def run_due(app: Flask) -> int:
    """Carry out every job that is due now; returns how many. What the worker's sweep does, and tests."""
    with app.app_context():
        with database().reading() as session:
            due = jobs.due_jobs(session, now())
        return sum(jobs.run_job(database(), app.extensions["lms.job_handlers"], job_id) for job_id in due)


def run_periodic(app: Flask, last_run: dict[str, float]) -> None:
    for periodic in app.extensions["lms.periodic"]:
        if time.monotonic() - last_run.get(periodic.name, -1e9) < periodic.seconds:
            continue
        last_run[periodic.name] = time.monotonic()
        try:
            with app.app_context():
                periodic.run(now())
        except Exception:  # one feature's trouble must not stop the others' work
            log.exception("periodic_failed", periodic=periodic.name)


def work(app: Flask) -> None:
    """The worker: carries out what it is woken for, sweeps for what it was not, does what is periodic; ends on SIGINT or SIGTERM."""
    stop = threading.Event()

    def sweep() -> None:
        last_run: dict[str, float] = {}
        while not stop.wait(SWEEP_SECONDS):
            try:
                run_due(app)
                run_periodic(app, last_run)
            except Exception:  # the database may be away for a moment; the next sweep tries again
                log.exception("sweep_failed")

    sweeper = threading.Thread(target=sweep, name="sweep")
    sweeper.start()
    try:
        queue: Queue = app.extensions["lms.queue"]
        queue.huey.create_consumer(workers=1, worker_type="thread", periodic=False, check_worker_health=True).run()
    finally:
        stop.set()
        sweeper.join()
