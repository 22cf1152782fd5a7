"""What was counted about tests, their forms and items. Nothing here names a person."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, cast, func, select
from sqlalchemy.orm import Session

from quizzes.models import Form, FormStatistic, Item, ItemStatistic, ItemVersion, Round, RoundStatistic
from quizzes.rules.rounds import RoundState
from quizzes.rules.statistics import ENOUGH, FLAG_NAMES, Flag, FormFigures


@dataclass(frozen=True, slots=True)
class RoundSummary:
    """A test in the list of tests with statistics; not counted yet: None."""

    code: str
    title: str
    quarter: str
    state: str
    sittings: int | None
    flagged: int | None
    counted_at: datetime | None


def counted_rounds(session: Session) -> list[RoundSummary]:
    """All tests that were opened, the newest first."""
    rows = session.execute(
        select(
            Round.code, Round.title, Round.quarter, Round.state, RoundStatistic.sittings, RoundStatistic.flagged, RoundStatistic.counted_at
        )
        .outerjoin(RoundStatistic, RoundStatistic.round_id == Round.id)
        .where(Round.state != RoundState.DRAFT)
        .order_by(Round.quarter.desc(), Round.opens_at.desc(), Round.id)
    )
    return [RoundSummary(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class RoundFigures:
    """A test as a whole. `link`: it beside an earlier one by their shared items (`AnchorLink`, with its `round` and `title`), or empty."""

    sittings: int
    figures: FormFigures | None
    link: dict[str, Any]
    flagged: int
    counted_at: datetime

    @property
    def enough(self) -> bool:
        return self.sittings >= ENOUGH


def round_figures(session: Session, round_id: UUID) -> RoundFigures | None:
    row = session.execute(
        select(
            RoundStatistic.sittings, RoundStatistic.figures, RoundStatistic.link, RoundStatistic.flagged, RoundStatistic.counted_at
        ).where(RoundStatistic.round_id == round_id)
    ).one_or_none()
    if row is None:
        return None
    return RoundFigures(row[0], FormFigures(**row[1]) if row[1] else None, row[2], row[3], row[4])


@dataclass(frozen=True, slots=True)
class ItemFilter:
    """Which items of a test to look at."""

    flag: str = ""
    topic: str = ""
    level: str = ""

    def condition(self, round_id: UUID) -> ColumnElement[bool]:
        parts = [ItemStatistic.round_id == round_id]
        if self.flag == "any":
            parts.append(ItemStatistic.suspicion > 0)
        elif self.flag in FLAG_NAMES:
            parts.append(cast(ItemStatistic.flags, String).contains(f'"{self.flag}"'))
        if self.topic:
            parts.append(ItemVersion.topic == self.topic)
        if self.level:
            parts.append(ItemVersion.level == self.level)
        return and_(*parts)


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item version in one test (`rules.statistics.ItemFigures`)."""

    code: str
    version: int
    kind: str
    topic: str
    level: str
    stem: str
    n: int
    facility: float
    discrimination: float | None
    omitted: int
    median_seconds: int | None
    options: dict[str, list[int]]
    forms: int
    shown: int
    drift: dict[str, Any]
    flags: list[str]

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH


_ROW = (
    Item.code,
    ItemVersion.number,
    ItemVersion.kind,
    ItemVersion.topic,
    ItemVersion.level,
    ItemVersion.stem,
    *(getattr(ItemStatistic, name) for name in list(ItemRow.__dataclass_fields__)[6:]),
)


def item_rows(session: Session, round_id: UUID, wanted: ItemFilter, *, skip: int = 0, limit: int | None = 50) -> list[ItemRow]:
    """The items of a test, the most suspicious first; among equals the one that tells people apart least."""
    statement = (
        select(*_ROW)
        .join(ItemVersion, ItemVersion.id == ItemStatistic.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(wanted.condition(round_id))
        .order_by(ItemStatistic.suspicion.desc(), func.coalesce(ItemStatistic.discrimination, 1.0), ItemStatistic.facility, Item.code)
        .offset(skip)
    )
    return [ItemRow(*row) for row in session.execute(statement if limit is None else statement.limit(limit))]


def count_items(session: Session, round_id: UUID, wanted: ItemFilter) -> int:
    statement = (
        select(func.count())
        .select_from(ItemStatistic)
        .join(ItemVersion, ItemVersion.id == ItemStatistic.item_version_id)
        .where(wanted.condition(round_id))
    )
    return session.scalar(statement) or 0


def topics_of(session: Session, round_id: UUID) -> list[str]:
    rows = session.scalars(
        select(ItemVersion.topic)
        .join(ItemStatistic, ItemStatistic.item_version_id == ItemVersion.id)
        .where(ItemStatistic.round_id == round_id)
        .distinct()
    )
    return sorted(rows)


def scatter_of(session: Session, round_id: UUID) -> list[tuple[float, float, bool]]:
    """Facility, discrimination and whether something is wrong, of the items enough people had; ones that lie on each other once."""
    rows = session.execute(
        select(ItemStatistic.facility, ItemStatistic.discrimination, ItemStatistic.suspicion).where(
            ItemStatistic.round_id == round_id, ItemStatistic.n >= ENOUGH, ItemStatistic.discrimination.is_not(None)
        )
    )
    return sorted({(round(50 * p) / 50, round(50 * r) / 50, grave > 1) for p, r, grave in rows if r is not None})


@dataclass(frozen=True, slots=True)
class FormRow:
    """A form with its figures."""

    number: int
    n: int
    figures: FormFigures

    @property
    def enough(self) -> bool:
        return self.n >= ENOUGH


def form_rows(session: Session, round_id: UUID) -> list[FormRow]:
    rows = session.execute(
        select(Form.number, FormStatistic.n, FormStatistic.figures)
        .join(Form, Form.id == FormStatistic.form_id)
        .where(FormStatistic.round_id == round_id)
        .order_by(Form.number)
    )
    return [FormRow(number, n, FormFigures(**figures)) for number, n, figures in rows]


@dataclass(frozen=True, slots=True)
class ItemInTest:
    """An item version in one of the tests that had it, for the item's own page."""

    round_code: str
    title: str
    quarter: str
    row: ItemRow
    flags: list[Flag]


def item_history(session: Session, item_id: UUID, versions: Sequence[int] = ()) -> list[ItemInTest]:
    """An item's figures in every test that was counted, the newest first; only of these versions, if any are named. One statement."""
    statement = (
        select(Round.code, Round.title, Round.quarter, *_ROW)
        .select_from(ItemStatistic)
        .join(ItemVersion, ItemVersion.id == ItemStatistic.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .join(Round, Round.id == ItemStatistic.round_id)
        .where(ItemVersion.item_id == item_id)
        .order_by(Round.quarter.desc(), Round.opens_at.desc(), ItemVersion.number.desc())
    )
    if versions:
        statement = statement.where(ItemVersion.number.in_(versions))
    found = []
    for code, title, quarter, *values in session.execute(statement):
        row = ItemRow(*values)
        found.append(ItemInTest(code, title, quarter, row, [Flag(flag) for flag in row.flags]))
    return found
