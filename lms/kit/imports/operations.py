"""Writing down where an import stands. Only flushes; the callers' transactions commit."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import delete, func, select, update
from sqlalchemy.orm import Session

from lms.kit import audit, jobs
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.imports.models import ImportFile, ImportRun
from lms.kit.imports.rules import MAX_FINDINGS, Checked, ImportState
from lms.kit.secrets import Vault

KEEP_FILES = timedelta(days=7)


@dataclass(frozen=True, slots=True)
class PendingImport:
    """A confirmed import as the worker takes it up. `actor` is who confirmed it, for the audit; `resumed`: a worker was at it before."""

    id: UUID
    kind: str
    file_name: str
    options: Mapping[str, Any]
    skip_faulty: bool
    fingerprint: str
    actor: Actor
    content: bytes
    decisions: Mapping[str, Any] = field(default_factory=dict)
    resumed: bool = False


def record_check(
    session: Session,
    actor: Actor,
    vault: Vault,
    *,
    kind: str,
    file_name: str,
    content: bytes,
    checked: Checked,
    options: dict[str, Any] | None = None,
    at: datetime,
) -> UUID:
    """Keep a checked file and what was found in it. Returns the run's id, which is its address."""
    run_id = uuid7()
    session.add(
        ImportRun(
            id=run_id,
            kind=kind,
            file_name=file_name,
            file_size=len(content),
            file_sha256=hashlib.sha256(content).hexdigest(),
            options=options or {},
            state=ImportState.COLUMNS if checked.details.get("needs_columns") else ImportState.CHECKED,
            counts=dict(checked.counts),
            rows=checked.rows,
            faulty_rows=checked.faulty_rows,
            remarked_rows=checked.remarked_rows,
            findings=msgspec.to_builtins(list(checked.findings[:MAX_FINDINGS])),
            fingerprint=checked.fingerprint,
            details=_details(checked),
            decisions={},
            created_by=actor.person_id,
            created_by_name=actor.display_name,
            created_at=at,
        )
    )
    session.flush()
    session.add(ImportFile(run_id=run_id, sealed=vault.seal_bytes(content)))
    session.flush()
    audit.record(
        session, actor, "imports.check_file", run_id, at, kind=kind, file_name=file_name, rows=checked.rows, faulty=checked.faulty_rows
    )
    return run_id


def record_refused_file(
    session: Session, actor: Actor, *, kind: str, file_name: str, content: bytes, refusal: DomainError, at: datetime
) -> None:
    """A file that is none of ours leaves nothing but this entry: who sent what, and why it was refused."""
    digest = hashlib.sha256(content).hexdigest()
    audit.record(session, actor, "imports.refuse_file", digest, at, kind=kind, file_name=file_name, size=len(content), code=refusal.code)


def record_check_again(
    session: Session,
    actor: Actor,
    run_id: UUID,
    checked: Checked,
    *,
    options: dict[str, Any] | None = None,
    decisions: dict[str, Any] | None = None,
    at: datetime,
) -> None:
    """The same file, checked anew after a person chose its columns (`options`) or decided about its rows (`decisions`). Raises Conflict
    where it was confirmed meanwhile."""
    run = _locked(session, run_id)
    if run.state not in (ImportState.CHECKED, ImportState.COLUMNS):
        raise _already_confirmed()
    run.state = ImportState.CHECKED
    run.counts, run.rows = dict(checked.counts), checked.rows
    run.faulty_rows, run.remarked_rows = checked.faulty_rows, checked.remarked_rows
    run.findings = msgspec.to_builtins(list(checked.findings[:MAX_FINDINGS]))
    run.fingerprint, run.details = checked.fingerprint, _details(checked)
    run.options = run.options if options is None else options
    run.decisions = run.decisions if decisions is None else decisions
    session.flush()
    audit.record(session, actor, "imports.check_again", run_id, at, kind=run.kind, rows=checked.rows, faulty=checked.faulty_rows)


def confirm_import(
    session: Session, actor: Actor, run_id: UUID, *, job_kind: str, skip_faulty: bool, acknowledged: int = 0, at: datetime
) -> None:
    """Hand a checked import to the worker, once. `acknowledged`: the number confirmed by itself, where the check asks for one.
    Raises Conflict where it was confirmed before, DomainError where rows are faulty and are not to be left out, where the number was
    not acknowledged, or where there is nothing to import."""
    run = _locked(session, run_id)
    if run.state != ImportState.CHECKED:
        raise _already_confirmed()
    if run.faulty_rows and run.details.get("all_or_nothing"):
        raise DomainError(
            N_("Còn %(rows)s dòng lỗi. Thay toàn bộ danh sách chỉ nhận tệp không còn dòng lỗi: sửa tệp rồi tải lên lại."),
            code="faulty_rows",
            rows=run.faulty_rows,
        )
    if run.details.get("to_acknowledge", 0) != acknowledged and run.details.get("to_acknowledge"):
        raise DomainError(
            N_("Chưa đánh dấu ô xác nhận %(count)s người rời danh sách. Kiểm tra danh sách đó rồi đánh dấu."),
            code="not_acknowledged",
            count=run.details["to_acknowledge"],
        )
    if run.faulty_rows and not skip_faulty:
        raise DomainError(
            N_("Còn %(rows)s dòng lỗi. Sửa tệp rồi tải lên lại, hoặc chọn bỏ qua các dòng lỗi."), code="faulty_rows", rows=run.faulty_rows
        )
    if not run.rows:
        raise DomainError(N_("Không có dòng nào nhập được. Sửa tệp rồi tải lên lại."), code="nothing_to_import")
    job = jobs.enqueue(session, job_kind, {"run_id": str(run_id)}, at=at, created_by=actor.person_id)
    session.flush()
    run.state = ImportState.CONFIRMED
    run.skip_faulty = skip_faulty
    run.confirmed_by, run.confirmed_by_name, run.confirmed_at = actor.person_id, actor.display_name, at
    run.job_id = job.id
    session.flush()
    audit.record(session, actor, "imports.confirm", run_id, at, kind=run.kind, rows=run.rows, skip_faulty=skip_faulty)


