"""What the record store keeps.

Prepared for growth on PostgreSQL, without changing a query: `position` begins with the milliseconds of `stored`, so both
`xapi_statement` and `xapi_term` can be partitioned by ranges of it (one month is one range), partitions be added ahead of time and
detached for archive, and every query that is bounded in time reads only its partitions. Then a unique constraint must contain the
partition key; uniqueness of `id` moves into a narrow table (id → position) beside them. There is no foreign key from a term to its
statement for the same reason, and because both are written by one function alone, `operations.store_statements`.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class Statement(Base):
    """`body` is the text exactly as received. `head` and `rebuilt`: see `rules.rendering`."""

    __tablename__ = "xapi_statement"
    __table_args__ = (Index("ix_xapi_statement_authority", "authority", "position"),)

    position: Mapped[UUID] = mapped_column(primary_key=True)  # the order of the store, see rules.positions
    id: Mapped[UUID] = mapped_column(unique=True)
    stored: Mapped[datetime]
    timestamp: Mapped[datetime]
    actor: Mapped[UUID | None]  # its term; none for an anonymous group
    verb: Mapped[str]
    activity: Mapped[str | None]  # the object, where it is one
    registration: Mapped[UUID | None]
    target_id: Mapped[UUID | None] = mapped_column(index=True)  # the statement that is the object, stored here or not
    is_voider: Mapped[bool]
    voided: Mapped[bool]
    authority: Mapped[UUID]  # its term
    version: Mapped[str]
    body: Mapped[str]
    head: Mapped[str]
    rebuilt: Mapped[str | None]


class StatementTerm(Base):
    """A statement is found by its terms (`rules.terms`), its own and those of the statement it refers to."""

    __tablename__ = "xapi_term"
    __table_args__ = (Index("ix_xapi_term_position", "position"), {"sqlite_with_rowid": False})

    term: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[UUID] = mapped_column(primary_key=True)


class Credential(Base):
    """A key to the store. The secret is shown once, when it is made."""

    __tablename__ = "xapi_credential"

    key: Mapped[str] = mapped_column(primary_key=True)
    secret_hash: Mapped[bytes]
    label: Mapped[str]
    scopes: Mapped[list[Any]]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]
    revoked_at: Mapped[datetime | None]
    last_used_at: Mapped[datetime | None]  # to the hour: one write per request would be too many
