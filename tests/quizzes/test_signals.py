"""Signals: what is odd is shown to the department with when it is quite normal; nothing follows from it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from datetime import timedelta
from random import Random
from uuid import UUID, uuid4

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.queue import run_due
from quizzes.models import Attempt, Round, Signal, SittingTrace
from quizzes.operations.attempts import Origin, start_attempt, submit_attempt, take_over
from quizzes.operations.saving import Answered, save_answers
from quizzes.operations.signals import find_signals
from quizzes.rules.signals import Sat, SignalKind, fast, match_chances, same_device, same_wrong, tail
from tests.factories import grant
from tests.quizzes.making import AT, QUARTER, fill_bank, make_learners, make_round, minutes, person_of

SignInAs = Callable[[str], FlaskClient]
FORM = uuid4()


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


def sat(answers: dict[int, str], right: str = "b", *, device: str | None = None, seconds: int = 1800, form: UUID = FORM) -> Sat:
    given = {slot: (letter,) for slot, letter in answers.items()}
    correct = frozenset(slot for slot, letter in answers.items() if letter == right)
    return Sat(uuid4(), uuid4(), form, AT, AT + timedelta(seconds=seconds), device, given, correct)


def by_chance(count: int, seed: int = 1) -> list[Sat]:
    """People who answer 30 questions without each other, most of them right."""
    random = Random(seed)
    return [sat({slot: random.choice("bbbbacd") for slot in range(30)}) for _ in range(count)]


@given(st.lists(st.floats(0, 1), max_size=8), st.integers(0, 9))
def test_the_tail_is_what_counting_all_cases_gives(chances: list[float], least: int) -> None:
    exact = 0.0
    for heads in itertools.product((0, 1), repeat=len(chances)):
        if sum(heads) >= least:
            product = 1.0
            for fell, chance in zip(heads, chances, strict=True):
                product *= chance if fell else 1 - chance
            exact += product
    assert tail(chances, least) == pytest.approx(exact, abs=1e-9)


def test_the_chance_of_being_wrong_alike_is_the_sum_of_squares() -> None:
    group = [sat({1: letter}) for letter in "aaac"] + [sat({1: "b"})] * 5
    assert match_chances(group) == {1: pytest.approx((3 / 4) ** 2 + (1 / 4) ** 2)}


def test_people_who_answer_without_each_other_raise_no_flag() -> None:
    assert all(same_wrong(by_chance(60, seed)) == [] for seed in range(3))


def test_one_who_copied_a_weak_paper_is_flagged_with_the_other() -> None:
    people = by_chance(40)
    source = sat({slot: "acd"[slot % 3] if slot % 2 else "b" for slot in range(30)})
    copy = Sat(uuid4(), uuid4(), FORM, AT, AT, None, source.answers, source.right)
    [found] = same_wrong([*people, source, copy])
    assert set(found.attempts) == {source.attempt_id, copy.attempt_id}
    assert found.figures["matches"] == 15


def test_a_wrong_answer_everybody_gives_flags_nobody() -> None:
    """A misleading question, or a wrong key: being wrong alike says nothing there."""
    assert same_wrong([sat(dict.fromkeys(range(30), "a")) for _ in range(20)]) == []


def test_two_sittings_of_one_person_are_no_pair() -> None:
    one = sat({slot: "acd"[slot % 3] for slot in range(30)})
    again = Sat(uuid4(), one.person_id, FORM, AT, AT, None, one.answers, one.right)
    assert same_wrong([*by_chance(40), one, again]) == []


def test_a_device_of_several_people_and_a_paper_done_in_no_time_are_flagged() -> None:
    shared = [sat({1: "b"}, device="x"), sat({1: "a"}, device="x"), sat({1: "a"}, device="y"), sat({1: "a"}), sat({1: "a"})]
    [device] = same_device(shared)
    assert device.figures == {"people": 2}
    quick = sat(dict.fromkeys(range(30), "b"), seconds=60)
    careless = sat(dict.fromkeys(range(30), "a"), seconds=60)
    slow = sat(dict.fromkeys(range(30), "b"), seconds=600)
    assert [found.attempts for found in fast([quick, careless, slow])] == [(quick.attempt_id,)]


@pytest.fixture
def people(database: Database) -> list[Actor]:
    with database.transaction() as session:
        people = make_learners(session, "an", "binh", "lan")
        fill_bank(session)
        make_round(session)
        grant(session, person_of(session, "lan"), Role.DEPARTMENT)
        for actor in people[:2]:
            attempt = start_attempt(session, actor, QUARTER, AT, origin=Origin("shared", "here")).attempt_id
            save_answers(session, actor, attempt, takeover=1, answers=[Answered(slot=1, sequence=1, answer=[])], at=AT)
            for number in range(2):
                take_over(session, actor, attempt, AT, origin=Origin("shared", f"there {number}"))
            submit_attempt(session, actor, attempt, AT + minutes(5), origin=Origin("shared", "there 1"))
    return people


def test_what_was_found_is_listed_without_names_and_a_look_at_them_is_noted(
    app: Flask, database: Database, people: list[Actor], sign_in: SignInAs
) -> None:
    department = sign_in("lan")
    assert department.post(f"/manage/rounds/{QUARTER}/signals").status_code == 303
    run_due(app)
    page = department.get(f"/manage/rounds/{QUARTER}/signals").text
    assert "2 người trên một máy" in page
    assert "Điều này bình thường khi" in page
    assert "Nguyễn Văn an" not in page
    with database.reading() as session:
        kinds = {row.kind: row.id for row in session.execute(select(Signal.kind, Signal.id))}
        assert set(kinds) == {SignalKind.SAME_DEVICE, SignalKind.MANY_ADDRESSES}
    detail = department.get(f"/manage/rounds/{QUARTER}/signals/{kinds['same_device']}").text
    assert "Nguyễn Văn an" in detail
    with database.reading() as session:
        looked = session.scalars(select(AuditEntry).where(AuditEntry.action == "quizzes.look_at_signal")).one()
    assert looked.subject == str(kinds["same_device"])
    for login in ("an", "binh"):
        assert sign_in(login).get(f"/manage/rounds/{QUARTER}/signals").status_code == 403


def test_looking_anew_replaces_what_was_found_and_changes_no_mark(database: Database, people: list[Actor]) -> None:
    with database.transaction() as session:
        round_id = session.scalars(select(Round.id)).one()
        before = session.execute(select(Attempt.id, Attempt.score, Attempt.state)).all()
        first = find_signals(session, SERVICE, round_id, AT)
        assert find_signals(session, SERVICE, round_id, AT) == first == len(session.scalars(select(Signal)).all())
        assert session.execute(select(Attempt.id, Attempt.score, Attempt.state)).all() == before


def test_only_fingerprints_of_devices_and_addresses_are_kept(database: Database, people: list[Actor], sign_in: SignInAs) -> None:
    chi = sign_in("lan")
    assert chi.post(f"/rounds/{QUARTER}/start", json={}).status_code == 200
    with database.reading() as session:
        mine = select(Attempt.device, Attempt.address).where(Attempt.person_id == people[2].person_id)
        device, address = session.execute(mine).one()
        traces = session.scalars(select(SittingTrace.address)).all()
    assert len(device) == len(address) == 16
    assert "127.0.0.1" not in (address, *traces)
    cookie = chi.get_cookie("lms_device")
    assert cookie is not None
    assert cookie.value not in device
