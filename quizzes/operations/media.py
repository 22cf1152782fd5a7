"""Taking pictures into the store."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from quizzes.models import ItemVersion, Picture
from quizzes.rules.pictures import Prepared, prepared


def store_picture(session: Session, content: bytes, at: datetime) -> Prepared:
    """Write a picture anew and keep it; the same picture twice is kept once. Gives its hash, its size as stored and the scale by which
    coordinates measured on the file that came in must be multiplied.

    Raises DomainError `bad_picture` for what is too large, too many pixels or no picture at all.
    """
    return keep_picture(session, prepared(content), at)


def keep_picture(session: Session, picture: Prepared, at: datetime) -> Prepared:
    """Keep one that has been written anew already, as a trial run of an import does before anything is stored."""
    if session.scalar(select(Picture.sha256).where(Picture.sha256 == picture.sha256)) is None:
        values = {name: getattr(picture, name) for name in ("sha256", "media_type", "content", "width", "height")}
        insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
        session.execute(insert(Picture).values(**values, stored_at=at).on_conflict_do_nothing())
    return picture


def drop_unused_pictures(session: Session, before: datetime) -> int:
    """Throw away pictures that came in before a moment and are in no version of any item: uploads that were never saved."""
    sha256 = ItemVersion.body["picture"]["sha256"].as_string()
    used = select(sha256).where(sha256.is_not(None))
    dropped = session.execute(delete(Picture).where(Picture.stored_at < before, Picture.sha256.not_in(used)).returning(Picture.sha256))
    return len(dropped.all())
