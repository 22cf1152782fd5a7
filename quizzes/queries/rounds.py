"""Reading rounds, their forms, and how a person or the whole province stands in them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ScalarSelect, and_, case, func, select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import PositionGroup
from lms.agencies.models import AgencyVersion
from lms.kit.actors import NotFound
from lms.results.models import Expectation
from quizzes.models import Attempt, BlueprintCell, Form, FormSlot, Item, ItemVersion, Regrade, Round
from quizzes.queries.marks import is_standing, standing_passed, standing_score
from quizzes.queries.windows import OWN_WINDOW, OwnWindow, is_enrolled, is_expected, with_own_window
from quizzes.rules.assembly import Cell
from quizzes.rules.counting import Counting, counted
from quizzes.rules.rounds import RoundState, Standing, StartAnswer, may_start
from quizzes.rules.sitting import AttemptState
from quizzes.rules.windows import Turn


@dataclass(frozen=True, slots=True)
class RoundView:
    """A round's settings and state."""

    id: UUID
    code: str
    purpose: str
    quarter: str
    activity: str
    title: str
    legal_basis: str | None
    audience: dict[str, Any]
    cutoff_day: date
    opens_at: datetime
    closes_at: datetime
    duration_seconds: int
    grace_seconds: int
    attempts_allowed: int
    counting: str
    pass_mark: Decimal
    feedback_policy: str
    blueprint_id: UUID
    form_count: int
    supervised: bool
    state: str

    @property
    def minutes(self) -> int:
        return self.duration_seconds // 60


_ROUND = [getattr(Round, name) for name in RoundView.__dataclass_fields__]


def rounds(session: Session) -> list[RoundView]:
    """All rounds, the newest quarter first."""
    return [RoundView(*row) for row in session.execute(select(*_ROUND).order_by(Round.quarter.desc(), Round.opens_at.desc(), Round.id))]


def round_by_code(session: Session, code: str) -> RoundView:
    """Raises NotFound."""
    row = session.execute(select(*_ROUND).where(Round.code == code)).one_or_none()
    if row is None:
        raise NotFound
    return RoundView(*row)


def round_by_id(session: Session, round_id: UUID) -> RoundView:
    """Raises NotFound."""
    row = session.execute(select(*_ROUND).where(Round.id == round_id)).one_or_none()
    if row is None:
        raise NotFound
    return RoundView(*row)


def assembly_of(session: Session, round_id: UUID) -> dict[str, Any]:
    """The limits a round's forms are drawn within, as they are stored."""
    stored: dict[str, Any] = session.scalars(select(Round.assembly).where(Round.id == round_id)).one()
    return stored


def question_count(session: Session, blueprint_id: UUID) -> int:
    return session.scalar(select(func.coalesce(func.sum(BlueprintCell.count), 0)).where(BlueprintCell.blueprint_id == blueprint_id)) or 0


def blueprint_cells(session: Session, blueprint_id: UUID) -> list[Cell]:
    rows = session.execute(
        select(BlueprintCell.topic, BlueprintCell.level, BlueprintCell.count).where(BlueprintCell.blueprint_id == blueprint_id)
    )
    return sorted(Cell(*row) for row in rows)


@dataclass(frozen=True, slots=True)
class MyAttempt:
    """One of a person's attempts at a round."""

    id: UUID
    number: int
    state: str
    started_at: datetime
    deadline: datetime
    accepts_until: datetime
    submitted_at: datetime | None
    score: Decimal | None
    passed: bool | None


@dataclass(frozen=True, slots=True)
class MyRound:
    """A round as one person meets it."""

    round: RoundView
    questions: int
    standing: Standing
    group_name: str | None
    agency_name: str | None
    attempts: list[MyAttempt]
    own: OwnWindow = field(default_factory=OwnWindow)

    def turn(self, at: datetime) -> Turn:
        """When this person may sit, as seen now."""
        return self.own.turn(self.round, at)

    def answer(self, at: datetime) -> StartAnswer:
        """May this person start now?"""
        turn = self.turn(at)
        return may_start(turn, replace(self.standing, attempts_used=turn.used(one.started_at for one in self.attempts)), at)

    @property
    def counted(self) -> MyAttempt | None:
        """The attempt that counts by the round's rule."""
        return counted(self.attempts, self.round.counting)


_STANDING = {"score": standing_score, "passed": standing_passed}
_MY_ATTEMPT = [_STANDING.get(name, getattr(Attempt, name)) for name in MyAttempt.__dataclass_fields__]


