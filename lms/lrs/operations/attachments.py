"""Keeping and dropping the contents that come with statements."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.lrs.contents import Contents
from lms.lrs.models import Content, ContentPiece, StatementContent
from lms.lrs.queries import chunks

_PIECES = cast(Table, ContentPiece.__table__)
_BROUGHT = cast(Table, StatementContent.__table__)


def keep_contents(session: Session, brought: Mapping[UUID, Collection[bytes]], contents: Contents, at: datetime) -> None:
    """Keep what came with newly stored statements: by position of the statement the hashes of its contents, each of which `contents`
    holds. A content that is kept already is not stored again. One transaction with the statements, so that neither is there alone.
    """
    for sha2 in sorted({sha2 for hashes in brought.values() for sha2 in hashes}):  # in one order, or two writers could wait for each other
        if _is_new(session, sha2, contents.length(sha2), at):
            for number, data in enumerate(contents.pieces(sha2)):
                session.execute(insert(_PIECES).values(sha2=sha2, number=number, data=data))
    rows = [{"position": position, "sha2": sha2} for position, hashes in brought.items() for sha2 in set(hashes)]
    if rows:
        session.execute(insert(_BROUGHT), rows)


def drop_contents(session: Session, positions: Collection[UUID]) -> int:
    """Let the statements at these positions be without what came with them; returns how many contents nobody needs any more and are gone.

    To be called wherever statements are deleted for good (retention), and where a person is forgotten, for what they attached, and the
    text somebody signed, names them as the statement did. The statements themselves keep saying what had been attached.
    """
    orphaned: set[bytes] = set()
    for part in chunks(positions):
        gone = delete(StatementContent).where(StatementContent.position.in_(part)).returning(StatementContent.sha2)
        orphaned |= set(session.scalars(gone.execution_options(synchronize_session=False)))
    dropped = 0
    for some in chunks(sorted(orphaned)):
        dropped += _drop_unused(session, some)
    return dropped


def _is_new(session: Session, sha2: bytes, length: int, at: datetime) -> bool:
    row: dict[str, Any] = {"sha2": sha2, "length": length, "stored": at}
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    return session.execute(kind.insert(Content).values(row).on_conflict_do_nothing().returning(Content.sha2)).first() is not None


def _drop_unused(session: Session, hashes: Collection[bytes]) -> int:
    """Rows are locked first: one that another writer has just begun to refer to is passed over and lives on."""
    idle = select(Content.sha2).where(Content.sha2.in_(hashes)).order_by(Content.sha2).with_for_update(skip_locked=True)
    locked = session.scalars(idle).all()
    needed = select(StatementContent.sha2).where(StatementContent.sha2 == Content.sha2).exists()
    gone = delete(Content).where(Content.sha2.in_(locked), ~needed).returning(Content.sha2)
    return len(session.scalars(gone.execution_options(synchronize_session=False)).all())
