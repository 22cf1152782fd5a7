"""The worker's part: take a confirmed import up, apply it in one transaction, and say how it ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.imports.operations import PendingImport, begin_applying, discard_files, finish_import, is_still_applying, refuse_import
from lms.kit.jobs import JobRun
from lms.kit.sheets import Sheet, read_workbook
from lms.kit.unit import transaction, vault

Apply = Callable[[Session, PendingImport, list[Sheet], datetime], Mapping[str, int]]
"""(session, import, its sheets, at) → counts of what was done. Raises DomainError to refuse; then nothing is kept."""


def carry_out(job: JobRun, apply: Apply) -> Mapping[str, Any]:
    """The body of an import's job handler: `return carry_out(job, apply)`. Safe to be called again after a crash: the changes and
    the state `done` are stored together or not at all."""
    with job.database.transaction() as session:
        pending = begin_applying(session, vault(), UUID(job.payload["run_id"]))
    if pending is None:
        return {}
    sheets = read_content(pending.content, pending.file_name)
    try:
        with job.database.transaction() as session:
            if not is_still_applying(session, pending):
                return {}
            at = now()
            result = apply(session, pending, sheets, at)
            finish_import(session, pending, result, at)
    except DomainError as refusal:
        with job.database.transaction() as session:
            refuse_import(session, pending, refusal, now())
        return {"refused": refusal.code}
    return result


def read_content(content: bytes, name: str) -> list[Sheet]:
    """The sheets of an uploaded file. Raises DomainError."""
    with tempfile.NamedTemporaryFile(prefix="lms-import-") as file:
        file.write(content)
        file.flush()
        return read_workbook(Path(file.name), name)


def discard_old_files(at: datetime) -> None:
    """A `Periodic`'s body: files of imports are personal data and are kept for a few days only."""
    with transaction() as session:
        discard_files(session, at)
