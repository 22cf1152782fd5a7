"""The worker's part of an agency import, and of taking the last one back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.agencies.operations import apply_import, check_import, undo_import
from lms.agencies.rules.plan import Plan
from lms.kit.imports import carry_out_undo
from lms.kit.imports.jobs import carry_out
from lms.kit.imports.operations import PendingImport, check_unchanged
from lms.kit.jobs import JobRun
from lms.kit.sheets import Sheet

IMPORT_JOB = "agencies.import"
IMPORT_UNDO_JOB = "agencies.undo_import"


def import_agencies(job: JobRun) -> Mapping[str, Any]:
    return carry_out(job, _apply)


def undo_last_import(job: JobRun) -> Mapping[str, Any]:
    return carry_out_undo(job, undo_import)


def planned(session: Session, sheets: Sequence[Sheet], file: str, options: Mapping[str, Any]) -> Plan:
    """What a file would change, with the options chosen on its page."""
    return check_import(session, sheets, file, date.fromisoformat(options["as_of"]), new_root=bool(options.get("new_root")))


def _apply(session: Session, pending: PendingImport, sheets: Sequence[Sheet], at: datetime) -> Mapping[str, int]:
    plan = planned(session, sheets, pending.file_name, pending.options)
    check_unchanged(pending, plan.checked())
    return apply_import(session, pending.actor, plan, at, run_id=pending.id)
