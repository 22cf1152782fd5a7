"""Reading what persons are granted beyond a test's own rules."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person, Posting
from lms.accounts.queries import is_listed
from lms.agencies.models import AgencyVersion
from lms.kit.actors import NotFound
from quizzes.models import Accommodation, Round
from quizzes.rules.accommodations import Allowance, combined

IN_ROUND, IN_EVERY_ROUND = aliased(Accommodation), aliased(Accommodation)
# What of a statement over Round tells one person's allowance, after `with_allowance`.
ALLOWANCE = (IN_ROUND.extra_percent, IN_ROUND.extra_attempts, IN_ROUND.start_until, IN_EVERY_ROUND.extra_percent)
AT_ONCE = 500


def with_allowance(statement: Select[Any], person_id: UUID) -> Select[Any]:
    """Join what `ALLOWANCE` reads to a statement over Round; a row stays one row."""
    return statement.outerjoin(
        IN_ROUND, and_(IN_ROUND.person_id == person_id, IN_ROUND.round_id == Round.id, IN_ROUND.ended_at.is_(None))
    ).outerjoin(
        IN_EVERY_ROUND,
        and_(IN_EVERY_ROUND.person_id == person_id, IN_EVERY_ROUND.round_id.is_(None), IN_EVERY_ROUND.ended_at.is_(None)),
    )


def allowance(percent: int | None, attempts: int | None, start_until: datetime | None, percent_everywhere: int | None) -> Allowance:
    """What the columns of `ALLOWANCE` come to."""
    return combined((Allowance(percent or 0, attempts or 0, start_until), Allowance(percent_everywhere or 0)))


@dataclass(frozen=True, slots=True)
class AccommodationRow:
    """Something granted to a person, with where they are today. `round_code` None: in every round."""

    id: UUID
    person_id: UUID
    full_name: str
    staff_code: str
    agency: str | None
    round_code: str | None
    round_title: str | None
    extra_percent: int
    extra_attempts: int
    start_until: datetime | None
    other: str | None
    reason: str
    granted_at: datetime


def standing_accommodations(session: Session, on: date, round_id: UUID | None = None, limit: int = 1000) -> list[AccommodationRow]:
    """What is granted now, by name: in one round together with what holds in every round, or (without a round) all of it. One statement."""
    statement = (
        select(
            Accommodation.id,
            Accommodation.person_id,
            Person.full_name,
            Person.staff_code,
            AgencyVersion.name,
            Round.code,
            Round.title,
            Accommodation.extra_percent,
            Accommodation.extra_attempts,
            Accommodation.start_until,
            Accommodation.other,
            Accommodation.reason,
            Accommodation.granted_at,
        )
        .join(Person, Person.id == Accommodation.person_id)
        .outerjoin(Round, Round.id == Accommodation.round_id)
        .outerjoin(Posting, and_(Posting.person_id == Person.id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on))
        .outerjoin(
            AgencyVersion,
            and_(
                AgencyVersion.agency_id == Posting.agency_id,
                AgencyVersion.valid_from <= on,
                AgencyVersion.valid_to > on,
                AgencyVersion.superseded_at.is_(None),
            ),
        )
        .where(Accommodation.ended_at.is_(None))
        .order_by(Person.sort_key, Person.id, Round.code)
        .limit(limit)
    )
    if round_id is not None:
        statement = statement.where((Accommodation.round_id == round_id) | Accommodation.round_id.is_(None))
    return [AccommodationRow(*tuple(row)) for row in session.execute(statement)]


def accommodation(session: Session, accommodation_id: UUID) -> Accommodation:
    """One that stands. Raises NotFound."""
    found = session.scalar(select(Accommodation).where(Accommodation.id == accommodation_id, Accommodation.ended_at.is_(None)))
    if found is None:
        raise NotFound
    return found


def people_by_code(session: Session, codes: Sequence[str]) -> dict[str, tuple[UUID, str]]:
    """Who has these staff codes: code → id and name. Those erased or joined to another record are not found."""
    found: dict[str, tuple[UUID, str]] = {}
    for start in range(0, len(codes), AT_ONCE):
        rows = session.execute(
            select(Person.staff_code, Person.id, Person.full_name).where(is_listed(), Person.staff_code.in_(codes[start : start + AT_ONCE]))
        )
        found.update({code: (person_id, name) for code, person_id, name in rows})
    return found
