"""The worker's part of importing question files."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.kit.imports import PendingImport, carry_out_undo
from lms.kit.imports.jobs import carry_out
from lms.kit.imports.operations import check_unchanged
from lms.kit.jobs import JobHandler, JobRun
from quizzes.interchange.document import Parsed
from quizzes.operations.importing import apply_import, read_questions, undo_import
from quizzes.queries.importing import Options, plan_import

IMPORT_JOB = "quizzes.import_questions"
UNDO_JOB = "quizzes.undo_question_import"


def import_questions(job: JobRun) -> Mapping[str, Any]:
    return carry_out(job, _apply, _read)


def undo_last_import(job: JobRun) -> Mapping[str, Any]:
    return carry_out_undo(job, undo_import)


def _read(pending: PendingImport) -> Parsed:
    return read_questions(pending.content, pending.file_name, pending.options.get("format", ""))


def _apply(session: Session, pending: PendingImport, parsed: Parsed, at: datetime) -> Mapping[str, int]:
    plan = plan_import(session, parsed, Options.of(pending.options))
    check_unchanged(pending, plan.checked())
    return apply_import(session, pending.actor, plan, pending.file_name, at, run_id=pending.id)


JOBS: Mapping[str, JobHandler] = {IMPORT_JOB: import_questions, UNDO_JOB: undo_last_import}
