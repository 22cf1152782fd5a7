"""The windows of rounds: one person's turn, the blocks with their agencies, the make-up sittings with those admitted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, Uuid, and_, bindparam, func, or_, select
from sqlalchemy.orm import Session

from courses.models import Course, Enrolment
from lms.accounts.models import Person
from lms.agencies.queries import agency_names, ancestors_on
from lms.kit.actors import NotFound
from lms.results.models import Expectation
from quizzes.models import BlockAgency, BlockRule, MakeUp, MakeUpPlace, Round, RoundBlock
from quizzes.queries.accommodations import ALLOWANCE, allowance, with_allowance
from quizzes.rules.accommodations import Allowance
from quizzes.rules.rounds import Purpose, Standing
from quizzes.rules.windows import SecondChance, Span, Turn, block_of_agency, turn_of


def is_enrolled(person_id: UUID) -> ColumnElement[bool]:
    """Whether the person is in the course a round belongs to; a round without a course asks for none."""
    enrolled = (
        select(Enrolment.id)
        .join(Course, Course.id == Enrolment.course_id)
        .where(Course.code == Round.course, Enrolment.person_id == person_id)
    )
    return or_(Round.course.is_(None), enrolled.correlate(Round).exists())


# What of a round concerns one person: their block, the make-up sitting they are admitted to, and what they alone are granted.
OWN_WINDOW = (RoundBlock.opens_at, RoundBlock.closes_at, MakeUp.opens_at, MakeUp.closes_at, MakeUp.attempts_allowed, *ALLOWANCE)


def with_own_window(statement: Select[Any], person_id: UUID) -> Select[Any]:
    """Join what `OWN_WINDOW` reads to a statement over Round that has joined this person's Expectation; a row stays one row."""
    joined = (
        statement.outerjoin(BlockAgency, and_(BlockAgency.round_id == Round.id, BlockAgency.agency_id == Expectation.agency_id))
        .outerjoin(RoundBlock, RoundBlock.id == BlockAgency.block_id)
        .outerjoin(MakeUpPlace, and_(MakeUpPlace.round_id == Round.id, MakeUpPlace.person_id == person_id))
        .outerjoin(MakeUp, MakeUp.id == MakeUpPlace.make_up_id)
    )
    return with_allowance(joined, person_id)


@dataclass(frozen=True, slots=True)
class OwnWindow:
    """A person's windows in a round as they were read."""

    block_opens: datetime | None = None
    block_closes: datetime | None = None
    again_opens: datetime | None = None
    again_closes: datetime | None = None
    again_attempts: int | None = None
    extra_percent: int | None = None
    extra_attempts: int | None = None
    start_until: datetime | None = None
    extra_percent_everywhere: int | None = None

    @property
    def allowance(self) -> Allowance:
        return allowance(self.extra_percent, self.extra_attempts, self.start_until, self.extra_percent_everywhere)

    @property
    def block(self) -> Span | None:
        return Span(self.block_opens, self.block_closes) if self.block_opens and self.block_closes else None

    @property
    def make_up(self) -> SecondChance | None:
        if self.again_opens is None or self.again_closes is None or self.again_attempts is None:
            return None
        return SecondChance(Span(self.again_opens, self.again_closes), self.again_attempts)

    def turn(self, round_: Any, at: datetime) -> Turn:
        """When this person may sit, as seen now; `round_` has state, opens_at, closes_at and attempts_allowed."""
        whole = Span(round_.opens_at, round_.closes_at)
        return turn_of(
            round_.state, whole, round_.attempts_allowed, at=at, block=self.block, make_up=self.make_up, allowance=self.allowance
        )


def is_expected(purpose: str, expectation_id: UUID | None, excluded_because: str | None, enrolled: bool) -> bool:
    """May this person sit at all? Practice is for everybody (in its course), a course's test for those in the course, everything else for
    those on the list."""
    if purpose == Purpose.PRACTICE:
        return enrolled
    if purpose == Purpose.COURSE_TEST:
        return excluded_because is None and (expectation_id is not None or enrolled)
    return expectation_id is not None and excluded_because is None


@dataclass(frozen=True, slots=True)
class Entry:
    """A round as one person is about to start it."""

    round: Round
    expectation_id: UUID | None
    excluded_because: str | None
    enrolled: bool
    own: OwnWindow

    def turn(self, at: datetime) -> Turn:
        return self.own.turn(self.round, at)

    def standing(self, starts: Sequence[datetime], *, has_open: bool, at: datetime) -> Standing:
        """`starts`: when each attempt of this person at the round began."""
        return Standing(
            expected=is_expected(self.round.purpose, self.expectation_id, self.excluded_because, self.enrolled),
            excluded_because=self.excluded_because,
            attempts_used=self.turn(at).used(starts),
            has_open_attempt=has_open,
        )


# Written once: everybody starts in the same minutes, and building it costs more than running it.
_PERSON: Any = bindparam("person", type_=Uuid())
_ROUND_OF: Any = (
    select(Round, Expectation.id, Expectation.excluded_because, is_enrolled(_PERSON), *OWN_WINDOW)
    .outerjoin(Expectation, and_(Expectation.activity == Round.activity, Expectation.person_id == _PERSON))
    .where(Round.code == bindparam("code"))
    .with_for_update(read=True, key_share=True, of=Round)
)
_ENTRY = with_own_window(_ROUND_OF, _PERSON)


