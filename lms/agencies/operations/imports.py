"""An agency file into the tree: all of it in one transaction, and nothing a second time; the last one can be taken back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lms.agencies.operations.events import record_changes, withdraw_import
from lms.agencies.queries.believed import stored_history
from lms.agencies.rules.plan import Plan
from lms.agencies.rules.planner import plan_import
from lms.agencies.rules.sheet import read_lines
from lms.kit.actors import Actor
from lms.kit.errors import N_, DomainError
from lms.kit.imports import DoneImport
from lms.kit.sheets import Sheet


def check_import(session: Session, sheets: Sequence[Sheet], file: str, as_of: date, *, new_root: bool = False) -> Plan:
    """What a file would change; only reads. Lines without a date hold from `as_of`; `new_root`: may an agency come to stand beside the
    one at the top? Raises DomainError for the file as a whole."""
    return plan_import(read_lines(sheets, file), stored_history(session), as_of, new_root=new_root)


def apply_import(session: Session, actor: Actor, plan: Plan, at: datetime, *, run_id: UUID | None = None) -> dict[str, int]:
    """Carry a plan out. Returns the counts the preview showed. Raises DomainError for a faulty plan."""
    checked = plan.checked()
    if checked.faulty_rows:
        raise DomainError(N_("Còn %(rows)s dòng lỗi; chưa ghi gì."), code="faulty_rows", rows=checked.faulty_rows)
    if plan.changes:
        counts = {key: count for key, count in checked.counts.items() if key != "events"}  # which are counted by what records them
        record_changes(session, actor, plan.changes, at, import_run_id=run_id, audit_details=counts)
    return dict(checked.counts)


def undo_import(session: Session, actor: Actor, run: DoneImport, at: datetime) -> Mapping[str, int]:
    """Take back all that an import recorded. Raises Conflict where something built on it since, DomainError where later events do."""
    return {"withdrawn": withdraw_import(session, actor, run.id, at)}
