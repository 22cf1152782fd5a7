"""Reading what people reported about items. Who reported is never told to those who answer."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from quizzes.models import Attempt, FormSlot, Item, ItemReport, ItemVersion


@dataclass(frozen=True, slots=True)
class ReportedItem:
    """An item version with what waits about it."""

    version_id: UUID
    code: str
    number: int
    stem: str
    reports: int
    last_at: datetime


def reported_items(session: Session, *, waiting: bool = True, limit: int = 200) -> list[ReportedItem]:
    """Items with reports that wait (or that are answered), those most people reported first."""
    count = func.count(ItemReport.id)
    rows = session.execute(
        select(ItemVersion.id, Item.code, ItemVersion.number, ItemVersion.stem, count, func.max(ItemReport.filed_at))
        .join(ItemVersion, ItemVersion.id == ItemReport.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(ItemReport.state == ("open" if waiting else "answered"))
        .group_by(ItemVersion.id, Item.code, ItemVersion.number, ItemVersion.stem)
        .order_by(count.desc(), Item.code)
        .limit(limit)
    )
    return [ReportedItem(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Report:
    """One report. `state`: open or answered."""

    id: UUID
    kind: str
    text: str
    state: str
    filed_at: datetime
    answer: str | None
    answered_at: datetime | None


@dataclass(frozen=True, slots=True)
class ReportsOfItem:
    """All reports about one item version, newest first."""

    version_id: UUID
    code: str
    number: int
    kind: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    reports: list[Report]

    @property
    def waiting(self) -> int:
        return sum(report.state == "open" for report in self.reports)

    def by_kind(self) -> Counter[str]:
        return Counter(report.kind for report in self.reports if report.state == "open")


_REPORT = [getattr(ItemReport, name) for name in Report.__dataclass_fields__]


def reports_of_item(session: Session, version_id: UUID, limit: int = 200) -> ReportsOfItem:
    """Raises NotFound where nobody reported anything."""
    head: Any = session.execute(
        select(ItemVersion.id, Item.code, ItemVersion.number, ItemVersion.kind, ItemVersion.stem, ItemVersion.body, ItemVersion.key)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(ItemVersion.id == version_id)
    ).one_or_none()
    query = select(*_REPORT).where(ItemReport.item_version_id == version_id).order_by(ItemReport.state.desc(), ItemReport.id.desc())
    reports = [Report(*row) for row in session.execute(query.limit(limit))]
    if head is None or not reports:
        raise NotFound
    values: list[Any] = [*head, reports]
    return ReportsOfItem(*values)


def count_waiting(session: Session) -> int:
    """Items somebody has reported and nobody has answered for."""
    return session.scalar(select(func.count(ItemReport.item_version_id.distinct())).where(ItemReport.state == "open")) or 0


def reports_of_attempt(session: Session, attempt_id: UUID) -> dict[int, Report]:
    """One's own reports of a sitting, by slot."""
    rows = session.execute(select(ItemReport.slot, *_REPORT).where(ItemReport.attempt_id == attempt_id))
    return {slot: Report(*values) for slot, *values in rows}


@dataclass(frozen=True, slots=True)
class Reportable:
    """A question of a person's own paper."""

    attempt_id: UUID
    slot: int
    version_id: UUID
    stem: str
    seed: int
    form_id: UUID
    state: str


def reportable(session: Session, attempt_id: UUID, person_id: UUID | None, slot: int) -> Reportable:
    """Raises NotFound for another's attempt, and for a slot the paper does not have."""
    row = session.execute(
        select(Attempt.id, FormSlot.slot, ItemVersion.id, ItemVersion.stem, Attempt.seed, Attempt.form_id, Attempt.state)
        .join(FormSlot, FormSlot.form_id == Attempt.form_id)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(Attempt.id == attempt_id, Attempt.person_id == person_id, FormSlot.slot == slot)
    ).one_or_none()
    if row is None:
        raise NotFound
    return Reportable(*row)
