"""The contents that came with statements."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.lrs.models import Content, ContentPiece, StatementContent


@dataclass(frozen=True, slots=True)
class BroughtContent:
    """A content and the statement that came with it."""

    position: UUID
    sha2: bytes
    length: int


def contents_at(session: Session, positions: Collection[UUID]) -> list[BroughtContent]:
    """What came with the statements at these positions (not more than fit into one list: a page, a batch)."""
    found = (
        select(StatementContent.position, StatementContent.sha2, Content.length)
        .join(Content, Content.sha2 == StatementContent.sha2)
        .where(StatementContent.position.in_(positions))
    )
    return [BroughtContent(*row) for row in session.execute(found)]


def content_piece(session: Session, sha2: bytes, number: int) -> bytes | None:
    """One piece of a content; they are counted from 0 and make up its length. None behind the last.

    Who asks must have found the hash by `contents_at` beside a statement that may be read: the hash alone entitles nobody.
    """
    return session.scalars(select(ContentPiece.data).where(ContentPiece.sha2 == sha2, ContentPiece.number == number)).one_or_none()
