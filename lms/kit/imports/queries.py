"""Reading imports, each kind on its own; who is not responsible for the whole province sees the imports of their own hand."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import ColumnElement, func, select, true
from sqlalchemy.orm import Session

from lms.kit.actors import Actor, Everywhere, NotFound, Scope
from lms.kit.errors import N_, DomainError
from lms.kit.imports.models import ImportFile, ImportRun
from lms.kit.imports.rules import Finding, ImportState
from lms.kit.imports.undo import why_not_undone
from lms.kit.jobs import Job, JobState
from lms.kit.secrets import Vault


@dataclass(frozen=True, slots=True)
class ImportView:
    """An import as its page shows it. `error` is the rule's refusal where the state is REFUSED."""

    id: UUID
    kind: str
    file_name: str
    state: ImportState
    options: Mapping[str, Any]
    counts: Mapping[str, int]
    rows: int
    faulty_rows: int
    remarked_rows: int
    findings: list[Finding]
    created_by_name: str
    created_at: datetime
    confirmed_by_name: str | None
    confirmed_at: datetime | None
    finished_at: datetime | None
    result: Mapping[str, int]
    error: DomainError | None
    progress_done: int
    progress_total: int
    details: Mapping[str, Any] = field(default_factory=dict)
    decisions: Mapping[str, Any] = field(default_factory=dict)
    has_file: bool = True
    undo_refusal: DomainError | None = None
    undo_error: DomainError | None = None
    undo_by_name: str | None = None
    undone_at: datetime | None = None
    undo_result: Mapping[str, int] = field(default_factory=dict)

    @property
    def under_way(self) -> bool:
        return self.state in (ImportState.CONFIRMED, ImportState.APPLYING, ImportState.UNDOING)


@dataclass(frozen=True, slots=True)
class ImportSummary:
    id: UUID
    file_name: str
    state: ImportState
    rows: int
    faulty_rows: int
    created_by_name: str
    created_at: datetime


def import_view(session: Session, run_id: UUID, *, kind: str, scope: Scope, viewer: Actor, at: datetime) -> ImportView:
    """One import with its findings and the worker's progress: one statement, two or three more for one that is done, to say whether it
    can be taken back. Raises NotFound."""
    found = session.execute(
        select(ImportRun, Job.state, Job.progress_done, Job.progress_total, ImportFile.run_id.is_not(None))
        .outerjoin(Job, Job.id == func.coalesce(ImportRun.undo_job_id, ImportRun.job_id))
        .outerjoin(ImportFile, ImportFile.run_id == ImportRun.id)
        .where(ImportRun.id == run_id, ImportRun.kind == kind, _visible(scope, viewer))
    ).one_or_none()
    if found is None:
        raise NotFound
    run, job_state, done, total, has_file = found
    return ImportView(
        id=run.id,
        kind=run.kind,
        file_name=run.file_name,
        state=_state(run.state, job_state),
        options=run.options,
        counts=run.counts,
        rows=run.rows,
        faulty_rows=run.faulty_rows,
        remarked_rows=run.remarked_rows,
        findings=msgspec.convert(run.findings, list[Finding]),
        created_by_name=run.created_by_name,
        created_at=run.created_at,
        confirmed_by_name=run.confirmed_by_name,
        confirmed_at=run.confirmed_at,
        finished_at=run.finished_at,
        result=run.result or {},
        error=_refusal(run.error),
        progress_done=done or 0,
        progress_total=total or 0,
        details=run.details,
        decisions=run.decisions,
        has_file=has_file,
        undo_refusal=why_not_undone(session, run, at) if run.state == ImportState.DONE else None,
        undo_error=_refusal(run.undo_error) or (_undo_broke(run.file_name) if _undo_failed(run.state, job_state) else None),
        undo_by_name=run.undo_by_name,
        undone_at=run.undone_at,
        undo_result=run.undo_result or {},
    )


def recent_imports(session: Session, *, kind: str, scope: Scope, viewer: Actor, limit: int = 10) -> list[ImportSummary]:
    """The latest imports of a kind, newest first."""
    rows = session.execute(
        select(
            ImportRun.id,
            ImportRun.file_name,
            ImportRun.state,
            ImportRun.rows,
            ImportRun.faulty_rows,
            ImportRun.created_by_name,
            ImportRun.created_at,
            Job.state.label("job_state"),
        )
        .outerjoin(Job, Job.id == func.coalesce(ImportRun.undo_job_id, ImportRun.job_id))
        .where(ImportRun.kind == kind, _visible(scope, viewer))
        .order_by(ImportRun.id.desc())
        .limit(limit)
    )
    return [
        ImportSummary(
            id=row.id,
            file_name=row.file_name,
            state=_state(row.state, row.job_state),
            rows=row.rows,
            faulty_rows=row.faulty_rows,
            created_by_name=row.created_by_name,
            created_at=row.created_at,
        )
        for row in rows
    ]


def import_content(session: Session, vault: Vault, run_id: UUID) -> bytes | None:
    """The uploaded file; None once it was thrown away. Ask `import_view` first whether the viewer may see it."""
    sealed = session.scalar(select(ImportFile.sealed).where(ImportFile.run_id == run_id))
    return None if sealed is None else vault.unseal_bytes(sealed)


def run_job_id(session: Session, run_id: UUID) -> UUID:
    """The job that carries a confirmed import out, or takes it back."""
    return session.execute(select(func.coalesce(ImportRun.undo_job_id, ImportRun.job_id)).where(ImportRun.id == run_id)).scalar_one()


def _visible(scope: Scope, viewer: Actor) -> ColumnElement[bool]:
    return true() if isinstance(scope, Everywhere) else ImportRun.created_by == viewer.person_id


def _state(state: str, job_state: str | None) -> ImportState:
    """A job that gave up cannot say so in the run: it is read from the job."""
    if job_state == JobState.FAILED and state in (ImportState.CONFIRMED, ImportState.APPLYING):
        return ImportState.FAILED
    return ImportState.DONE if _undo_failed(state, job_state) else ImportState(state)


def _undo_failed(state: str, job_state: str | None) -> bool:
    return state == ImportState.UNDOING and job_state == JobState.FAILED


def _undo_broke(file: str) -> DomainError:
    return DomainError(
        N_("Hoàn tác %(file)s dừng vì lỗi của dịch vụ, dữ liệu vẫn như sau khi nhập. Báo người quản trị hệ thống."),
        code="undo_broke",
        file=file,
    )


def _refusal(stored: Mapping[str, Any] | None) -> DomainError | None:
    return DomainError(stored["message"], code=stored["code"], **stored["values"]) if stored else None
