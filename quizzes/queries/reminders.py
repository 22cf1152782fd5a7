"""Who has still to sit a test, and by when: for letters to them and to their focal points."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, exists, func, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, RoleGrant
from lms.accounts.queries import is_listed
from lms.accounts.queries.roles import effective
from lms.agencies.models import AgencyClosure, AgencyVersion
from lms.kit.actors import Role
from lms.results.models import Expectation
from quizzes.models import Accommodation, Attempt, BlockAgency, MakeUp, MakeUpPlace, Round, RoundBlock
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.rules.sitting import AttemptState


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round people are on the list of, that takes sittings."""

    id: UUID
    code: str
    title: str
    activity: str
    opens_at: datetime
    closes_at: datetime


@dataclass(frozen=True, slots=True)
class ToSit:
    """Somebody on a round's list who has not finished a sitting. `until`: their own last moment to begin."""

    person_id: UUID
    name: str
    agency_id: UUID
    agency: str
    until: datetime


@dataclass(frozen=True, slots=True)
class FocalPoint:
    """Somebody who looks after an agency and all below it (None: after everybody)."""

    person_id: UUID
    agency_id: UUID | None


def rounds_to_remind_of(session: Session) -> list[OpenRound]:
    """Open rounds with a list that one is to have sat by their end: practice has no list, a course's test is sat when one is ready."""
    columns = [getattr(Round, name) for name in OpenRound.__dataclass_fields__]
    rows = session.execute(
        select(*columns)
        .where(Round.state == RoundState.OPEN, Round.purpose.not_in((Purpose.PRACTICE, Purpose.COURSE_TEST)))
        .order_by(Round.closes_at, Round.code)
    )
    return [OpenRound(*row) for row in rows]


def people_to_sit(session: Session, round_: OpenRound, at: datetime) -> list[ToSit]:
    """Everybody on the list who may still sit and has not finished, by agency and name; one statement for any number of people.

    Whoever's block is over counts until their make-up sitting, if they are admitted to one; whoever's make-up sitting has not begun is not
    told yet.
    """
    first = func.coalesce(RoundBlock.closes_at, Round.closes_at)
    finished_since: Any = func.coalesce(MakeUp.opens_at, Round.opens_at)
    done = exists().where(
        Attempt.round_id == Round.id,
        Attempt.person_id == Expectation.person_id,
        Attempt.state != AttemptState.OPEN,
        Attempt.started_at >= finished_since,
    )
    rows = session.execute(
        select(
            Expectation.person_id,
            Person.full_name,
            Expectation.agency_id,
            AgencyVersion.name,
            first,
            Accommodation.start_until,
            MakeUp.opens_at,
            MakeUp.closes_at,
        )
        .select_from(Round)
        .join(Expectation, Expectation.activity == Round.activity)
        .join(Person, Person.id == Expectation.person_id)
        .join(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
        .outerjoin(BlockAgency, and_(BlockAgency.round_id == Round.id, BlockAgency.agency_id == Expectation.agency_id))
        .outerjoin(RoundBlock, RoundBlock.id == BlockAgency.block_id)
        .outerjoin(MakeUpPlace, and_(MakeUpPlace.round_id == Round.id, MakeUpPlace.person_id == Expectation.person_id))
        .outerjoin(MakeUp, MakeUp.id == MakeUpPlace.make_up_id)
        .outerjoin(
            Accommodation,
            and_(
                Accommodation.round_id == Round.id,
                Accommodation.person_id == Expectation.person_id,
                Accommodation.ended_at.is_(None),
            ),
        )
        .where(
            Round.id == round_.id,
            Expectation.excluded_because.is_(None),
            is_listed(),
            ~done,
            or_(first > at, Accommodation.start_until > at, and_(MakeUp.opens_at <= at, MakeUp.closes_at > at)),
        )
        .order_by(AgencyVersion.sort_key, Expectation.agency_id, Person.sort_key, Person.id)
    )
    return [
        ToSit(
            row[0],
            row[1],
            row[2],
            row[3],
            max(moment for moment in (row[4], row[5], row[7] if row[6] and row[6] <= at else None) if moment),
        )
        for row in rows
    ]


def focal_points(session: Session, on: date) -> list[FocalPoint]:
    """Everybody who is a focal point on a day, in their own right or in somebody's place."""
    rows = session.execute(
        select(RoleGrant.person_id, RoleGrant.agency_id)
        .where(RoleGrant.role == Role.FOCAL_POINT.value, effective(on))
        .distinct()
        .order_by(RoleGrant.person_id, RoleGrant.agency_id)
    )
    return [FocalPoint(*row) for row in rows]


def agencies_below(session: Session, on: date) -> dict[UUID, set[UUID]]:
    """Each agency a focal point looks after, with all below it on a day."""
    looked_after = select(RoleGrant.agency_id).where(RoleGrant.role == Role.FOCAL_POINT.value, effective(on))
    rows = session.execute(
        select(AgencyClosure.ancestor_id, AgencyClosure.descendant_id).where(
            AgencyClosure.ancestor_id.in_(looked_after), AgencyClosure.valid_from <= on, AgencyClosure.valid_to > on
        )
    )
    below: dict[UUID, set[UUID]] = defaultdict(set)
    for ancestor, descendant in rows:
        below[ancestor].add(descendant)
    return below
