"""Saves no browser of ours would send: a defined answer, a clear word, and what was acknowledged stays."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import UUID, uuid4

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.kit.actors import Actor
from lms.kit.db import Database
from quizzes.models import Attempt, LateArrival, Response
from quizzes.operations.attempts import start_attempt
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import stored
from tests.quizzes.making import AT, QUARTER, fill_bank, keys_of, make_learners, make_round, minutes

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
    return an


@pytest.fixture
def attempt(database: Database, an: Actor) -> UUID:
    with database.transaction() as session:
        return start_attempt(session, an, QUARTER, AT).attempt_id


@pytest.fixture
def keys(database: Database, attempt: UUID) -> dict[int, list[str]]:
    with database.reading() as session:
        return keys_of(session, session.scalars(select(Attempt.form_id)).one())


def one(slot: int = 1, sequence: int = 1, **more: Any) -> dict[str, Any]:
    return {"slot": slot, "sequence": sequence, "answer": [], **more}


@pytest.mark.parametrize(
    "body",
    [
        {"takeover": 1, "responses": [one(at=-1)]},
        {"takeover": 1, "responses": [one(at="now")]},
        {"takeover": 1, "responses": [one()], "clock": -1},
        {"takeover": 1, "responses": [one()], "clock": 1.5},
        {"takeover": 1, "responses": [one(slot=99)]},
        {"takeover": 1, "responses": [one(slot=2**40)]},
        {"takeover": 1, "responses": [{"slot": 1, "sequence": 1, "answer": ["khong-co"]}]},
        {"takeover": 1, "responses": [one()] * 51},
        {"takeover": 1, "responses": []},
        {"takeover": 0, "responses": [one()]},
        {"takeover": 7, "responses": [one()]},
        [],
    ],
)
def test_what_the_paper_or_the_contract_does_not_have_is_refused(attempt: UUID, sign_in: SignInAs, database: Database, body: Any) -> None:
    reply = sign_in("an").post(f"/attempts/{attempt}/answers", json=body)
    assert reply.status_code == 422
    assert reply.json["error"]["message"]
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Response)) == 0


@pytest.mark.parametrize("clock_says", [0, 1, 2**53, 2**63, 10**30, 253402300799000, 253402300799001])
def test_no_clock_however_wrong_stops_a_save(attempt: UUID, sign_in: SignInAs, database: Database, clock_says: int) -> None:
    body = json.dumps({"takeover": 1, "responses": [one(at=clock_says)], "clock": clock_says})
    reply = sign_in("an").post(f"/attempts/{attempt}/answers", data=body, content_type="application/json")
    assert reply.status_code in (200, 422)
    if clock_says <= 2**63 - 1:
        assert reply.status_code == 200
        assert reply.json["seconds_left"] == 30 * 60


@pytest.mark.parametrize("clock_says", [0, 2**53, 253402300799000])
def test_no_clock_however_wrong_stops_a_late_answer_from_being_kept(
    attempt: UUID, sign_in: SignInAs, database: Database, keys: Any, clock: Any, clock_says: int
) -> None:
    clock.shift(minutes(35))
    body = {"takeover": 1, "responses": [{"slot": 1, "sequence": 1, "answer": keys[1], "at": clock_says}], "clock": clock_says}
    reply = sign_in("an").post(f"/attempts/{attempt}/answers", json=body)
    assert (reply.status_code, reply.json["late"]["state"]) == (409, "waiting")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(LateArrival)) == 1


@pytest.mark.parametrize("path", ["answers", "begin", "seen", "submit", "takeover"])
def test_ten_megabytes_are_refused_or_not_read(attempt: UUID, sign_in: SignInAs, path: str) -> None:
    body = b'{"takeover": 1, "responses": "' + b"x" * (10 * 1024 * 1024) + b'"}'
    reply = sign_in("an").post(f"/attempts/{attempt}/{path}", data=body, content_type="application/json")
    assert reply.status_code < 500
    if path == "answers":
        assert (reply.status_code, reply.json["error"]["code"]) == (413, "too_large")


@pytest.mark.parametrize("path", ["answers", "begin", "seen", "submit", "takeover", "file"])
def test_anothers_attempt_and_one_that_never_was_are_not_there(attempt: UUID, sign_in: SignInAs, path: str) -> None:
    client = sign_in("binh")
    body = {"takeover": 1, "responses": [one()]}
    for address in (attempt, uuid4()):
        assert client.post(f"/attempts/{address}/{path}", json=body).status_code == 404


@given(order=st.permutations(range(12)), repeats=st.lists(st.integers(0, 11), max_size=6))
@settings(suppress_health_check=list(HealthCheck), max_examples=25, deadline=None)
def test_in_whatever_order_and_however_often_saves_come_the_newest_stands(
    database: Database, an: Actor, attempt: UUID, keys: Any, order: list[int], repeats: list[int]
) -> None:
    with database.reading() as session:  # examples share the attempt: each counts on from the one before
        base = 100 + (session.scalar(select(func.max(Response.sequence))) or 0)
    for number in [*order, *repeats]:
        slot = number % 3 + 1
        answer = keys[slot] if number >= 9 else []
        with database.transaction() as session:
            save_answers(session, an, attempt, takeover=1, answers=[Answered(slot, base + number, answer)], at=AT)
    with database.reading() as session:
        kept = stored(session, attempt)
    assert {slot: (row.sequence - base, row.answer) for slot, row in kept.items()} == {n % 3 + 1: (n, keys[n % 3 + 1]) for n in (9, 10, 11)}


def test_saving_and_handing_in_at_once_through_the_door_lose_nothing_acknowledged(
    attempt: UUID, sign_in: SignInAs, database: Database, keys: Any
) -> None:
    clients = [sign_in("an") for _ in range(8)]
    for client in clients:
        with client.session_transaction() as cookie:
            cookie["sitting"] = [str(attempt), 1]

    def save(slot: int) -> tuple[int, int]:
        body = {"takeover": 1, "responses": [{"slot": slot, "sequence": 1, "answer": keys[slot]}]}
        return slot, clients[slot].post(f"/attempts/{attempt}/answers", json=body).status_code

    with ThreadPoolExecutor(8) as pool:
        saves = [pool.submit(save, slot) for slot in keys]
        submits = [pool.submit(clients[number].post, f"/attempts/{attempt}/submit", json={}) for number in (0, 7)]
        receipts = {future.result().json["receipt"] for future in submits}
        results = dict(future.result() for future in saves)
    assert len(receipts) == 1
    assert set(results.values()) <= {200, 409}
    with database.reading() as session:
        kept = stored(session, attempt)
        late = [one["slot"] for answers in session.scalars(select(LateArrival.answers)) for one in answers]
    acknowledged = {slot for slot, status in results.items() if status == 200}
    assert acknowledged == set(kept)
    assert set(late) == set(results) - acknowledged  # and what was refused is kept, too
