"""Taking the last import of a kind back. What a kind changed, only the kind knows: it brings the function that puts it back."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from lms.kit import audit, jobs
from lms.kit.actors import Actor
from lms.kit.clock import now
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.imports.models import ImportRun
from lms.kit.imports.rules import UNDO_WINDOW, ImportState
from lms.kit.jobs import JobRun


@dataclass(frozen=True, slots=True)
class DoneImport:
    """An applied import that is to be taken back."""

    id: UUID
    kind: str
    file_name: str
    options: Mapping[str, Any]
    finished_at: datetime


Undo = Callable[[Session, Actor, DoneImport, datetime], Mapping[str, int]]
"""(session, actor, run, at) → counts of what was put back. All in the caller's transaction; raises Conflict or DomainError with the
reason where it cannot be taken back, and then nothing is."""


def request_undo(session: Session, actor: Actor, run_id: UUID, *, job_kind: str, at: datetime) -> None:
    """Hand the taking back of an import to the worker. Raises Conflict where it is not the last of its kind, not done, or too old."""
    run = session.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()
    refusal = why_not_undone(session, run, at)
    if refusal is not None:
        raise refusal
    job = jobs.enqueue(session, job_kind, {"run_id": str(run_id)}, at=at, created_by=actor.person_id)
    session.flush()
    run.state, run.undo_job_id, run.undo_error = ImportState.UNDOING, job.id, None
    run.undo_by, run.undo_by_name, run.undo_asked_at = actor.person_id, actor.display_name, at
    session.flush()
    audit.record(session, actor, "imports.ask_undo", run_id, at, kind=run.kind)


def undo_now(session: Session, actor: Actor, run_id: UUID, undo: Undo, at: datetime) -> Mapping[str, int]:
    """Take an import back at once, in the caller's transaction: for commands. Raises what `request_undo` and the kind's undo raise."""
    run = session.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()
    refusal = why_not_undone(session, run, at)
    if refusal is not None:
        raise refusal
    run.undo_by, run.undo_by_name, run.undo_asked_at = actor.person_id, actor.display_name, at
    result = undo(session, actor, _done(run), at)
    _finish(session, actor, run, result, at)
    return result


def last_done(session: Session, kind: str) -> UUID | None:
    """The import of a kind that was finished last and still stands."""
    return session.scalar(
        select(ImportRun.id)
        .where(ImportRun.kind == kind, ImportRun.state.in_((ImportState.DONE, ImportState.UNDOING)))
        .order_by(ImportRun.finished_at.desc(), ImportRun.id.desc())
        .limit(1)
    )


def why_not_undone(session: Session, run: ImportRun, at: datetime) -> Conflict | None:
    """Why an import cannot be taken back now; None where it can."""
    if run.state == ImportState.UNDOING:
        return Conflict(N_("Lần nhập này đang được hoàn tác."), code="undo_under_way")
    if run.state != ImportState.DONE or run.finished_at is None:
        return Conflict(N_("Chỉ hoàn tác được lần nhập đã xong."), code="not_done")
    if at > run.finished_at + UNDO_WINDOW:
        hours = int(UNDO_WINDOW.total_seconds() // 3600)
        return Conflict(N_("Đã quá %(hours)s giờ từ lúc nhập xong, không hoàn tác được nữa."), code="undo_too_late", hours=hours)
    under_way = session.scalar(
        select(func.count())
        .select_from(ImportRun)
        .where(ImportRun.kind == run.kind, ImportRun.state.in_((ImportState.APPLYING, ImportState.CONFIRMED)))
    )
    if under_way or last_done(session, run.kind) != run.id:
        return Conflict(N_("Đã có lần nhập khác sau lần này. Chỉ hoàn tác được lần nhập cuối cùng."), code="not_the_last")
    return None


def carry_out_undo(job: JobRun, undo: Undo) -> Mapping[str, Any]:
    """The body of a kind's undo job: `return carry_out_undo(job, undo)`. What is put back and the state `undone` are stored together."""
    run_id = UUID(job.payload["run_id"])
    try:
        with job.database.transaction() as session:
            run = session.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()
            if run.state != ImportState.UNDOING:
                return {}
            at = now()
            actor = Actor(person_id=run.undo_by, display_name=run.undo_by_name or "", account_name="")
            result = undo(session, actor, _done(run), at)
            _finish(session, actor, run, result, at)
    except DomainError as refusal:
        with job.database.transaction() as session:
            _refuse(session, run_id, refusal, now())
        return {"refused": refusal.code}
    return result


def _done(run: ImportRun) -> DoneImport:
    assert run.finished_at is not None
    return DoneImport(run.id, run.kind, run.file_name, run.options, run.finished_at)


def _finish(session: Session, actor: Actor, run: ImportRun, result: Mapping[str, int], at: datetime) -> None:
    run.state, run.undone_at, run.undo_result = ImportState.UNDONE, at, dict(result)
    session.flush()
    audit.record(session, actor, "imports.undo", run.id, at, kind=run.kind, **dict(result))


def _refuse(session: Session, run_id: UUID, refusal: DomainError, at: datetime) -> None:
    """The import stands as it was; its page says why."""
    error = {"message": refusal.message, "values": {key: str(value) for key, value in refusal.values.items()}, "code": refusal.code}
    run = session.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()
    if run.state != ImportState.UNDOING:
        return
    session.execute(update(ImportRun).where(ImportRun.id == run_id).values(state=ImportState.DONE, undo_error=error))
    actor = Actor(person_id=run.undo_by, display_name=run.undo_by_name or "", account_name="")
    audit.record(session, actor, "imports.refuse_undo", run_id, at, kind=run.kind, code=refusal.code)
