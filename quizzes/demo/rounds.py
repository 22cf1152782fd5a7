"""Demonstration data: past quarters as a province would have left them, and the quarter that is open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from random import Random
from uuid import UUID

import click
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.feature import DemoProvince
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter, local_midnight
from lms.kit.unit import database, transaction
from lms.results.models import Expectation
from quizzes.jobs.course_tests import open_course_tests
from quizzes.jobs.forms import count_statistics
from quizzes.models import Attempt
from quizzes.operations import life, windows
from quizzes.operations import rounds as operations
from quizzes.operations.history import record_sittings
from quizzes.queries import bank
from quizzes.queries.attempts import papers_of_round
from quizzes.rules.assembly import Cell, spread
from quizzes.rules.bank import course_of
from quizzes.rules.rounds import FeedbackPolicy, Purpose, RoundSettings, activity_of
from quizzes.rules.windows import Span
from quizzes.sample import sample_sitting

QUESTIONS = 20
MINUTES = 20
BASICS = ("CB1", "CB2", "CB4")  # the courses everybody takes
PRACTISED = ("CB1", "IT5")  # courses with a practice
PRACTICE_QUESTIONS = 10
ALREADY_DONE = 0.35  # share of people who have sat the open quarter's test


def add_rounds(province: DemoProvince) -> None:
    """One closed round with sittings for each past quarter, better from quarter to quarter, and the current one half-way through."""
    random = Random(province.seed)
    over: list[tuple[UUID, datetime]] = []
    for age, quarter in enumerate(reversed(province.past)):
        participation, ability = 0.93 - 0.05 * age, 0.66 - 0.05 * age
        round_id, begins = _open(province, quarter), quarter.begins(province.zone)
        _sit(round_id, quarter, _Turnout(participation, ability, begins, begins + timedelta(days=45)), random, province.at)
        with transaction() as session:
            life.close_round(session, SERVICE, round_id, quarter.ends(province.zone))
        over.append((round_id, quarter.ends(province.zone)))
        click.echo(f"{quarter}: closed with results")
    for round_id, ended_at in reversed(over):  # the earliest first: each is compared with the one before
        count_statistics(database(), round_id, ended_at)
    round_id, begins = _open(province, province.current), province.current.begins(province.zone)
    _sit(
        round_id,
        province.current,
        _Turnout(ALREADY_DONE, 0.7, begins, max(begins, province.at - timedelta(days=3)), province.newcomers),
        random,
        province.at,
    )
    click.echo(f"{province.current}: open")
    _make_up(province, round_id)
    for course in PRACTISED:
        _practice(province, course)
    for course, refused in open_course_tests(province.at).items():
        click.echo(f"{course}: course test {'open' if refused is None else f'not opened: {refused}'}")


def _make_up(province: DemoProvince, round_id: UUID) -> None:
    """A make-up sitting of the open round, three days after its end, with two people let in."""
    begins = province.current.ends(province.zone) + timedelta(days=3, hours=8)
    with transaction() as session:
        sat = select(Attempt.person_id).where(Attempt.round_id == round_id)
        people = session.scalars(
            select(Expectation.person_id)
            .where(Expectation.activity == activity_of(str(province.current)), Expectation.person_id.not_in(sat))
            .order_by(Expectation.person_id)
            .limit(2)
        ).all()
        span = Span(begins, begins + timedelta(hours=9))
        made = windows.add_make_up(session, SERVICE, round_id, span, attempts_allowed=1, reason="Người hoãn trong kỳ", at=province.at)
        if people:
            windows.admit_people(session, SERVICE, made, dict.fromkeys(people, "Công tác đột xuất"), province.at)


def _practice(province: DemoProvince, course: str) -> None:
    """An open practice of a course: as often as one likes, with the answers at once."""
    quarter = province.current
    begins, ends = quarter.begins(province.zone), quarter.ends(province.zone)
    settings = RoundSettings(
        quarter=quarter,
        title=f"Luyện tập {course}",
        purpose=Purpose.PRACTICE,
        code=f"luyen-tap-{course.lower()}",
        course=course,
        cutoff_day=quarter.first_day,
        opens_at=begins,
        closes_at=ends - timedelta(minutes=1),
        duration_seconds=MINUTES * 60,
        attempts_allowed=100,
        feedback_policy=FeedbackPolicy.IMMEDIATELY,
    )
    with transaction() as session:
        usable = bank.usable_items(session, quarter.first_day, quarter.last_day)
        have = {cell: len(items) for cell, items in usable.items() if course_of(cell[0]) == course}
        if sum(have.values()) < PRACTICE_QUESTIONS:
            return
        round_id = operations.create_round(session, SERVICE, settings, spread(have, PRACTICE_QUESTIONS), province.at)
        life.open_round(session, SERVICE, round_id, zone=province.zone, at=begins)
    click.echo(f"{settings.code}: open")


@dataclass(frozen=True, slots=True)
class _Turnout:
    """How a round went: which share took part, how much of the matter they knew, when most of them sat, and who surely did not."""

    participation: float
    ability: float
    opens: datetime
    around: datetime
    leaving_out: frozenset[UUID] = frozenset()


def _open(province: DemoProvince, quarter: Quarter) -> UUID:
    begins, ends = quarter.begins(province.zone), quarter.ends(province.zone)
    settings = RoundSettings(
        quarter=quarter,
        title=f"Kiểm tra kiến thức chuyển đổi số {quarter.label}",
        legal_basis="Kế hoạch bồi dưỡng, kiểm tra kỹ năng số của tỉnh (dữ liệu trình diễn)",
        cutoff_day=quarter.first_day,
        opens_at=begins,
        closes_at=ends - timedelta(minutes=1),
        duration_seconds=MINUTES * 60,
        attempts_allowed=2,
        pass_mark=Decimal(50),
        feedback_policy=FeedbackPolicy.IMMEDIATELY if quarter == province.current else FeedbackPolicy.AFTER_CLOSE,
        appeals_from=ends,
        appeals_until=ends + timedelta(days=7),
    )
    plan = {
        "notice_on": quarter.first_day - timedelta(days=10),
        "locks_at": ends + timedelta(days=10, hours=8),
        "publishes_on": quarter.last_day + timedelta(days=12),
    }
    with transaction() as session:
        round_id = operations.create_round(session, SERVICE, settings, _blueprint(session, quarter), province.at, plan=plan)
    with transaction() as session:
        life.open_round(session, SERVICE, round_id, zone=province.zone, at=local_midnight(quarter.first_day, province.zone))
    return round_id


def _blueprint(session: Session, quarter: Quarter) -> list[Cell]:
    usable = bank.usable_items(session, quarter.first_day, quarter.last_day)
    return spread({cell: len(items) for cell, items in usable.items() if course_of(cell[0]) in BASICS}, QUESTIONS)


def _sit(round_id: UUID, quarter: Quarter, turnout: _Turnout, random: Random, noted_at: datetime) -> None:
    with transaction() as session:
        papers = papers_of_round(session, round_id)
        expected = session.execute(
            select(Expectation.person_id, Expectation.agency_id)
            .where(Expectation.activity == activity_of(str(quarter)), Expectation.excluded_because.is_(None))
            .order_by(Expectation.person_id)
        ).all()
        # Agencies differ: each has its own diligence and knowledge, the same in every quarter.
        agencies = sorted({agency for _, agency in expected})
        character = {agency: Random(index).uniform(-0.12, 0.12) for index, agency in enumerate(agencies)}
        sittings = [
            sample_sitting(
                papers,
                person,
                ability=min(0.97, max(0.2, random.gauss(turnout.ability + character[agency], 0.15))),
                started_at=max(turnout.opens, turnout.around - timedelta(minutes=random.randint(0, 20 * 24 * 60))),
                minutes=random.randint(7, MINUTES - 1),
                random=random,
            )
            for person, agency in expected
            if person not in turnout.leaving_out and random.random() < turnout.participation + character[agency]
        ]
        # Single answers would be tens of thousands of statements that nobody who looks around misses.
        recorded_at = sittings[-1].submitted_at if sittings else turnout.around
        record_sittings(session, SERVICE, round_id, sittings, recorded_at, noted_at=noted_at, tells_answers=False)
