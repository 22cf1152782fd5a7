"""An import from upload to end. The file lies in the database beside its run: web nodes are stateless, the worker may be another
machine, and a backup holds both or neither. It is sealed, since a roster shows identity numbers, and thrown away after some days."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7
from lms.kit.imports.rules import ImportState


class ImportRun(Base):
    """One file. `counts`, `details` and `findings` are what the preview shows, `decisions` what a person chose there, `result` what
    applying did. `details` holds what only its kind understands (who leaves, whom a row may mean, which columns are what)."""

    __tablename__ = "import_run"
    __table_args__ = (
        CheckConstraint("(job_id IS NULL) = (confirmed_at IS NULL)", name="confirmed"),
        CheckConstraint("state <> 'done' OR finished_at IS NOT NULL", name="done"),
        CheckConstraint("state <> 'undone' OR undone_at IS NOT NULL", name="undone"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    kind: Mapped[str] = mapped_column(index=True)
    file_name: Mapped[str]
    file_size: Mapped[int]
    file_sha256: Mapped[str]
    options: Mapped[dict[str, Any]]
    state: Mapped[str] = mapped_column(default=ImportState.CHECKED)
    counts: Mapped[dict[str, Any]]
    rows: Mapped[int]
    faulty_rows: Mapped[int]
    remarked_rows: Mapped[int]
    findings: Mapped[list[Any]]
    fingerprint: Mapped[str]
    created_by: Mapped[UUID | None] = mapped_column(index=True)
    created_by_name: Mapped[str]
    created_at: Mapped[datetime]
    skip_faulty: Mapped[bool] = mapped_column(default=False)
    confirmed_by: Mapped[UUID | None]
    confirmed_by_name: Mapped[str | None]
    confirmed_at: Mapped[datetime | None]
    job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"), index=True)
    finished_at: Mapped[datetime | None]
    result: Mapped[dict[str, Any] | None]
    error: Mapped[dict[str, Any] | None]
    details: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    decisions: Mapped[dict[str, Any]] = mapped_column(server_default="{}")
    undo_job_id: Mapped[UUID | None] = mapped_column(ForeignKey("job.id"))
    undo_by: Mapped[UUID | None]
    undo_by_name: Mapped[str | None]
    undo_asked_at: Mapped[datetime | None]
    undone_at: Mapped[datetime | None]
    undo_result: Mapped[dict[str, Any] | None]
    undo_error: Mapped[dict[str, Any] | None]


class ImportFile(Base):
    """The uploaded bytes, sealed; read only to apply the import and to make the error file."""

    __tablename__ = "import_file"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    sealed: Mapped[bytes] = mapped_column(LargeBinary)
