"""Statements, and the terms under which they are found."""

from __future__ import annotations

from datetime import datetime
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
