"""What persons are granted beyond a test's own rules: in bulk, at once for whoever sits, and past the window's end."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.db import Database
from lms.kit.errors import DomainError
from quizzes.models import Accommodation, Attempt
from quizzes.operations.accommodations import end_accommodation, grant_accommodations
from quizzes.operations.attempts import start_attempt
from quizzes.queries.rounds import round_by_code
from quizzes.rules.accommodations import Allowance, codes_in, combined
from quizzes.rules.rounds import StartRefused
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, CLOSES, QUARTER, fill_bank, make_learners, make_round

REASON = "Công văn 12/SNV"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(database: Database) -> list[UUID]:
    with database.transaction() as session:
        found = make_learners(session, "an", "binh")
        fill_bank(session)
        make_round(session)
    return [actor.person_id for actor in found if actor.person_id is not None]


def allow(database: Database, people: list[UUID], given: Allowance, *, everywhere: bool = False) -> None:
    with database.transaction() as session:
        round_id = None if everywhere else round_by_code(session, QUARTER).id
        grant_accommodations(session, SERVICE, people, round_id=round_id, given=given, reason=REASON, at=AT)


def times(database: Database) -> tuple[timedelta, int]:
    with database.reading() as session:
        attempt = session.scalars(select(Attempt)).one()
        return attempt.deadline - attempt.started_at, attempt.extra_seconds


def begin(database: Database, person: UUID, at: datetime = AT) -> None:
    with database.transaction() as session:
        start_attempt(session, Actor(person, "an", "an"), QUARTER, at)


@pytest.mark.parametrize("everywhere", [False, True])
def test_more_time_lengthens_the_sitting(database: Database, people: list[UUID], everywhere: bool) -> None:
    allow(database, people[:1], Allowance(extra_percent=50), everywhere=everywhere)
    begin(database, people[0])
    assert times(database) == (timedelta(minutes=45), 900)


def test_more_time_holds_past_the_end_of_the_window(database: Database, people: list[UUID]) -> None:
    allow(database, people[:1], Allowance(extra_percent=100))
    begin(database, people[0], CLOSES - timedelta(minutes=10))
    assert times(database) == (timedelta(minutes=40), 1800)


def test_who_sits_gets_the_longer_time_at_once_and_once(database: Database, people: list[UUID]) -> None:
    begin(database, people[0])
    allow(database, people, Allowance(extra_percent=50))
    allow(database, people, Allowance(extra_percent=50))
    assert times(database) == (timedelta(minutes=45), 900)
    allow(database, people, Allowance(extra_percent=10))
    assert times(database) == (timedelta(minutes=45), 900)


def test_one_may_begin_after_the_window_where_that_was_granted(database: Database, people: list[UUID]) -> None:
    later = CLOSES + timedelta(days=1)
    with pytest.raises(StartRefused):
        begin(database, people[0], later)
    allow(database, people[:1], Allowance(start_until=CLOSES + timedelta(days=2)))
    begin(database, people[0], later)
    assert times(database) == (timedelta(minutes=30), 0)
    with pytest.raises(StartRefused):
        begin(database, people[1], later)


def test_what_was_ended_holds_no_longer(database: Database, people: list[UUID]) -> None:
    allow(database, people[:1], Allowance(extra_percent=50))
    with database.transaction() as session:
        end_accommodation(session, SERVICE, session.scalars(select(Accommodation.id)).one(), AT)
    begin(database, people[0])
    assert times(database) == (timedelta(minutes=30), 0)


@given(st.lists(st.builds(Allowance, extra_percent=st.integers(0, 300), extra_attempts=st.integers(0, 20)), max_size=4))
def test_of_several_grants_the_more_generous_holds(given_: list[Allowance]) -> None:
    whole = combined(given_)
    assert all(whole.extra_percent >= one.extra_percent and whole.extra_attempts >= one.extra_attempts for one in given_)
    assert whole.extra_percent in {0, *(one.extra_percent for one in given_)}


@pytest.mark.parametrize(
    "wrong",
    [Allowance(), Allowance(extra_percent=301), Allowance(extra_percent=-1), Allowance(extra_attempts=21)],
)
def test_what_makes_no_sense_is_refused(wrong: Allowance) -> None:
    with pytest.raises(DomainError):
        wrong.check(of_one_round=True)


def test_another_attempt_belongs_to_one_round() -> None:
    with pytest.raises(DomainError) as refused:
        Allowance(extra_attempts=1).check(of_one_round=False)
    assert refused.value.code == "needs_a_round"


def test_codes_are_read_as_they_were_pasted_from_a_sheet() -> None:
    assert codes_in(" CB00016\tCB00017\r\ncb00016; CB9 ,") == ["CB00016", "CB00017", "CB9"]


# --- the pages


@pytest.fixture
def organiser(database: Database, people: list[UUID], sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    with database.transaction() as session:
        agency = make_agency(session, "Văn phòng")
        grant(session, make_person(session, "Bế Tổ Chức", agency=agency, login="tochuc", staff_code="CB-TC"), Role.DEPARTMENT)
    return sign_in("tochuc")


def test_nothing_is_granted_before_the_people_were_shown(organiser: FlaskClient, database: Database) -> None:
    address = f"/manage/accommodations/new?round={QUARTER}"
    data = {"codes": "cb-tc", "extra_percent": "25", "extra_attempts": "0", "reason": REASON}
    page = organiser.post(address, data=data)
    assert page.status_code == 200
    assert "Bế Tổ Chức" in page.text
    with database.reading() as session:
        assert session.scalars(select(Accommodation)).all() == []
    assert organiser.post(address, data={**data, "confirmed": "yes"}).status_code == 303
    assert "thêm 25% thời gian" in organiser.get(f"/manage/accommodations/?round={QUARTER}").text


def test_a_code_that_nobody_has_is_named_and_nobody_is_granted_anything(organiser: FlaskClient, database: Database) -> None:
    data = {"codes": "CB-TC\nCB-KHONG", "extra_percent": "25", "reason": REASON, "confirmed": "yes"}
    page = organiser.post(f"/manage/accommodations/new?round={QUARTER}", data=data)
    assert "Không tìm thấy mã: CB-KHONG" in page.text
    with database.reading() as session:
        assert session.scalars(select(Accommodation)).all() == []


@pytest.mark.parametrize(("field", "value"), [("extra_percent", "999"), ("start_until", "mai"), ("codes", ""), ("reason", "")])
def test_bad_input_is_told_where_it_stands(organiser: FlaskClient, field: str, value: str) -> None:
    data = {"codes": "CB-TC", "extra_percent": "25", "reason": REASON, field: value}
    page = organiser.post(f"/manage/accommodations/new?round={QUARTER}", data=data)
    assert page.status_code == 422
    assert f'href="#{field}"' in page.text


def test_the_person_is_told_what_is_granted_before_and_while_sitting(
    database: Database, people: list[UUID], sign_in: Callable[[str], FlaskClient]
) -> None:
    allow(database, people[:1], Allowance(extra_percent=25, extra_attempts=1, start_until=CLOSES + timedelta(days=1)))
    client = sign_in("an")
    for page in (f"/rounds/{QUARTER}/", f"/rounds/{QUARTER}/start"):
        told = client.get(page).text
        assert "Được thêm 25% thời gian làm bài, tổng cộng 38 phút; được thêm 1 lượt làm bài; được bắt đầu đến" in told
    attempt = client.post(f"/rounds/{QUARTER}/start", json={}).json["attempt"]
    assert "Được thêm 8 phút" in client.get(f"/attempts/{attempt}").text
    assert "Điều kiện riêng" not in sign_in("binh").get(f"/rounds/{QUARTER}/").text