def my_rounds(session: Session, person_id: UUID, code: str | None = None, *, course: str | None = None) -> list[MyRound]:
    """Rounds (of a code, of a course), the newest first, with this person's standing and window in each; two queries for any number."""
    questions = select(func.sum(BlueprintCell.count)).where(BlueprintCell.blueprint_id == Round.blueprint_id).scalar_subquery()
    statement = (
        select(
            questions,
            Expectation.id,
            Expectation.excluded_because,
            PositionGroup.name_vi,
            AgencyVersion.name,
            is_enrolled(person_id),
            *OWN_WINDOW,
            *_ROUND,
        )
        .outerjoin(Expectation, and_(Expectation.activity == Round.activity, Expectation.person_id == person_id))
        .outerjoin(PositionGroup, PositionGroup.code == Expectation.group_code)
        .outerjoin(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
        .order_by(Round.quarter.desc(), Round.opens_at.desc(), Round.id)
    )
    if code is not None:
        statement = statement.where(Round.code == code)
    if course is not None:
        statement = statement.where(Round.course == course)
    rows = session.execute(with_own_window(statement, person_id)).all()
    taken = select(Attempt.round_id, *_MY_ATTEMPT).outerjoin(Regrade, is_standing()).where(Attempt.person_id == person_id)
    attempts: Sequence[Any] = session.execute(taken.order_by(Attempt.number)).all()
    mine = []
    for count, expectation_id, excluded_because, group_name, agency_name, enrolled, *values in rows:
        window, view = OwnWindow(*values[: len(OWN_WINDOW)]), RoundView(*values[len(OWN_WINDOW) :])
        own = [MyAttempt(*attempt[1:]) for attempt in attempts if attempt[0] == view.id]
        mine.append(
            MyRound(
                round=view,
                questions=count or 0,
                standing=Standing(
                    expected=is_expected(view.purpose, expectation_id, excluded_because, bool(enrolled)),
                    excluded_because=excluded_because,
                    attempts_used=len(own),
                    has_open_attempt=any(attempt.state == AttemptState.OPEN for attempt in own),
                ),
                group_name=group_name,
                agency_name=agency_name,
                attempts=own,
                own=window,
            )
        )
    return mine


def my_round(session: Session, person_id: UUID, code: str) -> MyRound:
    """Raises NotFound."""
    found = my_rounds(session, person_id, code)
    if not found:
        raise NotFound
    return found[0]


@dataclass(frozen=True, slots=True)
class RoundCounts:
    """How far a round is: people, not attempts."""

    expected: int
    excluded: int
    sitting: int
    finished: int
    passed: int
    attempts: int


def round_counts(session: Session, view: RoundView) -> RoundCounts:
    expected, excluded = session.execute(
        select(
            func.count(case((Expectation.excluded_because.is_(None), 1))),
            func.count(Expectation.excluded_because),
        ).where(Expectation.activity == view.activity)
    ).one()
    per_person = (
        select(
            Attempt.person_id,
            func.max(case((Attempt.state == AttemptState.OPEN, 1), else_=0)).label("sitting"),
            func.max(case((Attempt.state != AttemptState.OPEN, 1), else_=0)).label("finished"),
            func.count().label("attempts"),
        )
        .where(Attempt.round_id == view.id)
        .group_by(Attempt.person_id)
        .subquery()
    )
    sums = [func.coalesce(func.sum(per_person.c[name]), 0) for name in ("sitting", "finished", "attempts")]
    sitting, finished, attempts = session.execute(select(*sums)).one()
    passed = session.scalar(select(_passed_by_what_counts(view))) or 0
    return RoundCounts(expected, excluded, int(sitting), int(finished), int(passed), int(attempts))


def _passed_by_what_counts(view: RoundView) -> ScalarSelect[int]:
    """How many people passed by the one attempt of theirs that counts: rules.counting.counted, as the database says it."""
    order: dict[str, list[Any]] = {
        Counting.HIGHEST: [standing_score.desc(), Attempt.number],
        Counting.FIRST: [Attempt.number],
        Counting.LAST: [Attempt.number.desc()],
    }
    marked = (
        select(
            standing_passed.label("passed"),
            func.row_number().over(partition_by=Attempt.person_id, order_by=order[view.counting]).label("place"),
        )
        .outerjoin(Regrade, is_standing())
        .where(Attempt.round_id == view.id, standing_score.is_not(None))
        .subquery()
    )
    return select(func.count()).select_from(marked).where(marked.c.place == 1, marked.c.passed.is_(True)).scalar_subquery()


@dataclass(frozen=True, slots=True)
class FormView:
    """A form with its items in slot order: (slot, item code, version number, topic, level, kind, stem)."""

    number: int
    items: list[tuple[int, str, int, str, str, str, str]]

    def table(self) -> Counter[tuple[str, str]]:
        """How many items of each topic and level it has."""
        return Counter((topic, level) for _, _, _, topic, level, _, _ in self.items)


def form_of_round(session: Session, round_id: UUID, number: int) -> FormView:
    """Raises NotFound."""
    rows = session.execute(
        select(FormSlot.slot, Item.code, ItemVersion.number, ItemVersion.topic, ItemVersion.level, ItemVersion.kind, ItemVersion.stem)
        .join(Form, Form.id == FormSlot.form_id)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .where(Form.round_id == round_id, Form.number == number)
        .order_by(FormSlot.slot)
    ).all()
    if not rows:
        raise NotFound
    return FormView(number, [(r.slot, r.code, r.number, r.topic, r.level, r.kind, r.stem) for r in rows])


def form_overlap(session: Session, round_id: UUID) -> tuple[int, int]:
    """How many different items the round's forms use, and in how many forms the most used one is."""
    per_item = (
        select(func.count().label("uses"))
        .select_from(FormSlot)
        .join(Form, Form.id == FormSlot.form_id)
        .where(Form.round_id == round_id)
        .group_by(FormSlot.item_version_id)
        .subquery()
    )
    different, most = session.execute(select(func.count(), func.coalesce(func.max(per_item.c.uses), 0)).select_from(per_item)).one()
    return different, most


def exclusion_reasons(session: Session, activity: str) -> dict[str, int]:
    """Why people were left out, and how many for each reason."""
    row = aliased(Expectation)
    rows = session.execute(
        select(row.excluded_because, func.count())
        .where(row.activity == activity, row.excluded_because.is_not(None))
        .group_by(row.excluded_because)
    )
    return {reason: count for reason, count in rows if reason is not None}


def open_round_of_activity(session: Session, activity: str) -> str | None:
    """The code of the round that is open now and counted under an activity."""
    return session.scalar(select(Round.code).where(Round.activity == activity, Round.state == RoundState.OPEN))
