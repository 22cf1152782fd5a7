"""The worker's part of a roster import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.accounts.operations import apply_roster, check_roster
from lms.kit.imports.jobs import carry_out
from lms.kit.imports.operations import PendingImport, check_unchanged
from lms.kit.jobs import JobRun
from lms.kit.sheets import Sheet

ROSTER_JOB = "accounts.import_roster"


def import_roster(job: JobRun) -> Mapping[str, Any]:
    return carry_out(job, _apply)


def _apply(session: Session, pending: PendingImport, sheets: Sequence[Sheet], at: datetime) -> Mapping[str, int]:
    check = check_roster(session, sheets, pending.file_name, date.fromisoformat(pending.options["as_of"]))
    check_unchanged(pending, check.checked())
    return apply_roster(session, pending.actor, check, at)
