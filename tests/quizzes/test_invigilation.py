"""Supervised rooms: a code lets people begin, the invigilator sees who sits there and whose device has gone silent."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import func, select, update

from lms.agencies.models import AgencyVersion
from lms.kit.actors import EVERYWHERE, Actor, NotFound, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict
from quizzes.models import Attempt, Round, Seat, Supervision
from quizzes.operations.attempts import start_attempt
from quizzes.operations.invigilation import end_supervision, note_seen, open_supervision
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.invigilation import seats_of
from quizzes.rules.invigilation import CODE_LETTERS, TRIES, WrongCode, readable_code
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, QUARTER, fill_bank, make_learners, make_round, minutes

SignInAs = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[Any]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def an(database: Database) -> Actor:
    with database.transaction() as session:
        an, _binh = make_learners(session, "an", "binh")
        fill_bank(session)
        make_round(session)
        session.execute(update(Round).values(supervised=True))
        home, other = make_agency(session, "Sở Y tế"), make_agency(session, "Sở Xây dựng")
        for login, agency in (("giamthi", home), ("nguoikhac", other)):
            grant(session, make_person(session, f"Lý Thị {login}", agency=agency, login=login), Role.FOCAL_POINT, agency)
    return an


@pytest.fixture
def room(database: Database, an: Actor) -> tuple[UUID, str]:
    with database.transaction() as session:
        agency = agency_called(session, "Sở Y tế")
        held = open_supervision(session, an, QUARTER, agency, "Phòng 1", AT, on=AT.date(), scope=EVERYWHERE)
        return held.id, held.code


def agency_called(session: Any, name: str) -> UUID:
    return session.scalars(select(AgencyVersion.agency_id).where(AgencyVersion.name == name)).one()  # type: ignore[no-any-return]


def start(database: Database, actor: Actor, code: str | None, at: Any = AT) -> UUID:
    with database.transaction() as session:
        return start_attempt(session, actor, QUARTER, at, code=code).attempt_id


def test_without_the_code_nobody_begins(database: Database, an: Actor, room: tuple[UUID, str]) -> None:
    for code in (None, "", "222222"):
        with pytest.raises(WrongCode) as refused:
            start(database, an, code)
        assert refused.value.asked == (not code)
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Attempt)) == 0


def test_with_it_one_sits_in_the_room(database: Database, an: Actor, room: tuple[UUID, str]) -> None:
    attempt = start(database, an, f" {room[1][:3].lower()}-{room[1][3:].lower()} ")
    with database.reading() as session:
        assert session.scalars(select(Seat)).one().supervision_id == room[0]
    assert start(database, an, None) == attempt  # going on asks for no code


def test_a_code_is_good_only_for_its_time_and_until_the_session_is_ended(database: Database, an: Actor, room: tuple[UUID, str]) -> None:
    with pytest.raises(WrongCode):
        start(database, an, room[1], AT + timedelta(hours=4))
    with database.transaction() as session:
        end_supervision(session, an, room[0], AT + minutes(1))
        end_supervision(session, an, room[0], AT + minutes(2))
    with pytest.raises(WrongCode):
        start(database, an, room[1], AT + minutes(3))
    with database.reading() as session:
        assert session.scalars(select(AuditEntry.action).where(AuditEntry.subject == str(room[0])).order_by(AuditEntry.at)).all() == [
            "quizzes.open_supervision",
            "quizzes.end_supervision",
        ]


def test_codes_are_easy_to_read_out_and_to_type() -> None:
    assert not set("01OIL") & set(CODE_LETTERS)
    assert readable_code(" 7k3-m2p ") == "7K3M2P"


def test_guessing_codes_is_stopped(database: Database, an: Actor, room: tuple[UUID, str], sign_in: SignInAs, clock: Any) -> None:
    client = sign_in("an")
    for number in range(TRIES):
        assert client.post(f"/rounds/{QUARTER}/start", json={"code": f"WRNG{number}"}).status_code == 422
    refused = client.post(f"/rounds/{QUARTER}/start", json={"code": room[1]})
    assert (refused.status_code, refused.json["error"]["code"]) == (409, "too_many_codes")
    assert sign_in("binh").post(f"/rounds/{QUARTER}/start", json={"code": room[1]}).status_code == 200
    clock.shift(timedelta(minutes=11))
    assert client.post(f"/rounds/{QUARTER}/start", json={"code": room[1]}).status_code == 200


def test_the_page_before_the_start_asks_for_the_code(an: Actor, room: tuple[UUID, str], sign_in: SignInAs) -> None:
    client = sign_in("an")
    assert "Mã phòng thi" in client.get(f"/rounds/{QUARTER}/start").text
    wrong = client.post(f"/rounds/{QUARTER}/start", data={"from_page": "1", "read": "1", "code": "ABCDEF"})
    assert wrong.status_code == 422
    assert "Mã phòng thi không đúng" in wrong.text
    assert client.post(f"/rounds/{QUARTER}/start", data={"from_page": "1", "read": "1", "code": room[1]}).status_code == 303


def test_a_focal_point_opens_rooms_of_the_own_agency_and_sees_no_others(
    database: Database, an: Actor, room: tuple[UUID, str], sign_in: SignInAs
) -> None:
    with database.reading() as session:
        home, other = agency_called(session, "Sở Y tế"), agency_called(session, "Sở Xây dựng")
    client = sign_in("giamthi")
    assert client.get(f"/manage/invigilation/{room[0]}").status_code == 200
    assert sign_in("nguoikhac").get(f"/manage/invigilation/{room[0]}").status_code == 404
    assert sign_in("nguoikhac").post(f"/manage/invigilation/{room[0]}/end").status_code == 404
    assert sign_in("an").get("/manage/invigilation").status_code == 403
    form = {"round": QUARTER, "agency": str(home), "place": "Phòng 2"}
    assert client.post("/manage/invigilation", data=form).status_code == 303
    assert client.post("/manage/invigilation", data={**form, "agency": str(other)}).status_code == 422
    assert client.post("/manage/invigilation", data={**form, "place": ""}).status_code == 422
    with database.transaction() as session, pytest.raises(NotFound):
        open_supervision(session, an, QUARTER, other, "Phòng 3", AT, on=AT.date(), scope=frozenset({home}))


def test_where_there_are_too_many_agencies_for_a_list_one_is_looked_for_within_the_scope(
    database: Database, an: Actor, sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("quizzes.views.invigilation.MOST_AGENCIES", 0)
    with database.reading() as session:
        home, other = agency_called(session, "Sở Y tế"), agency_called(session, "Sở Xây dựng")
    client = sign_in("giamthi")
    asked = {"round": QUARTER, "place": "Phòng 2", "step": "find"}
    found = client.post("/manage/invigilation", data={**asked, "sought-q": "so y te"})
    assert (found.status_code, f'value="{home}"' in found.text) == (200, True)
    assert f'value="{other}"' not in client.post("/manage/invigilation", data={**asked, "sought-q": "xây dựng"}).text
    form = {"round": QUARTER, "place": "Phòng 2"}
    assert client.post("/manage/invigilation", data=form).status_code == 422
    assert client.post("/manage/invigilation", data={**form, "sought": str(other)}).status_code == 404
    assert client.post("/manage/invigilation", data={**form, "sought": str(home)}).status_code == 303


def test_a_round_without_supervision_has_no_rooms(database: Database, an: Actor) -> None:
    with database.transaction() as session:
        session.execute(update(Round).values(supervised=False))
        with pytest.raises(Conflict):
            open_supervision(session, an, QUARTER, agency_called(session, "Sở Y tế"), "P", AT, on=AT.date(), scope=EVERYWHERE)


def test_the_room_tells_how_far_people_are_and_whose_device_is_silent(
    database: Database, an: Actor, room: tuple[UUID, str], sign_in: SignInAs, clock: Any
) -> None:
    attempt = start(database, an, room[1])
    with database.transaction() as session:
        given = [Answered(slot=1, sequence=1, answer=[])]
        save_answers(session, an, attempt, takeover=1, answers=given, at=AT + minutes(1))
        [seat] = seats_of(session, room[0])
    assert (seat.answered, seat.total, seat.last_saved_at) == (0, 6, AT + minutes(1))
    assert not seat.needs_a_look(AT + minutes(2))
    assert seat.needs_a_look(AT + minutes(2) + timedelta(seconds=1))
    with database.transaction() as session:
        assert note_seen(session, attempt, 3, AT + minutes(3))
        [seat] = seats_of(session, room[0])
    assert seat.needs_a_look(AT + minutes(3))
    clock.move_to(AT + minutes(3))
    assert "3 câu chưa gửi" in sign_in("giamthi").get(f"/manage/invigilation/{room[0]}").text


def test_the_page_of_a_sitting_says_it_is_there(database: Database, an: Actor, room: tuple[UUID, str], sign_in: SignInAs) -> None:
    attempt = start(database, an, room[1])
    client = sign_in("an")
    for body in ({"unsent": 2}, {"unsent": -1}, {"unsent": "x"}, [], {"unsent": 10**30}):
        assert client.post(f"/attempts/{attempt}/seen", json=body).status_code == 200
    assert sign_in("binh").post(f"/attempts/{attempt}/seen", json={"unsent": 1}).status_code == 404
    with database.reading() as session:
        assert session.scalars(select(Seat.unsent)).one() == 1000


def test_two_rooms_of_a_round_have_different_codes(database: Database, an: Actor) -> None:
    with database.transaction() as session:
        agency = agency_called(session, "Sở Y tế")
        for number in range(20):
            open_supervision(session, an, QUARTER, agency, f"Phòng {number}", AT, on=AT.date(), scope=EVERYWHERE)
        assert len(set(session.scalars(select(Supervision.code)))) == 20
