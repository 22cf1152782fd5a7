"""The chain over the audit's entries, and where its forgotten beginning ended.

The database refuses UPDATE on all three tables, and DELETE of entries and links that no checkpoint covers (migration of the append-only
audit; the triggers belong to no model).
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Integer
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base

_Sequence = BigInteger().with_variant(Integer, "sqlite")


class AuditLink(Base):
    """A sealed entry: `hash` is SHA-256 over the hash before it and the entry. No foreign key: entries are written where links are not
    known, and the chain must be able to show that an entry is missing."""

    __tablename__ = "audit_link"

    sequence: Mapped[int] = mapped_column(_Sequence, primary_key=True, autoincrement=False)
    entry_id: Mapped[UUID] = mapped_column(unique=True)
    hash: Mapped[str]


class AuditCheckpoint(Base):
    """All up to `sequence` may be gone: kept long enough. The chain goes on from `hash`, the hash of the last forgotten link."""

    __tablename__ = "audit_checkpoint"

    sequence: Mapped[int] = mapped_column(_Sequence, primary_key=True, autoincrement=False)
    hash: Mapped[str]
    entries: Mapped[int]
    before: Mapped[datetime]
    recorded_at: Mapped[datetime]
