"""Statements, and the narrow tables through which they are found.

On PostgreSQL statements are partitioned by ranges of `position`, which begins with the milliseconds of `stored`: a month is a range
(`rules.partitions`). A table made from this model has one partition for all time; the worker cuts months off it ahead of time
(`operations.partitions`).
"""

from __future__ import annotations

from datetime import datetime
from typing import cast
from uuid import UUID

from sqlalchemy import DDL, Index, Table, event
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class Statement(Base):
    """`body` is the text exactly as received. `head` and `rebuilt`: see `rules.rendering`."""

    __tablename__ = "xapi_statement"
    __table_args__ = ({"postgresql_partition_by": "RANGE (position)"},)

    position: Mapped[UUID] = mapped_column(primary_key=True)  # the order of the store, see rules.positions
    id: Mapped[UUID]  # unique in StatementId
    stored: Mapped[datetime]
    timestamp: Mapped[datetime]
    actor: Mapped[UUID | None]  # its term; none for an anonymous group
    verb: Mapped[str]
    activity: Mapped[str | None]  # the object, where it is one
    registration: Mapped[UUID | None]
    target_id: Mapped[UUID | None]  # the statement that is the object, stored here or not
    is_voider: Mapped[bool]
    voided: Mapped[bool]
    authority: Mapped[UUID]  # its term
    version: Mapped[str]
    body: Mapped[str]
    head: Mapped[str]
    rebuilt: Mapped[str | None]


class StatementTerm(Base):
    """A statement is found by its terms (`rules.terms`), its own and those of the statement it refers to.

    One table for all months: what is rare lies in one place of its one index, while in partitions it would be looked for in each. There is
    no other index: what a statement's own terms are, its text says.
    """

    __tablename__ = "xapi_term"
    __table_args__ = ({"sqlite_with_rowid": False},)

    term: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[UUID] = mapped_column(primary_key=True)


class StatementId(Base):
    """An id there is, or was in a partition that is detached now, where the statement stands, and to which other one it refers."""

    __tablename__ = "xapi_statement_id"
    __table_args__ = (Index("ix_xapi_statement_id_target_id", "target_id"), {"sqlite_with_rowid": False})

    id: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[UUID]
    target_id: Mapped[UUID | None]


_statements = cast(Table, Statement.__table__)
_all_time = DDL(  # type: ignore[no-untyped-call]  # the library has no types for it
    f"CREATE TABLE {_statements.name}_later PARTITION OF {_statements.name} FOR VALUES FROM (MINVALUE) TO (MAXVALUE)"
)
event.listen(_statements, "after_create", _all_time.execute_if(dialect="postgresql"))
