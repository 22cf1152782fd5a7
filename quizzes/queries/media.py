"""Reading pictures: only for those who may see an item that has them."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from quizzes.kinds.pictures import SHA256
from quizzes.models import Attempt, FormSlot, ItemVersion, Picture


@dataclass(frozen=True, slots=True)
class Shown:
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Size:
    width: int
    height: int


def picture(session: Session, sha256: str) -> Shown:
    """Any picture, for those who may see every item. Raises NotFound."""
    row = session.execute(select(Picture.media_type, Picture.content).where(Picture.sha256 == sha256)).one_or_none()
    if row is None:
        raise NotFound
    return Shown(*row)


def picture_of_paper(session: Session, sha256: str, person_id: UUID | None) -> Shown:
    """A picture of a paper this person has been given. Raises NotFound for any other, whether there is such a one or not."""
    given = (
        select(ItemVersion.id)
        .join(FormSlot, FormSlot.item_version_id == ItemVersion.id)
        .join(Attempt, Attempt.form_id == FormSlot.form_id)
        .where(Attempt.person_id == person_id, ItemVersion.body["picture"]["sha256"].as_string() == sha256)
        .limit(1)
    )
    if session.execute(given).one_or_none() is None:
        raise NotFound
    return picture(session, sha256)


def picture_sizes(session: Session, hashes: Collection[str]) -> dict[str, Size]:
    """Width and height of those that are in the store; what is no hash is in no store."""
    wanted = [sha256 for sha256 in hashes if SHA256.fullmatch(sha256)]
    if not wanted:
        return {}
    rows = session.execute(select(Picture.sha256, Picture.width, Picture.height).where(Picture.sha256.in_(wanted)))
    return {sha256: Size(width, height) for sha256, width, height in rows}


def picture_contents(session: Session, hashes: Collection[str]) -> dict[str, bytes]:
    """The bytes of those that are in the store, for an export of items that show them."""
    wanted = sorted(hashes)
    found: dict[str, bytes] = {}
    for start in range(0, len(wanted), 200):
        some = wanted[start : start + 200]
        found.update(
            (row.sha256, row.content) for row in session.execute(select(Picture.sha256, Picture.content).where(Picture.sha256.in_(some)))
        )
    return found
