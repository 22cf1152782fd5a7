"""What is said about items beside their text: tags."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import delete, insert
from sqlalchemy.orm import Session

from quizzes.models import ItemTag
from quizzes.queries.bank import tags_of


def set_tags(session: Session, item_id: UUID, tags: Collection[str]) -> list[str]:
    """Have an item carry exactly these (tidy) tags; those it had before."""
    before = tags_of(session, [item_id]).get(item_id, ())
    if gone := set(before) - set(tags):
        session.execute(delete(ItemTag).where(ItemTag.item_id == item_id, ItemTag.tag.in_(gone)))
    if new := set(tags) - set(before):
        session.execute(insert(ItemTag), [{"item_id": item_id, "tag": tag} for tag in sorted(new)])
    return list(before)


def add_tags(session: Session, wanted: Mapping[UUID, Collection[str]]) -> int:
    """Put (tidy) tags on items beside those they have; how many were new."""
    if not wanted:
        return 0
    had = tags_of(session, wanted.keys())
    new = [{"item_id": item, "tag": tag} for item, tags in wanted.items() for tag in sorted(set(tags) - set(had.get(item, ())))]
    if new:
        session.execute(insert(ItemTag), new)
    return len(new)
