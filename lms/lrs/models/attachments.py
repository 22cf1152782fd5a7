"""The files that came with statements: each content once, addressed by its hash, and which statement brought it.

A content is kept in pieces, so that neither storing nor giving back a large file needs it whole in memory. Nothing is found by its
hash alone: who may read a statement may read what came with that statement, and a hash somebody merely wrote down opens nothing.
"""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class Content(Base):
    """`sha2` is the hash as bytes: 28, 32, 48 or 64 of them, for SHA-224, -256, -384 or -512."""

    __tablename__ = "xapi_content"

    sha2: Mapped[bytes] = mapped_column(primary_key=True)
    length: Mapped[int]
    stored: Mapped[datetime]


class ContentPiece(Base):
    """A piece of a content; `number` counts from 0."""

    __tablename__ = "xapi_content_piece"

    sha2: Mapped[bytes] = mapped_column(ForeignKey(Content.sha2, ondelete="CASCADE"), primary_key=True)
    number: Mapped[int] = mapped_column(primary_key=True)
    data: Mapped[bytes]


class StatementContent(Base):
    """The statement at this position came with this content. No foreign key to the statement, for the reason its terms have none; the
    one to the content keeps a content from being dropped while somebody stores a statement that brings it again."""

    __tablename__ = "xapi_statement_content"
    __table_args__ = (Index("ix_xapi_statement_content_sha2", "sha2"), {"sqlite_with_rowid": False})

    position: Mapped[UUID] = mapped_column(primary_key=True)
    sha2: Mapped[bytes] = mapped_column(ForeignKey(Content.sha2), primary_key=True)
