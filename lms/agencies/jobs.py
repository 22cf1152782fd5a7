"""The worker's part of an agency import."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.agencies.operations import apply_import, check_import
from lms.kit.imports.jobs import carry_out
from lms.kit.imports.operations import PendingImport, check_unchanged
from lms.kit.jobs import JobRun
from lms.kit.sheets import Sheet

IMPORT_JOB = "agencies.import"


def import_agencies(job: JobRun) -> Mapping[str, Any]:
    return carry_out(job, _apply)


def _apply(session: Session, pending: PendingImport, sheets: Sequence[Sheet], at: datetime) -> Mapping[str, int]:
    plan = check_import(session, sheets, pending.file_name, date.fromisoformat(pending.options["as_of"]))
    check_unchanged(pending, plan.checked())
    return apply_import(session, pending.actor, plan, at)
