"""The worker's part: take a confirmed import up, apply it in one transaction or batch by batch, and say how it ended."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.imports.operations import PendingImport, begin_applying, discard_files, finish_import, is_still_applying, refuse_import
from lms.kit.jobs import JobRun
from lms.kit.sheets import Sheet, iterate_workbook, read_workbook
from lms.kit.unit import transaction, vault

Apply = Callable[[Session, PendingImport, Any, datetime], Mapping[str, int]]
"""(session, import, its sheets, at) → counts of what was done. Raises DomainError to refuse; then nothing is kept."""


def carry_out(job: JobRun, apply: Apply, read: Callable[[PendingImport], Any] | None = None) -> Mapping[str, Any]:
    """The body of an import's job handler: `return carry_out(job, apply)`; `read`: of kinds whose files are no
    spreadsheets. Safe to be called again after a crash: the changes and the state `done` are stored together or not at all."""
    with job.database.transaction() as session:
        pending = begin_applying(session, vault(), UUID(job.payload["run_id"]))
    if pending is None:
        return {}
    try:
        sheets = read(pending) if read else read_content(pending.content, pending.file_name)
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


class BatchedImport(Protocol):
    """An import that is applied in batches, each stored by itself, made from a confirmed file.

    Beginning anew after a crash must lead to the same end: what is stored already comes out as unchanged.
    """

    total: int
    """Rows, for the progress."""

    def batches(self) -> Iterable[Callable[[Session, datetime], int]]:
        """In order: (session, at) → how many rows it brought the import forward. Raises DomainError to refuse the whole."""

    def result(self, session: Session) -> Mapping[str, int]:
        """Counts of all that was done by every worker that had a hand in it."""


def carry_out_batches(
    job: JobRun,
    begin: Callable[[Session, PendingImport, Iterator[Sheet]], BatchedImport],
    take_back: Callable[[Session, PendingImport, datetime], object],
) -> Mapping[str, Any]:
    """The body of a job handler for imports too large for one transaction. `begin` reads and, where nothing is stored of it yet, refuses
    a file whose plan has changed since it was seen. Where a rule refuses later, `take_back` undoes the batches before it: an import is
    applied whole or not at all, save that a crash leaves whole batches, which the next worker goes on from."""
    with job.database.transaction() as session:
        pending = begin_applying(session, vault(), UUID(job.payload["run_id"]))
    if pending is None:
        return {}
    try:
        sheets = iterate_content(pending.content, pending.file_name)
        with job.database.reading() as session:
            work = begin(session, pending, sheets)
        done = 0
        for batch in work.batches():
            with job.database.transaction() as session:
                if not is_still_applying(session, pending):
                    return {}
                done += batch(session, now())
            job.progress(min(done, work.total), work.total)
        with job.database.transaction() as session:
            if not is_still_applying(session, pending):
                return {}
            result = work.result(session)
            finish_import(session, pending, result, now())
    except DomainError as refusal:
        with job.database.transaction() as session:
            if is_still_applying(session, pending):
                take_back(session, pending, now())
                refuse_import(session, pending, refusal, now())
        return {"refused": refusal.code}
    return result


def iterate_content(content: bytes, name: str) -> Iterator[Sheet]:
    """The sheets of an uploaded file one after another; only one is in memory at a time. Raises DomainError before the first."""
    with tempfile.NamedTemporaryFile(prefix="lms-import-") as file:
        file.write(content)
        file.flush()
        return iterate_workbook(Path(file.name), name)


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
