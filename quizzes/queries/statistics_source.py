"""The sittings of a test, read one after the other for its statistics: at no time more than some hundred are in memory."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from quizzes.models import Attempt, Form, FormSlot, ItemStatistic, ItemVersion, Regrade, Response, Round, RoundStatistic
from quizzes.queries.marks import is_standing, standing_score
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.rules.sitting import AttemptState
from quizzes.rules.statistics import Answered, RoundTally, thirds_of

SITTINGS_AT_ONCE = 500


def counted() -> ColumnElement[bool]:
    """Which sittings statistics are made of: everybody's first one, once it is marked. Later ones know the questions."""
    return and_(Attempt.number == 1, Attempt.state.in_((AttemptState.SUBMITTED, AttemptState.EXPIRED)))


@dataclass(frozen=True, slots=True)
class Source:
    """A test's sittings added up, with what else its statistics need."""

    tally: RoundTally
    sittings: int
    marked_again_at: datetime | None
    forms_with: Mapping[UUID, int]
    shown: Mapping[UUID, int]


def read_sittings(session: Session, round_id: UUID, progress: Callable[[int, int], None] | None = None) -> Source:
    """Add up a test's sittings with the marks that stand; two statements for every 500."""
    papers: dict[UUID, dict[int, UUID]] = defaultdict(dict)
    for form_id, slot, version in session.execute(
        select(Form.id, FormSlot.slot, FormSlot.item_version_id)
        .join(FormSlot, FormSlot.form_id == Form.id)
        .where(Form.round_id == round_id)
        .order_by(Form.number, FormSlot.slot)
    ):
        papers[form_id][slot] = version
    scores = session.execute(
        select(standing_score, func.count(Attempt.id))
        .select_from(Attempt)
        .outerjoin(Regrade, is_standing())
        .where(Attempt.round_id == round_id, counted())
        .group_by(standing_score)
    ).all()
    per_form = {
        form_id: (shown, again)
        for form_id, shown, again in session.execute(
            select(Attempt.form_id, func.count(Attempt.id), func.max(Regrade.recorded_at))
            .select_from(Attempt)
            .outerjoin(Regrade, is_standing())
            .where(Attempt.round_id == round_id)
            .group_by(Attempt.form_id)
        )
    }
    tally = RoundTally(papers, thirds_of({float(score): count for score, count in scores}))
    expected = sum(count for _, count in scores)
    sittings = 0
    last: UUID | None = None
    while batch := _sittings_after(session, round_id, last):
        _add_batch(session, tally, batch)
        sittings += len(batch)
        last = batch[-1].id
        if progress:
            progress(sittings, max(expected, sittings))
    forms_with: dict[UUID, int] = defaultdict(int)
    shown: dict[UUID, int] = defaultdict(int)
    for form_id, paper in papers.items():
        for version in paper.values():
            forms_with[version] += 1
            shown[version] += per_form.get(form_id, (0, None))[0]
    moments = [again for _, again in per_form.values() if again is not None]
    return Source(tally, sittings, max(moments, default=None), forms_with, shown)


def _sittings_after(session: Session, round_id: UUID, last: UUID | None) -> Sequence[Any]:
    statement = (
        select(Attempt.id, Attempt.form_id, Attempt.started_at, Regrade.points, Regrade.answers)
        .select_from(Attempt)
        .outerjoin(Regrade, is_standing())
        .where(Attempt.round_id == round_id, counted())
        .order_by(Attempt.id)
        .limit(SITTINGS_AT_ONCE)
    )
    return session.execute(statement if last is None else statement.where(Attempt.id > last)).all()


def _add_batch(session: Session, tally: RoundTally, attempts: Sequence[Any]) -> None:
    """Add up some sittings."""
    answers: dict[UUID, dict[int, Answered]] = {}
    regraded: dict[UUID, Mapping[str, Any]] = {}
    for attempt_id, _form_id, _started_at, points, late in attempts:
        answers[attempt_id] = _regraded(points, late) if points else {}
        if points:
            regraded[attempt_id] = late or {}
    rows = session.execute(
        select(Response.attempt_id, Response.slot, Response.answer, Response.points, Response.saved_at).where(
            Response.attempt_id.in_(answers)
        )
    )
    for attempt_id, slot, answer, points, saved_at in rows:
        given = answers[attempt_id]
        if attempt_id in regraded:
            earned = given[slot].points if slot in given else 0.0
            given[slot] = Answered(regraded[attempt_id].get(str(slot)) or answer or (), earned, saved_at)
        else:
            given[slot] = Answered(answer or (), float(points or 0), saved_at)
    for attempt_id, form_id, started_at, _points, _late in attempts:
        tally.add(form_id, started_at, answers[attempt_id])


