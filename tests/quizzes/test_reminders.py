"""Who is reminded of a test, when, and by what letter."""

from __future__ import annotations

from datetime import date, datetime, timedelta

from flask import Flask
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from lms.kit.notices import Notice
from quizzes.models import MakeUp, MakeUpPlace
from quizzes.notices.reminders import reminders
from quizzes.operations.accommodations import grant_accommodations
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.queries.rounds import round_by_code
from quizzes.rules.accommodations import Allowance
from quizzes.rules.reminders import REMINDER_DAYS, reminder_due
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import CLOSES, QUARTER, ZONE, fill_bank, make_learners, make_round

# The round closes at 07:00 of 15/12/2026 in the province.
LAST_DAY = date(2026, 12, 15)


def told(database: Database, at: datetime) -> list[Notice]:
    with database.reading() as session:
        return list(reminders(session, at, ZONE))


def days_before(days: int) -> datetime:
    return CLOSES - timedelta(days=days, hours=3)


@given(st.integers(-5, 40))
def test_each_reminder_stands_until_the_next_one(left: int) -> None:
    due = reminder_due(LAST_DAY, LAST_DAY - timedelta(days=left))
    assert due == (None if left < 0 or left > max(REMINDER_DAYS) else min(days for days in REMINDER_DAYS if days >= left))


def test_whoever_has_not_finished_is_reminded_and_their_focal_point_gets_the_list(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        an, binh = make_learners(session, "an", "binh")
        office = make_agency(session, "Sở Y tế")
        focal_point = make_person(session, "Lê Đầu Mối", agency=office, login="daumoi")
        grant(session, focal_point, Role.FOCAL_POINT, office)
        fill_bank(session)
        make_round(session)
    with database.transaction() as session:
        submit_attempt(session, an, start_attempt(session, an, QUARTER, days_before(20)).attempt_id, days_before(20))
    assert told(database, days_before(15)) == []
    found = {(notice.person_id, notice.key) for notice in told(database, days_before(7))}
    key = f"{QUARTER}:202612150700:7"
    assert {person for person, one in found if one == f"sit:{key}"} == {binh.person_id, focal_point}
    lists = [notice for notice in told(database, days_before(7)) if notice.key.startswith("list:")]
    assert [notice.person_id for notice in lists] == [focal_point]
    assert lists[0].lines == ("Lê Đầu Mối (Sở Y tế)",)
    assert lists[0].values["count"] == 1


def test_the_excluded_and_those_whose_time_is_over_are_left_in_peace(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        make_person(session, agency=agency, login="hoa", absence="thai sản")
        make_person(session, agency=agency, login="an")
        fill_bank(session)
        make_round(session)
    assert len(told(database, days_before(3))) == 1
    assert told(database, CLOSES + timedelta(minutes=1)) == []


def test_a_later_start_and_a_make_up_sitting_move_the_reminders(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        an, binh = make_learners(session, "an", "binh")
        fill_bank(session)
        make_round(session)
        round_id = round_by_code(session, QUARTER).id
        assert an.person_id is not None
        assert binh.person_id is not None
        later = Allowance(start_until=CLOSES + timedelta(days=10))
        grant_accommodations(session, SERVICE, [an.person_id], round_id=round_id, given=later, reason="ốm", at=days_before(30))
        again = MakeUp(
            round_id=round_id,
            opens_at=CLOSES + timedelta(days=3),
            closes_at=CLOSES + timedelta(days=6),
            attempts_allowed=1,
            reason="vắng",
            created_at=days_before(30),
        )
        session.add(again)
        session.flush()
        session.add(
            MakeUpPlace(round_id=round_id, person_id=binh.person_id, make_up_id=again.id, reason="vắng", admitted_at=days_before(30))
        )
    after = {notice.person_id: notice for notice in told(database, CLOSES + timedelta(days=1))}
    assert after.keys() == {an.person_id}
    assert after[an.person_id].values["day"] == "25/12/2026"
    in_make_up = {notice.person_id: notice for notice in told(database, CLOSES + timedelta(days=4))}
    assert in_make_up[binh.person_id].values["day"] == "21/12/2026"
