"""Finding items in the bank: one statement a page, whatever it is filtered by."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from sqlalchemy import ColumnElement, Select, exists, func, or_, select, tuple_
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person
from lms.agencies.models import FOREVER
from lms.kit.vietnamese import fold
from quizzes.models import Item, ItemTag, ItemVersion
from quizzes.rules.bank import EXPIRES_SOON, IN_WORK, LIVE, ItemState

SOON, PAST = "soon", "past"
MOST_VERSIONS = 1_000_000


@dataclass(frozen=True, slots=True)
class BankFilter:
    """What is looked for; an empty value asks for nothing. `topic` may be a course (`CB1`), with all its topics. `owner` finds nothing
    of versions in work but to `viewer`: who reviews must not learn whose they are. `expiring`: `soon` or `past`, of approved ones."""

    words: str = ""
    topic: str = ""
    level: str = ""
    kind: str = ""
    state: str = ""
    tag: str = ""
    purpose: str = ""
    owner: UUID | None = None
    expiring: str = ""
    viewer: UUID | None = None


@dataclass(frozen=True, slots=True)
class BankRow:
    """A version in the list. `owner` is None where the one who looks must not know it, too. `mine`: written or owned by who looks."""

    item_id: UUID
    code: str
    number: int
    kind: str
    topic: str
    level: str
    stem: str
    state: str
    valid_to: date
    purpose: str
    owner: str | None
    mine: bool


def bank_rows(session: Session, wanted: BankFilter, today: date, *, after: tuple[str, int] | None = None, limit: int = 50) -> list[BankRow]:
    """Versions in the order of their codes, beginning behind `after` (code, number): those that live, and of an item that has none
    the last that was retired."""
    authored = ItemVersion.author_id == wanted.viewer
    owned = Item.owner_id == wanted.viewer
    statement = (
        _found(wanted, today)
        .add_columns(
            Item.id,
            Item.code,
            ItemVersion.number,
            ItemVersion.kind,
            ItemVersion.topic,
            ItemVersion.level,
            ItemVersion.stem,
            ItemVersion.state,
            ItemVersion.valid_to,
            Item.purpose,
            Person.full_name,
            func.coalesce(authored | owned, False).label("mine"),
            _has_work().label("in_work"),
        )
        .outerjoin(Person, Person.id == Item.owner_id)
        .order_by(Item.code, ItemVersion.number)
        .limit(limit)
    )
    if after is not None:
        statement = statement.where(tuple_(Item.code, ItemVersion.number) > after)
    return [
        BankRow(
            item_id=row.id,
            code=row.code,
            number=row.number,
            kind=row.kind,
            topic=row.topic,
            level=row.level,
            stem=row.stem,
            state=row.state,
            valid_to=row.valid_to,
            purpose=row.purpose,
            owner=row.full_name if row.mine or not row.in_work else None,
            mine=bool(row.mine),
        )
        for row in session.execute(statement)
    ]


def found_items(session: Session, wanted: BankFilter, today: date, limit: int) -> list[str]:
    """The codes of all items a filter finds, at most `limit`."""
    statement = _found(wanted, today).add_columns(Item.code).distinct().order_by(Item.code).limit(limit)
    return list(session.scalars(statement))


def tags_in_use(session: Session) -> list[tuple[str, int]]:
    """Every tag with how many items carry it, in alphabetical order."""
    rows = session.execute(select(ItemTag.tag, func.count()).group_by(ItemTag.tag).order_by(ItemTag.tag))
    return [(tag, count) for tag, count in rows]


def owners(session: Session) -> list[tuple[UUID, str]]:
    """Who owns items, by name."""
    rows = session.execute(
        select(Person.id, Person.full_name).where(Person.id.in_(select(Item.owner_id).distinct())).order_by(Person.sort_key, Person.id)
    )
    return [(person, name) for person, name in rows]


def topics_in_use(session: Session) -> list[str]:
    """Topics of versions that live."""
    return list(session.scalars(select(ItemVersion.topic).where(ItemVersion.state.in_(LIVE)).distinct().order_by(ItemVersion.topic)))


def _found(wanted: BankFilter, today: date) -> Select[()]:
    statement: Select[()] = select().select_from(ItemVersion).join(Item, Item.id == ItemVersion.item_id).where(_shown(wanted.state))
    for word in fold(wanted.words).split()[:12]:
        statement = statement.where(ItemVersion.search_text.contains(word, autoescape=True))
    if wanted.topic:
        below = ItemVersion.topic.startswith(wanted.topic + ".", autoescape=True)
        statement = statement.where(or_(ItemVersion.topic == wanted.topic, below))
    for column, value in ((ItemVersion.level, wanted.level), (ItemVersion.kind, wanted.kind), (Item.purpose, wanted.purpose)):
        if value:
            statement = statement.where(column == value)
    if wanted.tag:
        statement = statement.where(exists().where(ItemTag.item_id == Item.id, ItemTag.tag == wanted.tag))
    if wanted.owner is not None:
        statement = statement.where(Item.owner_id == wanted.owner)
        if wanted.owner != wanted.viewer:
            statement = statement.where(~_has_work())
    return _expiring(statement, wanted.expiring, today)


def _expiring(statement: Select[()], which: str, today: date) -> Select[()]:
    if which == SOON:
        last = today + timedelta(days=EXPIRES_SOON)
        return statement.where(ItemVersion.state == ItemState.APPROVED, ItemVersion.valid_to > today, ItemVersion.valid_to <= last)
    if which == PAST:
        return statement.where(ItemVersion.state == ItemState.APPROVED, ItemVersion.valid_to <= today, ItemVersion.valid_to < FOREVER)
    return statement


def _shown(state: str) -> ColumnElement[bool]:
    if state and state != ItemState.RETIRED:
        return ItemVersion.state == state
    other = aliased(ItemVersion)
    lives = exists().where(other.item_id == ItemVersion.item_id, other.state.in_(LIVE))
    later = exists().where(other.item_id == ItemVersion.item_id, other.number > ItemVersion.number)
    retired = (ItemVersion.state == ItemState.RETIRED) & ~lives & ~later
    return retired if state else ItemVersion.state.in_(LIVE)


def _has_work() -> ColumnElement[bool]:
    """Has the item of the row a version whose author must not be known?"""
    work = aliased(ItemVersion)
    return exists().where(work.item_id == Item.id, work.state.in_(IN_WORK)).correlate(Item)


def as_after(text: str) -> tuple[str, int] | None:
    """The place a page begins behind, from its address: `CB1-1-001~2`; a code alone means all its versions."""
    code, sign, number = text.rpartition("~")
    if not sign:
        return (text, MOST_VERSIONS) if text else None
    return (code, int(number)) if number.isdecimal() and int(number) <= MOST_VERSIONS else None


def place_of(rows: Sequence[BankRow]) -> str:
    return f"{rows[-1].code}~{rows[-1].number}"
