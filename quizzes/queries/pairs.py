"""Pairs of items of which somebody said what they are to each other."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import or_, select
from sqlalchemy.orm import Session

from quizzes.models import Item, ItemPair

ENEMY, DISTINCT = "enemy", "distinct"


@dataclass(frozen=True, slots=True)
class PairedItem:
    """The other item of a pair."""

    item_id: UUID
    code: str
    relation: str
    reason: str | None


def enemy_pairs(session: Session) -> list[tuple[UUID, UUID]]:
    """Items (not versions) that never stand in one paper, each pair once."""
    rows = session.execute(select(ItemPair.item_id, ItemPair.other_id).where(ItemPair.relation == ENEMY))
    return [(one, other) for one, other in rows]


def pairs_of(session: Session, item_id: UUID) -> list[PairedItem]:
    """What was said about an item and others, by their codes."""
    rows = session.execute(
        select(Item.id, Item.code, ItemPair.relation, ItemPair.reason)
        .join(Item, or_(Item.id == ItemPair.item_id, Item.id == ItemPair.other_id))
        .where(or_(ItemPair.item_id == item_id, ItemPair.other_id == item_id), Item.id != item_id)
        .order_by(Item.code)
    )
    return [PairedItem(*row) for row in rows]
