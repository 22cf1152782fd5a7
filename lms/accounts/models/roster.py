"""What importing rosters leaves behind: what each batch changed, and which columns an agency's files have."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class RosterBatch(Base):
    """What one batch of an import changed, as it was before and after, so that it can be put back exactly and shown: sealed, since it
    names people and numbers; thrown away with the file. The counts stay."""

    __tablename__ = "roster_batch"

    run_id: Mapped[UUID] = mapped_column(ForeignKey("import_run.id", ondelete="CASCADE"), primary_key=True)
    ordinal: Mapped[int] = mapped_column(primary_key=True)
    at: Mapped[datetime]
    counts: Mapped[dict[str, Any]]
    sealed: Mapped[bytes | None] = mapped_column(LargeBinary)


class RosterColumns(Base):
    """Which column is what in the files an agency sends, as a person corrected it: label as it compares → field ("": not read)."""

    __tablename__ = "roster_columns"

    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"), primary_key=True)
    fields: Mapped[dict[str, Any]]
    changed_at: Mapped[datetime]
