"""Items that will soon hold no longer."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from quizzes.models import Item, ItemVersion
from quizzes.rules.bank import EXPIRES_SOON, ItemState


@dataclass(frozen=True, slots=True)
class ExpiringItem:
    """An approved item whose first day without force, `valid_to`, is near. `owner_id` None: a course's item, nobody's own."""

    owner_id: UUID | None
    code: str
    topic: str
    stem: str
    valid_to: date


def expiring_items(session: Session, today: date, *, owner: UUID | None = None, days: int = EXPIRES_SOON) -> list[ExpiringItem]:
    """What ends within so many days and has not ended yet, soonest first: of one owner, or of everybody."""
    statement = (
        select(Item.owner_id, Item.code, ItemVersion.topic, ItemVersion.stem, ItemVersion.valid_to)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(
            ItemVersion.state == ItemState.APPROVED,
            ItemVersion.valid_to > today,
            ItemVersion.valid_to <= today + timedelta(days=days),
        )
        .order_by(ItemVersion.valid_to, Item.code)
    )
    if owner is not None:
        statement = statement.where(Item.owner_id == owner)
    return [ExpiringItem(*row) for row in session.execute(statement)]
