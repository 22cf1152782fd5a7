"""Answers that come too late are kept with their evidence, and taken by rule or decided by people; the mark follows."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.results.models import Outcome
from quizzes.models import Attempt, LateArrival, Round
from quizzes.operations.attempts import end_overdue_attempts, start_attempt, take_over
from quizzes.operations.late import Kept, decide_late, keep_late
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import attempt_of
from quizzes.queries.late import late_news
from quizzes.rules.late import MOST_ARRIVALS, Doubt, Evidence, LateAnswer, LateState, doubts, reckoned
from quizzes.rules.sealed import FORMAT, open_file, purpose_of_key, read_file, seal
from tests.factories import grant
from tests.quizzes.making import AT, QUARTER, fill_bank, keys_of, make_learners, make_round, minutes, person_of

SignInAs = Callable[[str], FlaskClient]
SECOND = timedelta(seconds=1)
DEADLINE = AT + minutes(30)
LATE = DEADLINE + minutes(3)
TWO_HOURS = timedelta(hours=2)


@pytest.fixture
def an(database: Database) -> Actor:
    with database.transaction() as session:
        an, _binh, _lan = make_learners(session, "an", "binh", "lan")
        fill_bank(session)
        make_round(session)
        grant(session, person_of(session, "lan"), Role.DEPARTMENT)
    return an


@pytest.fixture
def attempt(database: Database, an: Actor) -> UUID:
    with database.transaction() as session:
        return start_attempt(session, an, QUARTER, AT).attempt_id


@pytest.fixture
def keys(database: Database, attempt: UUID) -> dict[int, list[str]]:
    with database.reading() as session:
        return keys_of(session, session.scalars(select(Attempt.form_id)).one())


def save(
    database: Database, an: Actor, attempt: UUID, slot: int, answer: list[str], at: datetime, *, ahead: timedelta = timedelta()
) -> None:
    with database.transaction() as session:
        given = [Answered(slot=slot, sequence=slot, answer=answer)]
        save_answers(session, an, attempt, takeover=1, answers=given, at=at, device_clock=at + ahead)


def arrive(database: Database, an: Actor, attempt: UUID, *answers: LateAnswer, at: datetime = LATE, clock: datetime | None = None) -> Kept:
    with database.transaction() as session:
        return keep_late(session, an, attempt, answers, at, device_clock=clock or at, owner=an.person_id)


def late(slot: int, answer: list[str], given_at: datetime | None, *, takeover: int = 1, sequence: int | None = None) -> LateAnswer:
    return LateAnswer(slot, takeover, sequence or 100 + slot, answer, False, given_at)


def score(database: Database, an: Actor, attempt: UUID) -> tuple[str, Decimal | None, Decimal | None]:
    with database.reading() as session:
        found = attempt_of(session, attempt, an.person_id)
        told = session.scalar(select(Outcome.score).where(Outcome.superseded_by.is_(None)))
    return found.state, found.score, told


def test_given_in_time_and_soon_here_they_are_in_the_first_mark(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5))
    kept = arrive(database, an, attempt, late(2, keys[2], DEADLINE - minutes(1)))
    assert (kept.state, kept.count) == (LateState.TAKEN, 1)
    assert score(database, an, attempt) == ("expired", Decimal("33.33"), Decimal("33.33"))


def test_after_marking_they_supersede_the_mark(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5))
    with database.transaction() as session:
        end_overdue_attempts(session, SERVICE, AT + minutes(31))
    assert arrive(database, an, attempt, late(2, keys[2], DEADLINE - minutes(1))).state == LateState.TAKEN
    assert score(database, an, attempt) == ("expired", Decimal("33.33"), Decimal("33.33"))
    with database.reading() as session:
        assert session.scalars(select(Attempt.score)).one() == Decimal("16.67")  # what it was first marked with stays
        assert session.scalar(select(func.count()).select_from(Outcome)) == 2


def test_a_clock_two_hours_off_that_stayed_so_is_reckoned_with(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5), ahead=TWO_HOURS)
    in_time = late(2, keys[2], DEADLINE - minutes(1) + TWO_HOURS)
    assert arrive(database, an, attempt, in_time, clock=LATE + TWO_HOURS).state == LateState.TAKEN


def test_a_clock_set_back_two_hours_in_between_is_left_to_people(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5))
    set_back = late(2, keys[2], LATE - TWO_HOURS)
    assert arrive(database, an, attempt, set_back, clock=LATE - TWO_HOURS).state == LateState.WAITING
    with database.reading() as session:
        assert Doubt.CLOCK_MOVED in session.scalars(select(LateArrival)).one().evidence["doubts"]


def evidence(**changes: Any) -> Evidence:
    values = {"deadline": DEADLINE, "late_seconds": 600, "takeover": 1, "received_at": LATE, "device_clock": LATE, "offsets": [0, 1]}
    return Evidence(**{**values, **changes})


@pytest.mark.parametrize(
    ("given_at", "changes", "doubt"),
    [
        (DEADLINE, {}, None),
        (DEADLINE + SECOND * 2, {}, Doubt.GIVEN_AFTER),
        (DEADLINE - SECOND, {"received_at": DEADLINE + minutes(10) + SECOND}, Doubt.TOO_LATE),
        (DEADLINE - SECOND, {"offsets": []}, Doubt.NEVER_MEASURED),
        (DEADLINE - SECOND, {"takeover": 2}, Doubt.OTHER_DEVICE),
        (DEADLINE - SECOND, {"locked": True}, Doubt.ROUND_LOCKED),
        (DEADLINE - SECOND, {"offsets": [0, 7200]}, Doubt.CLOCK_MOVED),
        (None, {}, Doubt.NO_CLOCK),
        (DEADLINE - SECOND, {"device_clock": None}, Doubt.NO_CLOCK),
    ],
)
def test_what_the_rule_leaves_to_people(given_at: datetime | None, changes: dict[str, Any], doubt: Doubt | None) -> None:
    found = doubts([late(1, ["a"], given_at)], evidence(**changes))
    assert (found == []) if doubt is None else (doubt in found)


def test_a_journal_out_of_order_is_left_to_people() -> None:
    answers = [late(1, ["a"], DEADLINE - SECOND, sequence=1), late(2, ["a"], DEADLINE - minutes(5), sequence=2)]
    assert doubts(answers, evidence()) == [Doubt.NOT_IN_ORDER]


@given(
    ahead=st.integers(-(10**8), 10**8),
    given=st.integers(-3600, 3600),
    received=st.integers(1, 7200),
    drift=st.integers(-60, 60),
)
def test_the_rule_takes_nothing_given_after_the_deadline_or_come_too_late(ahead: int, given: int, received: int, drift: int) -> None:
    """However far off the device's clock is, as long as it stays so, only what was given in time is taken."""
    here = DEADLINE + received * SECOND
    of_device = timedelta(seconds=ahead)
    told = evidence(received_at=here, device_clock=here + of_device + drift * SECOND, offsets=[ahead, ahead])
    one = late(1, ["a"], DEADLINE + given * SECOND + of_device)
    if not doubts([one], told):
        assert given <= 0
        assert received <= 600
        assert abs(drift) <= 30
    moment = reckoned(one.given_at, told)
    assert moment == DEADLINE + given * SECOND


