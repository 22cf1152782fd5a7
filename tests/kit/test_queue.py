"""The wake-up reaches the worker through a file or through Redis; without it the sweep still finds the work."""

from __future__ import annotations

import shutil
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from flask import Flask
from sqlalchemy import select

from lms.app import create_app
from lms.config import Settings
from lms.feature import Feature
from lms.kit.clock import now
from lms.kit.jobs import Job, JobRun, enqueue
from lms.kit.queue import Queue, run_due


@pytest.fixture
def redis_url(tmp_path: Path) -> Iterator[str]:
    program = shutil.which("redis-server")
    if program is None:
        pytest.skip("redis-server is not installed (Debian package redis-server)")
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    server = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--dir", str(tmp_path)], stdout=subprocess.PIPE, text=True
    )
    assert server.stdout is not None
    for line in server.stdout:
        if "Ready to accept connections" in line:
            break
    yield f"redis://127.0.0.1:{port}/0"
    server.terminate()
    server.wait(10)
    server.stdout.close()


@pytest.fixture(params=["embedded", "redis"])
def working_app(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Flask]:
    if request.param == "redis":
        settings = replace(settings, redis_url=request.getfixturevalue("redis_url"))
    done: list[str] = []

    def greet(run: JobRun) -> None:
        done.append(str(run.payload["name"]))

    app = create_app(settings, features=(Feature("greetings", jobs={"greet": greet}),))
    app.extensions["greeted"] = done
    yield app
    app.extensions["lms.database"].dispose()


def ask(app: Flask, name: str) -> None:
    with app.app_context(), app.extensions["lms.database"].transaction() as session:
        enqueue(session, "greet", {"name": name}, at=now())


def test_the_message_carries_the_job_to_the_worker(working_app: Flask) -> None:
    ask(working_app, "An")
    queue: Queue = working_app.extensions["lms.queue"]
    task = queue.huey.dequeue()
    assert task is not None
    queue.huey.execute(task)
    assert working_app.extensions["greeted"] == ["An"]
    assert run_due(working_app) == 0


def test_a_lost_message_costs_only_the_time_to_the_next_sweep(working_app: Flask) -> None:
    ask(working_app, "Bình")
    queue: Queue = working_app.extensions["lms.queue"]
    queue.huey.flush()
    assert run_due(working_app) == 1
    assert working_app.extensions["greeted"] == ["Bình"]
    with working_app.extensions["lms.database"].reading() as session:
        assert session.scalars(select(Job.state)).all() == ["done"]


def test_a_late_message_for_work_already_done_does_nothing(working_app: Flask) -> None:
    ask(working_app, "Chi")
    queue: Queue = working_app.extensions["lms.queue"]
    assert run_due(working_app) == 1
    queue.huey.execute(queue.huey.dequeue())
    assert working_app.extensions["greeted"] == ["Chi"]