def begin_applying(session: Session, vault: Vault, run_id: UUID) -> PendingImport | None:
    """Take up a confirmed import, or one whose worker died; None where it has come to its end already."""
    run = _locked(session, run_id)
    if run.state not in (ImportState.CONFIRMED, ImportState.APPLYING):
        return None
    resumed = run.state == ImportState.APPLYING
    run.state = ImportState.APPLYING
    sealed = session.scalars(select(ImportFile.sealed).where(ImportFile.run_id == run_id)).one()
    return PendingImport(
        id=run.id,
        kind=run.kind,
        file_name=run.file_name,
        options=run.options,
        skip_faulty=run.skip_faulty,
        fingerprint=run.fingerprint,
        actor=Actor(person_id=run.confirmed_by, display_name=run.confirmed_by_name or "", account_name=""),
        content=vault.unseal_bytes(sealed),
        decisions=run.decisions,
        resumed=resumed,
    )


def is_still_applying(session: Session, pending: PendingImport) -> bool:
    """False where another worker, who took the import for abandoned, has brought it to its end. Others wait until this transaction ends."""
    return session.scalar(select(ImportRun.state).where(ImportRun.id == pending.id).with_for_update()) == ImportState.APPLYING


def finish_import(session: Session, pending: PendingImport, result: Mapping[str, int], at: datetime) -> None:
    """The import is applied: in the same transaction as the last of its changes."""
    session.execute(update(ImportRun).where(ImportRun.id == pending.id).values(state=ImportState.DONE, result=dict(result), finished_at=at))
    audit.record(session, pending.actor, "imports.apply", pending.id, at, kind=pending.kind, **dict(result))


def refuse_import(session: Session, pending: PendingImport, refusal: DomainError, at: datetime) -> None:
    """A rule said no; nothing was written. Nothing happens to an import that another worker has brought to its end."""
    error = {"message": refusal.message, "values": {key: str(value) for key, value in refusal.values.items()}, "code": refusal.code}
    if not is_still_applying(session, pending):
        return
    session.execute(update(ImportRun).where(ImportRun.id == pending.id).values(state=ImportState.REFUSED, error=error, finished_at=at))
    audit.record(session, pending.actor, "imports.refuse", pending.id, at, kind=pending.kind, code=refusal.code)


def check_unchanged(pending: PendingImport, checked: Checked) -> None:
    """Raises Conflict where the plan made now is not the one that was seen when the import was confirmed."""
    if checked.fingerprint != pending.fingerprint:
        raise Conflict(
            N_("Dữ liệu đã thay đổi từ lúc kiểm tra tệp %(file)s. Chưa ghi gì; tải tệp lên để kiểm tra lại."),
            code="changed_since_check",
            file=pending.file_name,
        )


def discard_files(session: Session, at: datetime) -> int:
    """Throw away files older than `KEEP_FILES` whose import is not under way. Returns how many."""
    old = select(ImportRun.id).where(
        ImportRun.created_at < at - KEEP_FILES, ImportRun.state.not_in((ImportState.CONFIRMED, ImportState.APPLYING, ImportState.UNDOING))
    )
    count = session.scalar(select(func.count()).select_from(ImportFile).where(ImportFile.run_id.in_(old))) or 0
    with_file = select(ImportFile.run_id).where(ImportFile.run_id.in_(old))
    session.execute(update(ImportRun).where(ImportRun.id.in_(with_file)).values(findings=[], details={}))  # they quote the file
    session.execute(delete(ImportFile).where(ImportFile.run_id.in_(old)))
    return count


def _locked(session: Session, run_id: UUID) -> ImportRun:
    return session.scalars(select(ImportRun).where(ImportRun.id == run_id).with_for_update()).one()


def _already_confirmed() -> Conflict:
    return Conflict(N_("Tệp này đã được xác nhận nhập trước đó. Xem tiến độ trên trang của lần nhập."), code="already_confirmed")


def _details(checked: Checked) -> dict[str, Any]:
    return {**checked.details, "all_or_nothing": checked.all_or_nothing, "to_acknowledge": checked.to_acknowledge}
