"""Entries of a contest with the mark that counts for each person."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.agencies.models import AgencyVersion
from lms.results.models import Expectation
from quizzes.models import Attempt, Regrade, SideAnswer
from quizzes.queries.marks import is_standing, standing_score
from quizzes.queries.rounds import RoundView
from quizzes.rules.contests import Entry, Placed, ranking
from quizzes.rules.counting import counted
from quizzes.rules.sitting import AttemptState


@dataclass(frozen=True, slots=True)
class _Sat:
    person_id: UUID
    number: int
    started_at: datetime
    submitted_at: datetime
    score: Decimal


def contest_ranking(session: Session, view: RoundView, side_answer: int | None) -> list[Placed]:
    """Everybody on the list who handed in, in order of place. Two statements."""
    rows = session.execute(
        select(Attempt.person_id, Attempt.number, Attempt.started_at, Attempt.submitted_at, standing_score)
        .join(Expectation, (Expectation.activity == view.activity) & (Expectation.person_id == Attempt.person_id))
        .outerjoin(Regrade, is_standing())
        .where(Attempt.round_id == view.id, Attempt.counts, Expectation.excluded_because.is_(None), Attempt.state != AttemptState.OPEN)
    )
    sat: dict[UUID, list[_Sat]] = defaultdict(list)
    for row in rows:
        if row.submitted_at is not None and row[4] is not None:
            sat[row.person_id].append(_Sat(row.person_id, row.number, row.started_at, row.submitted_at, row[4]))
    guesses = session.execute(select(SideAnswer.person_id, SideAnswer.answer).where(SideAnswer.round_id == view.id))
    guess = {person: answer for person, answer in guesses}  # noqa: C416 - rows are no pairs to dict
    entries = []
    for person, attempts in sat.items():
        best = counted(attempts, view.counting)
        if best is not None:
            entries.append(Entry(person, best.score, guess.get(person), best.submitted_at - best.started_at, best.submitted_at))
    return ranking(entries, side_answer)


def participants(session: Session, round_id: UUID) -> int:
    """How many people took part: what the usual side question asks for."""
    statement = select(func.count(Attempt.person_id.distinct())).where(Attempt.round_id == round_id, Attempt.state != AttemptState.OPEN)
    return session.scalar(statement) or 0


def entrants(session: Session, activity: str, people: Sequence[UUID]) -> dict[UUID, tuple[str, str, str]]:
    """Name, staff code and agency of people on a list."""
    found: dict[UUID, tuple[str, str, str]] = {}
    for start in range(0, len(people), 500):
        rows = session.execute(
            select(Person.id, Person.full_name, Person.staff_code, AgencyVersion.name)
            .join(Expectation, Expectation.person_id == Person.id)
            .join(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
            .where(Expectation.activity == activity, Person.id.in_(people[start : start + 500]))
        )
        found |= {row[0]: (row[1], row[2], row[3]) for row in rows}
    return found


def side_answer_of(session: Session, round_id: UUID, person_id: UUID) -> int | None:
    return session.scalar(select(SideAnswer.answer).where(SideAnswer.round_id == round_id, SideAnswer.person_id == person_id))
