"""Reading the question bank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from quizzes.models import Item, ItemTag, ItemVersion
from quizzes.rules.bank import IN_WORK, ItemPurpose, ItemState


@dataclass(frozen=True, slots=True)
class Known:
    """What an import must know of an item. `hash_now` is of its approved version, else of its last."""

    item_id: UUID
    purpose: str
    last_number: int
    approved_id: UUID | None
    hash_now: str
    in_work_number: int | None
    hash_in_work: str | None


def known_items(session: Session, codes: Sequence[str]) -> dict[str, Known]:
    """The items of these codes."""
    rows = session.execute(
        select(Item.code, Item.id, Item.purpose, ItemVersion.id, ItemVersion.number, ItemVersion.state, ItemVersion.content_hash)
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(Item.code.in_(codes))
        .order_by(Item.code, ItemVersion.number)
    )
    found: dict[str, Known] = {}
    for code, item_id, purpose, version_id, number, state, content_hash in rows:
        before = found.get(code, Known(item_id, purpose, 0, None, "", None, None))
        approved, in_work = state == ItemState.APPROVED, state in IN_WORK
        found[code] = replace(
            before,
            last_number=number,
            approved_id=version_id if approved else before.approved_id,
            hash_now=content_hash if approved or (before.approved_id is None and not in_work) else before.hash_now,
            in_work_number=number if in_work else before.in_work_number,
            hash_in_work=content_hash if in_work else before.hash_in_work,
        )
    return found


def last_number(session: Session, item_id: UUID) -> int:
    """The highest number of an item's versions."""
    return session.scalar(select(func.max(ItemVersion.number)).where(ItemVersion.item_id == item_id)) or 0


def current_number(session: Session, item_id: UUID) -> int:
    """The number of the version that stands: the approved one, else the last."""
    approved = select(ItemVersion.number).where(ItemVersion.item_id == item_id, ItemVersion.state == ItemState.APPROVED)
    return session.scalar(approved) or last_number(session, item_id)


def next_code(session: Session, topic: str) -> str:
    """A code nobody has for an item of a topic: `CB1-3-Q012`."""
    stem = topic.replace(".", "-") + "-Q"
    taken = session.scalars(select(Item.code).where(Item.code.like(stem.replace("_", "\\_") + "%", escape="\\")))
    numbers = [int(code[len(stem) :]) for code in taken if code[len(stem) :].isdecimal()]
    return f"{stem}{max(numbers, default=0) + 1:03d}"


def tags_of(session: Session, items: Collection[UUID]) -> dict[UUID, tuple[str, ...]]:
    """The tags of items that have any, in alphabetical order."""
    found: dict[UUID, list[str]] = defaultdict(list)
    for item_id, tag in session.execute(select(ItemTag.item_id, ItemTag.tag).where(ItemTag.item_id.in_(items)).order_by(ItemTag.tag)):
        found[item_id].append(tag)
    return {item_id: tuple(tags) for item_id, tags in found.items()}


def usable_items(session: Session, first_day: date, last_day: date, *, counts: bool = True) -> dict[tuple[str, str], list[UUID]]:
    """Approved versions that hold on every day from the first to the last, by topic and level. `counts`: for a test that counts, so
    without what is for practice alone; else without what is for tests alone."""
    barred = ItemPurpose.PRACTICE if counts else ItemPurpose.EXAM
    rows = session.execute(
        select(ItemVersion.topic, ItemVersion.level, ItemVersion.id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(
            ItemVersion.state == ItemState.APPROVED,
            ItemVersion.valid_from <= first_day,
            ItemVersion.valid_to > last_day,
            Item.purpose != barred,
        )
        .order_by(ItemVersion.id)
    )
    bank: dict[tuple[str, str], list[UUID]] = defaultdict(list)
    for topic, level, version_id in rows:
        bank[topic, level].append(version_id)
    return dict(bank)


def bank_counts(session: Session) -> dict[tuple[str, str], int]:
    """How many approved items there are of each topic and level."""
    rows = session.execute(
        select(ItemVersion.topic, ItemVersion.level, func.count())
        .where(ItemVersion.state == ItemState.APPROVED)
        .group_by(ItemVersion.topic, ItemVersion.level)
    )
    return {(topic, level): count for topic, level, count in rows}