def test_the_same_message_again_is_kept_once(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    first = arrive(database, an, attempt, late(2, keys[2], None))
    again = arrive(database, an, attempt, late(2, keys[2], None), at=LATE + minutes(1))
    assert (first.arrival_id, first.state) == (again.arrival_id, LateState.WAITING)


def test_what_is_older_than_the_stored_answer_is_nothing_new(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 2, keys[2], AT + minutes(5))
    assert arrive(database, an, attempt, late(2, [], None, sequence=1)).state == LateState.EMPTY


def test_from_a_device_that_gave_way_they_wait(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5))
    with database.transaction() as session:
        take_over(session, an, attempt, AT + minutes(6))
    assert arrive(database, an, attempt, late(2, keys[2], DEADLINE - minutes(1))).state == LateState.WAITING


def test_a_flood_is_stopped_and_leaves_what_was_kept(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    for number in range(MOST_ARRIVALS):
        arrive(database, an, attempt, late(2, keys[2], None, sequence=1000 + number))
    with pytest.raises(Conflict) as refused:
        arrive(database, an, attempt, late(2, keys[2], None, sequence=5000))
    assert refused.value.code == "too_many_late"


def waiting_arrival(database: Database, an: Actor, attempt: UUID, keys: Any) -> UUID:
    with database.transaction() as session:
        end_overdue_attempts(session, SERVICE, AT + minutes(31))
    kept = arrive(database, an, attempt, late(2, keys[2], None))
    assert kept.state == LateState.WAITING
    assert kept.arrival_id is not None
    return kept.arrival_id


def lan(database: Database) -> Actor:
    with database.reading() as session:
        return Actor(person_of(session, "lan"), "Lan", "lan")


def test_accepted_they_count_and_the_person_is_told(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    arrival = waiting_arrival(database, an, attempt, keys)
    with database.transaction() as session:
        decide_late(session, lan(database), arrival, accept=True, reason="Mất điện cả xã", at=LATE + minutes(60))
    assert score(database, an, attempt)[1:] == (Decimal("16.67"), Decimal("16.67"))
    with database.reading() as session:
        [news] = late_news(session, AT)
        actions = set(session.scalars(select(AuditEntry.action)))
    assert (news.person_id, news.accepted, news.reason) == (an.person_id, True, "Mất điện cả xã")
    assert {"quizzes.keep_late_answers", "quizzes.accept_late_answers"} <= actions


def test_refused_they_are_kept_and_the_mark_stays(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    arrival = waiting_arrival(database, an, attempt, keys)
    with database.transaction() as session:
        decide_late(session, lan(database), arrival, accept=False, reason="Không có căn cứ", at=LATE)
    assert score(database, an, attempt)[1] == Decimal(0)
    with database.transaction() as session, pytest.raises(Conflict):
        decide_late(session, lan(database), arrival, accept=True, reason="Khác", at=LATE)
    with database.reading() as session:
        assert session.scalars(select(LateArrival)).one().answers[0]["answer"] == keys[2]


def test_nobody_decides_about_oneself_or_without_a_reason(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    arrival = waiting_arrival(database, an, attempt, keys)
    with database.transaction() as session, pytest.raises(Conflict):
        decide_late(session, an, arrival, accept=True, reason="Tôi thấy đúng", at=LATE)
    with database.transaction() as session, pytest.raises(DomainError, match="lý do"):
        decide_late(session, lan(database), arrival, accept=True, reason="  ", at=LATE)


def sealed_file(app: Flask, an: Actor, attempt: UUID, *answers: LateAnswer) -> bytes:
    assert an.person_id is not None
    key = app.extensions["lms.vault"].key_for(purpose_of_key(attempt, an.person_id))
    entries = [
        {"slot": one.slot, "takeover": one.takeover, "sequence": one.sequence, "sealed": seal(key, os.urandom(12), attempt, one)}
        for one in answers
    ]
    return json.dumps({"format": FORMAT, "version": 1, "attempt": str(attempt), "entries": entries}).encode()


def bring(client: FlaskClient, attempt: UUID, content: bytes) -> Any:
    head = b'--x\r\nContent-Disposition: form-data; name="files"; filename="bai.lmsbai"\r\n\r\n'
    body = head + content + b"\r\n--x--\r\n"
    return client.post(f"/attempts/{attempt}/file", data=body, content_type="multipart/form-data; boundary=x")


def test_a_sealed_file_is_opened_and_its_answers_wait(
    app: Flask, database: Database, an: Actor, attempt: UUID, keys: Any, sign_in: SignInAs
) -> None:
    file = sealed_file(app, an, attempt, late(2, keys[2], DEADLINE - minutes(1)))
    assert json.dumps(keys[2]).encode() not in file
    with time_machine.travel(LATE, tick=False):
        client = sign_in("an")
        assert bring(client, attempt, file).status_code == 303
        page = client.get(f"/attempts/{attempt}/receipt").text
    assert "đang chờ cơ quan tổ chức kiểm tra xem xét" in page
    with database.reading() as session:
        arrival = session.scalars(select(LateArrival)).one()
    assert (arrival.source, arrival.state, arrival.answers[0]["answer"]) == ("file", "waiting", keys[2])


def test_a_file_that_was_changed_moved_or_is_no_file_is_refused(
    app: Flask, database: Database, an: Actor, attempt: UUID, keys: Any, sign_in: SignInAs
) -> None:
    good = json.loads(sealed_file(app, an, attempt, late(2, keys[2], DEADLINE)))
    moved = {**good, "entries": [{**good["entries"][0], "slot": 3}]}
    other = {**good, "attempt": str(uuid4())}
    with time_machine.travel(LATE, tick=False):
        client = sign_in("an")
        for content in (
            json.dumps(moved).encode(),
            json.dumps(other).encode(),
            json.dumps({**good, "entries": [{**good["entries"][0], "sealed": "AAAA"}]}).encode(),
            b"PK\x03\x04",
            b"[" * 100_000,
            b"{}",
            b"x" * (10 * 1024 * 1024),
        ):
            assert bring(client, attempt, content).status_code in (413, 422), content[:40]
        assert bring(sign_in("binh"), attempt, json.dumps(good).encode()).status_code == 404
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LateArrival)) == 0


@given(
    answer=st.lists(st.text(max_size=30), max_size=5),
    flagged=st.booleans(),
    slot=st.integers(1, 99),
    sequence=st.integers(0, 2**53),
    milliseconds=st.none() | st.integers(0, 4 * 10**12),
)
def test_what_was_sealed_is_opened_alike(answer: list[str], flagged: bool, slot: int, sequence: int, milliseconds: int | None) -> None:
    given_at = None if milliseconds is None else datetime.fromtimestamp(milliseconds / 1000, AT.tzinfo)
    one, attempt, key = LateAnswer(slot, 1, sequence, answer, flagged, given_at), uuid4(), os.urandom(32)
    entry = {"slot": slot, "takeover": 1, "sequence": sequence, "sealed": seal(key, os.urandom(12), attempt, one)}
    file = read_file(json.dumps({"format": FORMAT, "version": 1, "attempt": str(attempt), "entries": [entry]}).encode())
    assert open_file(file, key).answers == [one]
    with pytest.raises(DomainError):
        open_file(file, os.urandom(32))


def test_the_reply_to_what_came_too_late_says_it_is_kept(
    app: Flask, database: Database, an: Actor, attempt: UUID, keys: Any, sign_in: SignInAs
) -> None:
    with time_machine.travel(LATE, tick=False):
        body = {"takeover": 1, "responses": [{"slot": 2, "sequence": 9, "answer": keys[2]}]}
        reply = sign_in("an").post(f"/attempts/{attempt}/answers", json=body)
        stranger = sign_in("binh").post(f"/attempts/{attempt}/answers", json=body)
    assert (reply.status_code, reply.json["error"]["code"]) == (409, "attempt_closed")
    assert reply.json["late"] == {"kept": 1, "state": "waiting"}
    assert reply.json["stored"] == []
    assert stranger.status_code == 404


def test_the_department_sees_the_evidence_and_decides(
    app: Flask, database: Database, an: Actor, attempt: UUID, keys: Any, sign_in: SignInAs
) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5), ahead=TWO_HOURS)
    arrival = waiting_arrival(database, an, attempt, keys)
    with time_machine.travel(LATE, tick=False):
        department = sign_in("lan")
        assert "Nguyễn Văn an" in department.get("/manage/late").text
        page = department.get(f"/manage/late/{arrival}").text
        assert "đồng hồ máy lệch 7200 giây" in page
        assert "Hết giờ làm bài" in page
        assert department.post(f"/manage/late/{arrival}", data={"decision": "accept"}).status_code == 422
        form = {"decision": "accept", "reason": "Mất điện"}
        assert department.post(f"/manage/late/{arrival}", data=form).status_code == 303
        assert department.post(f"/manage/late/{arrival}", data=form).status_code == 303  # told that it was decided
        assert sign_in("an").get("/manage/late").status_code == 403
        assert "Mất điện" in sign_in("an").get(f"/attempts/{attempt}/receipt").text
    assert score(database, an, attempt)[1] == Decimal("33.33")


def test_a_round_whose_results_are_locked_leaves_them_to_people(database: Database, an: Actor, attempt: UUID, keys: Any) -> None:
    save(database, an, attempt, 1, keys[1], AT + minutes(5))
    with database.transaction() as session:
        end_overdue_attempts(session, SERVICE, AT + minutes(31))
        session.execute(update(Round).values(state="locked"))
    assert arrive(database, an, attempt, late(2, keys[2], DEADLINE - minutes(1))).state == LateState.WAITING
