"""Work that outlives a request. The row in `job` is the truth; a queue message only wakes the worker, and a sweep finds rows
whose message was lost or whose worker died."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import and_, or_, select, update
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kit.clock import now
from lms.kit.db import Base, Database, after_commit, is_disk_full
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7

log = structlog.get_logger()

LEASE = timedelta(minutes=2)  # a handler that may be silent for longer reports progress, which renews it
MAX_TRIES = 5
ROOM = timedelta(minutes=1)  # between two looks whether the disk has room again
NO_ROOM = N_("Hết chỗ trên đĩa của cơ sở dữ liệu. Giải phóng chỗ: việc tự chạy tiếp, phần đã xong không phải làm lại.")


class JobState(StrEnum):
    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"


class Job(Base):
    __tablename__ = "job"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str]
    payload: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=JobState.QUEUED, index=True)
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    run_after: Mapped[datetime]
    lease_until: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    progress_done: Mapped[int] = mapped_column(default=0)
    progress_total: Mapped[int] = mapped_column(default=0)
    result: Mapped[dict[str, Any] | None]
    error: Mapped[str | None]
    finished_at: Mapped[datetime | None]


class JobRun:
    """A job being carried out: what it was asked, and how it tells how far it is."""

    def __init__(self, database: Database, job_id: UUID, payload: Mapping[str, Any]) -> None:
        self.database = database
        self.job_id = job_id
        self.payload = payload

    def progress(self, done: int, total: int) -> None:
        """Tell the watchers, and keep the lease."""
        with self.database.transaction() as session:
            session.execute(
                update(Job).where(Job.id == self.job_id).values(progress_done=done, progress_total=total, lease_until=now() + LEASE)
            )


JobHandler = Callable[[JobRun], Mapping[str, Any] | None]
"""Carries a job out in transactions of its own; may be called again after a crash, so it acts once however often it runs."""


@dataclass(frozen=True, slots=True)
class Periodic:
    """Something the worker does every so many seconds; several workers may do it at once, so it must not mind."""

    name: str
    seconds: int
    run: Callable[[datetime], None]


def enqueue(
    session: Session,
    kind: str,
    payload: dict[str, Any],
    *,
    at: datetime,
    created_by: UUID | None = None,
    run_after: datetime | None = None,
) -> Job:
    """Write down work to be done, in the transaction of the change that asks for it, and wake the worker after the commit."""
    wake: Callable[[UUID], None] = session.info["wake"]
    job = Job(id=uuid7(), kind=kind, payload=payload, created_at=at, created_by=created_by, run_after=run_after or at)
    session.add(job)
    if job.run_after <= at:
        after_commit(session, lambda: wake(job.id))
    return job


def due_jobs(session: Session, at: datetime, limit: int = 20) -> list[UUID]:
    return list(session.scalars(select(Job.id).where(_claimable(at)).order_by(Job.run_after).limit(limit)))


def run_job(database: Database, handlers: Mapping[str, JobHandler], job_id: UUID) -> bool:
    """Claim a job, carry it out, store its end. False where another worker has it or it is not due."""
    at = now()
    with database.transaction() as session:
        claimed = session.execute(
            update(Job)
            .where(Job.id == job_id, _claimable(at))
            .values(state=JobState.RUNNING, lease_until=at + LEASE, tries=Job.tries + 1)
            .returning(Job.kind, Job.payload, Job.tries)
        ).one_or_none()
    if claimed is None:
        return False
    kind, payload, tries = claimed
    bound = log.bind(job_id=str(job_id), kind=kind, tries=tries)
    try:
        if tries > MAX_TRIES:
            raise DomainError("the worker stopped in the middle of this job %(tries)s times", tries=MAX_TRIES)
        result = handlers[kind](JobRun(database, job_id, payload))
    except DomainError as refusal:
        bound.warning("job_refused", reason=str(refusal))
        _finish(database, job_id, tries, state=JobState.FAILED, error=str(refusal))
    except Exception as fault:
        bound.exception("job_failed")
        reason = traceback.format_exc(limit=-3)
        if is_disk_full(fault):  # not its fault: it waits for room as long as that takes
            _wait_for_room(database, job_id, tries)
        elif tries >= MAX_TRIES:
            _finish(database, job_id, tries, state=JobState.FAILED, error=reason)
        else:
            _retry(database, job_id, tries, error=reason, run_after=now() + timedelta(seconds=2**tries))
    else:
        bound.info("job_done")
        _finish(database, job_id, tries, state=JobState.DONE, result=dict(result or {}))
    return True


def _claimable(at: datetime) -> Any:
    return or_(
        and_(Job.state == JobState.QUEUED, Job.run_after <= at),
        and_(Job.state == JobState.RUNNING, Job.lease_until < at),
    )


def _finish(database: Database, job_id: UUID, tries: int, **values: Any) -> None:
    """Store how a try ended, unless its lease ran out and another worker took the job up: then that one's word counts."""
    with database.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id, Job.tries == tries).values(finished_at=now(), lease_until=None, **values))


def _retry(database: Database, job_id: UUID, tries: int, **values: Any) -> None:
    with database.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id, Job.tries == tries).values(state=JobState.QUEUED, lease_until=None, **values))


def _wait_for_room(database: Database, job_id: UUID, tries: int) -> None:
    """Look again later; the try does not count."""
    waiting = {"state": JobState.QUEUED, "lease_until": None, "tries": tries - 1, "error": NO_ROOM, "run_after": now() + ROOM}
    with database.transaction() as session:
        session.execute(update(Job).where(Job.id == job_id, Job.tries == tries).values(waiting))
