"""Reading the question bank."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from lms.kit.vietnamese import fold
from quizzes.models import FormSlot, Item, ItemVersion
from quizzes.rules.bank import LEVELS, ItemState


@dataclass(frozen=True, slots=True)
class ItemRow:
    """A line of the bank's list."""

    code: str
    kind: str
    topic: str
    level: str
    stem: str
    number: int
    valid_to: date


@dataclass(frozen=True, slots=True)
class ItemPage:
    """An item as its authors see it: with key and explanations."""

    code: str
    number: int
    kind: str
    topic: str
    level: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    explanation: str
    whys: dict[str, str]
    legal_basis: str | None
    valid_from: date
    valid_to: date
    competency: str | None
    course: str | None
    lesson: str | None
    forms_used_in: int


def latest_versions(session: Session, codes: Sequence[str]) -> dict[str, tuple[UUID, int, str]]:
    """The approved version of each known code: item id, number, content hash."""
    rows = session.execute(
        select(Item.code, Item.id, ItemVersion.number, ItemVersion.content_hash)
        .join(ItemVersion, (ItemVersion.item_id == Item.id) & (ItemVersion.state == ItemState.APPROVED))
        .where(Item.code.in_(codes))
    )
    return {code: (item_id, number, content_hash) for code, item_id, number, content_hash in rows}


def usable_items(session: Session, first_day: date, last_day: date) -> dict[tuple[str, str], list[UUID]]:
    """Approved versions that hold on every day from the first to the last, by topic and level."""
    rows = session.execute(
        select(ItemVersion.topic, ItemVersion.level, ItemVersion.id)
        .where(ItemVersion.state == ItemState.APPROVED, ItemVersion.valid_from <= first_day, ItemVersion.valid_to > last_day)
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


def find_items(session: Session, *, topic: str = "", level: str = "", words: str = "", after: str = "", limit: int = 50) -> list[ItemRow]:
    """Approved items in the order of their codes, beginning behind the code `after`; words are sought without diacritics."""
    statement = (
        select(
            Item.code,
            ItemVersion.kind,
            ItemVersion.topic,
            ItemVersion.level,
            ItemVersion.stem,
            ItemVersion.number,
            ItemVersion.valid_to,
        )
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(ItemVersion.state == ItemState.APPROVED, Item.code > after)
        .order_by(Item.code)
        .limit(limit)
    )
    if topic:
        statement = statement.where(ItemVersion.topic == topic)
    if level in LEVELS:
        statement = statement.where(ItemVersion.level == level)
    for word in fold(words).split():
        statement = statement.where(ItemVersion.search_text.contains(word, autoescape=True))
    return [ItemRow(*row) for row in session.execute(statement)]


def item_page(session: Session, code: str) -> ItemPage:
    """Raises NotFound."""
    used = select(func.count()).where(FormSlot.item_version_id == ItemVersion.id).scalar_subquery()
    row = session.execute(
        select(
            Item.code,
            ItemVersion.number,
            ItemVersion.kind,
            ItemVersion.topic,
            ItemVersion.level,
            ItemVersion.stem,
            ItemVersion.body,
            ItemVersion.key,
            ItemVersion.explanation,
            ItemVersion.whys,
            ItemVersion.legal_basis,
            ItemVersion.valid_from,
            ItemVersion.valid_to,
            ItemVersion.competency,
            ItemVersion.course,
            ItemVersion.lesson,
            used,
        )
        .join(ItemVersion, ItemVersion.item_id == Item.id)
        .where(Item.code == code, ItemVersion.state == ItemState.APPROVED)
    ).one_or_none()
    if row is None:
        raise NotFound
    return ItemPage(*row)