def entry_for_start(session: Session, person_id: UUID, round_code: str) -> Entry:
    """One statement; it shares the round's row until the commit, so that people start side by side but not while the round is being closed.

    Raises NotFound.
    """
    row = session.execute(_ENTRY, {"person": person_id, "code": round_code}).one_or_none()
    if row is None:
        raise NotFound
    round_, expectation_id, excluded_because, enrolled, *own = row
    return Entry(round_, expectation_id, excluded_because, bool(enrolled), OwnWindow(*own))


@dataclass(frozen=True, slots=True)
class BlockView:
    """A block with the agencies named for it; `people` as far as they are known."""

    id: UUID
    number: int
    opens_at: datetime
    closes_at: datetime
    agencies: list[tuple[UUID, str, bool]]
    people: int = 0

    @property
    def span(self) -> Span:
        return Span(self.opens_at, self.closes_at)


@dataclass(frozen=True, slots=True)
class Blocks:
    """A round's blocks, and how many people belong to agencies without one."""

    blocks: list[BlockView]
    people_without: int
    agencies_without: list[str]


def blocks_of(session: Session, round_id: UUID, on: date, people: dict[UUID, int]) -> Blocks:
    """Blocks in order, with the load each has: `people` are the heads by agency on the day `on`. Four statements."""
    rows = session.execute(
        select(RoundBlock.id, RoundBlock.number, RoundBlock.opens_at, RoundBlock.closes_at)
        .where(RoundBlock.round_id == round_id)
        .order_by(RoundBlock.number)
    ).all()
    if not rows:
        return Blocks([], 0, [])
    rules = block_rules(session, round_id)
    placed = place_agencies(session, rules, on, people)
    missing = [agency for agency in people if placed.get(agency) is None]
    names = agency_names(session, [*rules, *missing], on)
    loads: dict[UUID, int] = {}
    for agency, count in people.items():
        if (block := placed.get(agency)) is not None:
            loads[block] = loads.get(block, 0) + count
    named: dict[UUID, list[tuple[UUID, str, bool]]] = {}
    for agency, (block_id, alone) in rules.items():
        named.setdefault(block_id, []).append((agency, names.get(agency, "?"), alone))
    views = [BlockView(*row, sorted(named.get(row.id, []), key=lambda one: one[1]), loads.get(row.id, 0)) for row in rows]
    return Blocks(views, sum(people[agency] for agency in missing), sorted(names.get(agency, "?") for agency in missing))


def block_rules(session: Session, round_id: UUID) -> dict[UUID, tuple[UUID, bool]]:
    rows = session.execute(select(BlockRule.agency_id, BlockRule.block_id, BlockRule.alone).where(BlockRule.round_id == round_id))
    return {agency: (block, alone) for agency, block, alone in rows}


def place_agencies(
    session: Session, rules: dict[UUID, tuple[UUID, bool]], on: date, agencies: Sequence[UUID] | dict[UUID, int]
) -> dict[UUID, UUID | None]:
    """The block of each agency by the nearest rule above it on a day."""
    if not rules:
        return dict.fromkeys(agencies)
    above = ancestors_on(session, on)
    placed: dict[UUID, UUID | None] = {}
    for agency in agencies:
        block = block_of_agency(rules, above.get(agency, [agency]))
        placed[agency] = block if isinstance(block, UUID) else None
    return placed


@dataclass(frozen=True, slots=True)
class MakeUpView:
    id: UUID
    opens_at: datetime
    closes_at: datetime
    attempts_allowed: int
    reason: str
    admitted: int


def make_ups_of(session: Session, round_id: UUID) -> list[MakeUpView]:
    """Make-up sittings with how many are admitted, in order of time. One statement."""
    rows = session.execute(
        select(MakeUp.id, MakeUp.opens_at, MakeUp.closes_at, MakeUp.attempts_allowed, MakeUp.reason, func.count(MakeUpPlace.person_id))
        .outerjoin(MakeUpPlace, MakeUpPlace.make_up_id == MakeUp.id)
        .where(MakeUp.round_id == round_id)
        .group_by(MakeUp.id)
        .order_by(MakeUp.opens_at, MakeUp.id)
    )
    return [MakeUpView(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Admitted:
    person_id: UUID
    staff_code: str
    full_name: str
    reason: str
    admitted_at: datetime


def admitted_to(session: Session, make_up_id: UUID, limit: int = 200) -> list[Admitted]:
    rows = session.execute(
        select(Person.id, Person.staff_code, Person.full_name, MakeUpPlace.reason, MakeUpPlace.admitted_at)
        .join(Person, Person.id == MakeUpPlace.person_id)
        .where(MakeUpPlace.make_up_id == make_up_id)
        .order_by(Person.sort_key, Person.id)
        .limit(limit)
    )
    return [Admitted(*row) for row in rows]