def _regraded(points: Mapping[str, Any], late: Mapping[str, Any] | None) -> dict[int, Answered]:
    """Every slot as the later mark has it, also those nothing was stored for (a void question counts for everybody)."""
    return {int(slot): Answered((late or {}).get(slot) or (), float(Fraction(value)), None) for slot, value in points.items()}


@dataclass(frozen=True, slots=True)
class AboutItem:
    """What of an item version decides which of its answers are wrong options."""

    kind: str
    body: dict[str, Any]
    key: list[Any]


def about_items(session: Session, round_id: UUID) -> dict[UUID, AboutItem]:
    """The item versions of a test's forms."""
    versions = select(FormSlot.item_version_id).join(Form, Form.id == FormSlot.form_id).where(Form.round_id == round_id)
    rows = session.execute(select(ItemVersion.id, ItemVersion.kind, ItemVersion.body, ItemVersion.key).where(ItemVersion.id.in_(versions)))
    return {row[0]: AboutItem(row[1], row[2], row[3]) for row in rows}


@dataclass(frozen=True, slots=True)
class EarlierTest:
    """The last test of the same purpose before this one that was counted: mean score, and facility and number of people by version."""

    code: str
    title: str
    figures: dict[str, Any]
    items: dict[UUID, tuple[float, int]]


def earlier_test(session: Session, round_id: UUID) -> EarlierTest | None:
    this = session.execute(select(Round.quarter, Round.purpose).where(Round.id == round_id)).one()
    row = session.execute(
        select(Round.id, Round.code, Round.title, RoundStatistic.figures)
        .join(RoundStatistic, RoundStatistic.round_id == Round.id)
        .where(Round.quarter < this.quarter, Round.purpose == this.purpose, Round.purpose != Purpose.PRACTICE, RoundStatistic.sittings > 0)
        .order_by(Round.quarter.desc(), Round.opens_at.desc(), Round.id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    items = session.execute(
        select(ItemStatistic.item_version_id, ItemStatistic.facility, ItemStatistic.n).where(ItemStatistic.round_id == row.id)
    )
    return EarlierTest(row.code, row.title, row.figures, {version: (facility, n) for version, facility, n in items})


def rounds_to_count(session: Session, at: datetime) -> list[UUID]:
    """Tests whose statistics are out of date: more sittings were marked since, or marks were changed."""
    marked = select(func.count(Attempt.id)).where(Attempt.round_id == Round.id, counted()).correlate(Round).scalar_subquery()
    again = (
        select(func.max(Regrade.recorded_at))
        .join(Attempt, Attempt.id == Regrade.attempt_id)
        .where(Attempt.round_id == Round.id)
        .correlate(Round)
        .scalar_subquery()
    )
    rows = session.execute(
        select(Round.id, Round.state, marked, again, RoundStatistic.sittings, RoundStatistic.marked_again_at, RoundStatistic.counted_at)
        .outerjoin(RoundStatistic, RoundStatistic.round_id == Round.id)
        .where(
            Round.state.in_((RoundState.OPEN, RoundState.CLOSED, RoundState.LOCKED)),
            Round.form_count > 0,
            or_(Round.locked_at.is_(None), RoundStatistic.counted_at.is_(None), RoundStatistic.counted_at < Round.locked_at),
        )
        .order_by(Round.closes_at)
    )
    return [row[0] for row in rows if _out_of_date(row, at)]


def _out_of_date(row: Any, at: datetime) -> bool:
    _, state, marked, again, counted_sittings, counted_again, counted_at = row
    if not marked:
        return False
    if counted_at is None:
        return True
    if marked == counted_sittings and (again is None or again == counted_again):
        return False
    # An open test grows all day; once it is over everything new counts at once.
    quiet: bool = (at - counted_at).total_seconds() >= 6 * 3600
    return quiet or bool(state != RoundState.OPEN)
