"""Work that was asked for is done, whatever happens to the message and the worker."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, update

from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.kit.jobs import MAX_TRIES, Job, JobRun, due_jobs, enqueue, run_job


def ask(database: Database, **options: Any) -> UUID:
    with database.transaction() as session:
        session.info["wake"] = lambda job_id: None
        return enqueue(session, "count", {"to": 3}, at=now(), **options).id


def job(database: Database, job_id: UUID) -> Job:
    with database.reading() as session:
        return session.scalars(select(Job).where(Job.id == job_id)).one()


def test_a_job_is_done_once_and_keeps_its_result(database: Database) -> None:
    calls: list[Mapping[str, Any]] = []

    def count(run: JobRun) -> dict[str, int]:
        calls.append(run.payload)
        run.progress(3, 3)
        return {"counted": 3}

    job_id = ask(database)
    assert run_job(database, {"count": count}, job_id)
    assert not run_job(database, {"count": count}, job_id)
    stored = job(database, job_id)
    assert (stored.state, stored.result, stored.progress_done, len(calls)) == ("done", {"counted": 3}, 3, 1)


def test_a_worker_taken_for_dead_has_no_say_in_how_its_job_ended(database: Database) -> None:
    def too_late(run: JobRun) -> dict[str, int]:
        with database.transaction() as session:
            session.execute(update(Job).values(lease_until=now() - timedelta(seconds=1)))
        assert run_job(database, {"count": lambda _run: {"counted": 3}}, job_id)
        raise DomainError("changed meanwhile")

    job_id = ask(database)
    assert run_job(database, {"count": too_late}, job_id)
    stored = job(database, job_id)
    assert (stored.state, stored.result, stored.error) == ("done", {"counted": 3}, None)


def test_the_wake_up_is_sent_only_after_the_commit(database: Database) -> None:
    woken: list[UUID] = []
    with database.transaction() as session:
        session.info["wake"] = woken.append
        job_id = enqueue(session, "count", {}, at=now()).id
        assert woken == []
    assert woken == [job_id]


def test_a_job_asked_for_in_a_change_that_failed_does_not_exist(database: Database) -> None:
    woken: list[UUID] = []
    with pytest.raises(RuntimeError), database.transaction() as session:
        session.info["wake"] = woken.append
        enqueue(session, "count", {}, at=now())
        raise RuntimeError
    with database.reading() as session:
        assert due_jobs(session, now()) == []
    assert woken == []


def test_the_sweep_finds_a_job_whose_wake_up_was_lost(database: Database) -> None:
    job_id = ask(database)
    with database.reading() as session:
        assert due_jobs(session, now()) == [job_id]


def test_the_sweep_finds_a_job_whose_worker_died(database: Database) -> None:
    job_id = ask(database)
    with database.transaction() as session:
        session.execute(update(Job).values(state="running", lease_until=now() - timedelta(seconds=1), tries=1))
    assert run_job(database, {"count": lambda run: None}, job_id)
    assert job(database, job_id).state == "done"


def test_a_running_job_is_nobody_elses(database: Database) -> None:
    job_id = ask(database)
    with database.transaction() as session:
        session.execute(update(Job).values(state="running", lease_until=now() + timedelta(minutes=1)))
    assert not run_job(database, {"count": lambda run: None}, job_id)


def test_a_job_for_later_waits(database: Database) -> None:
    ask(database, run_after=now() + timedelta(hours=1))
    with database.reading() as session:
        assert due_jobs(session, now()) == []
        assert len(due_jobs(session, now() + timedelta(hours=2))) == 1


def test_a_defect_is_tried_again_later_and_given_up_with_its_reason(database: Database) -> None:
    def break_down(run: JobRun) -> None:
        raise ZeroDivisionError("broken")

    job_id = ask(database)
    for _ in range(MAX_TRIES):
        with database.transaction() as session:
            session.execute(update(Job).values(run_after=now()))
        assert run_job(database, {"count": break_down}, job_id)
    stored = job(database, job_id)
    assert stored.state == "failed"
    assert "broken" in str(stored.error)


def test_a_refusal_is_final_at_once(database: Database) -> None:
    def refuse(run: JobRun) -> None:
        raise DomainError("Tệp trống")

    job_id = ask(database)
    assert run_job(database, {"count": refuse}, job_id)
    stored = job(database, job_id)
    assert (stored.state, stored.error, stored.tries) == ("failed", "Tệp trống", 1)


def test_two_workers_never_do_the_same_job(database: Database) -> None:
    job_id = ask(database)
    done: list[int] = []
    barrier = threading.Barrier(4)

    def work() -> None:
        barrier.wait()
        run_job(database, {"count": lambda run: done.append(1)}, job_id)  # type: ignore[func-returns-value, dict-item]

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [1]
