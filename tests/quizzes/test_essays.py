"""Marking by people: blind, by criteria, by two where the item says so; the last mark gives the paper its score."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from decimal import Decimal
from html import unescape
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.kit.actors import SERVICE, Actor, NotFound, Role
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.results.models import Outcome
from quizzes.kinds import MARKED_BY_HAND
from quizzes.models import Attempt, EssayAnswer, Response
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.bank import import_items
from quizzes.operations.essays import finish_marking, mark_essay
from quizzes.operations.saving import Answered, save_answers
from quizzes.queries.attempts import paper
from quizzes.queries.essays import essay_to_mark, marking_progress, next_essays
from quizzes.rules.essays import EssayState, Given, next_state, share_given
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, CLOSES, OPENS, QUARTER, draft, make_learners, make_round
from tests.quizzes.test_statements import build

RUBRIC = [{"id": "a", "text": "Nêu đúng căn cứ", "points": 4}, {"id": "b", "text": "Đề xuất khả thi", "points": 6}]
GUIDANCE = "Chỉ cho điểm tối đa khi nêu đủ ba căn cứ."
PEOPLE = [UUID(int=number << 76 | 2 << 62) for number in range(1, 5)]


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


def essay_item(markers: int) -> list:  # type: ignore[type-arg]
    body = {"rubric": RUBRIC, "markers": markers, "guidance": GUIDANCE}
    essay = draft(1, kind="single_choice", body=body, key=[], whys={}, stem="Trình bày cách xử lý văn bản đến.")
    return [type(essay)(**{name: getattr(essay, name) for name in essay.__dataclass_fields__} | {"kind": "essay"}), draft(2)]


def handed_in(database: Database, *, markers: int = 1, text: str = "Bài của tôi") -> tuple[Actor, UUID]:
    """A learner whose paper of an essay and a single choice is handed in; the choice is right."""
    with database.transaction() as session:
        import_items(session, SERVICE, essay_item(markers), "test", OPENS)
        an = make_learners(session, "an")[0]
        make_round(session, questions=2)
    with database.transaction() as session:
        begun = start_attempt(session, an, QUARTER, AT)
        questions = paper(session, session.get_one(Attempt, begun.attempt_id).form_id)
        answers = [
            Answered(slot=slot, sequence=slot, answer=([text] if text else []) if one.kind in MARKED_BY_HAND else ["b"])
            for slot, one in questions.items()
        ]
        save_answers(session, an, begun.attempt_id, takeover=1, answers=answers, at=AT)
        submit_attempt(session, an, begun.attempt_id, AT)
    return an, begun.attempt_id


def markers(database: Database, *logins: str) -> list[Actor]:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Khoa học và Công nghệ")
        people = [make_person(session, f"Trần Thị {login}", agency=agency, login=login) for login in logins]
        for person in people:
            grant(session, person, Role.AUTHOR, None)
    return [Actor(person, login, login) for person, login in zip(people, logins, strict=True)]


def essay_id(database: Database) -> UUID:
    with database.reading() as session:
        return session.scalars(select(EssayAnswer.id)).one()


def marked(database: Database, actor: Actor, a: int, b: int, turn: EssayState = EssayState.FIRST) -> EssayState:
    with database.transaction() as session:
        one = session.scalars(select(EssayAnswer.id)).one()
        return mark_essay(session, actor, one, {"a": a, "b": b}, AT, turn=turn, comment="Khá")


def score(database: Database, attempt_id: UUID) -> tuple[str, Decimal | None, bool | None]:
    with database.reading() as session:
        attempt = session.get_one(Attempt, attempt_id)
        return attempt.state, attempt.score, attempt.passed


def outcomes(database: Database) -> list[Decimal]:
    with database.reading() as session:
        return list(session.scalars(select(Outcome.score)))


def test_a_paper_with_an_essay_waits_for_its_score_and_has_its_receipt(database: Database) -> None:
    _an, attempt_id = handed_in(database)
    assert score(database, attempt_id) == ("marking", None, None)
    with database.reading() as session:
        assert session.get_one(Attempt, attempt_id).receipt
    assert outcomes(database) == []


def test_the_last_essay_marked_gives_the_paper_its_score_and_tells_the_ledger(database: Database) -> None:
    _an, attempt_id = handed_in(database)
    (minh,) = markers(database, "minh")
    assert marked(database, minh, 4, 3) == EssayState.DONE
    assert score(database, attempt_id) == ("submitted", Decimal("85.00"), True)
    assert outcomes(database) == [Decimal("85.00")]
    with database.reading() as session:
        assert sorted(session.scalars(select(Response.points))) == [Decimal("0.7000"), Decimal(1)]
    with database.transaction() as session:
        finish_marking(session, SERVICE, attempt_id, AT)
    assert outcomes(database) == [Decimal("85.00")], "finishing again changes nothing"


def test_the_record_store_is_told_once_it_is_marked_with_what_was_written(app: Flask, database: Database) -> None:
    handed_in(database)
    assert [one["verb"]["id"].rpartition("/")[2] for one in build(app, database)] == ["initialized"]
    (minh,) = markers(database, "minh")
    marked(database, minh, 4, 3)
    statements = build(app, database)
    assert [one["verb"]["id"].rpartition("/")[2] for one in statements] == ["initialized", "answered", "answered", "passed", "completed"]
    (essay,) = [one for one in statements if one["object"]["definition"].get("interactionType") == "long-fill-in"]
    assert essay["result"]["response"] == "Bài của tôi"
    assert essay["result"]["score"]["scaled"] == 0.7
    assert essay["object"]["definition"].get("correctResponsesPattern", []) == []
    assert GUIDANCE not in json.dumps(statements, ensure_ascii=False)


def test_an_empty_essay_earns_nothing_and_needs_nobody(database: Database) -> None:
    _an, attempt_id = handed_in(database, text="")
    assert score(database, attempt_id) == ("submitted", Decimal("50.00"), True)


def test_two_who_agree_give_their_mean(database: Database) -> None:
    _an, attempt_id = handed_in(database, markers=2)
    minh, ha = markers(database, "minh", "ha")
    assert marked(database, minh, 4, 3) == EssayState.SECOND
    assert score(database, attempt_id)[0] == "marking"
    assert marked(database, ha, 3, 4) == EssayState.DONE, "shown before the first had marked: the two do not depend on each other"
    assert score(database, attempt_id)[1] == Decimal("85.00")


def test_two_who_differ_leave_it_to_a_third_who_sees_what_they_gave(database: Database) -> None:
    _an, attempt_id = handed_in(database, markers=2)
    minh, ha, lan = markers(database, "minh", "ha", "lan")
    marked(database, minh, 4, 6)
    one = essay_id(database)
    with database.reading() as session:
        assert essay_to_mark(session, one, ha.person_id).given == (), "the second does not see the first's points"
    assert marked(database, ha, 1, 1, EssayState.SECOND) == EssayState.THIRD
    with database.reading() as session:
        assert [given.points for given in essay_to_mark(session, one, lan.person_id).given] == [{"a": 4, "b": 6}, {"a": 1, "b": 1}]
        assert [(row.third, row.total) for row in marking_progress(session)] == [(1, 1)]
    with pytest.raises(Conflict, match="người khác chấm"):
        marked(database, lan, 3, 3, EssayState.SECOND)
    assert marked(database, lan, 2, 3, EssayState.THIRD) == EssayState.DONE
    assert score(database, attempt_id)[1] == Decimal("75.00")


def test_nobody_marks_their_own_answer_nor_one_twice(database: Database) -> None:
    an, _attempt_id = handed_in(database, markers=2)
    (minh,) = markers(database, "minh")
    with database.reading() as session:
        assert next_essays(session, QUARTER, an.person_id) == []
        assert len(next_essays(session, QUARTER, minh.person_id)) == 1
    with pytest.raises(NotFound):
        marked(database, an, 1, 1)
    marked(database, minh, 1, 1)
    with pytest.raises(NotFound):
        marked(database, minh, 1, 1, EssayState.SECOND)
    with database.reading() as session:
        assert next_essays(session, QUARTER, minh.person_id) == []


@pytest.mark.parametrize("points", [{"a": 5, "b": 1}, {"a": -1, "b": 1}, {"a": 1}, {"a": 1, "b": 1, "z": 1}])
def test_points_outside_the_rubric_are_refused(points: dict[str, int]) -> None:
    with pytest.raises(DomainError):
        share_given(RUBRIC, points)


@given(st.sampled_from([1, 2]), st.lists(st.decimals(0, 1, places=4), min_size=1, max_size=3))
def test_every_sequence_of_marks_leads_to_somebody_s_turn_or_to_a_share_within_bounds(markers: int, shares: list[Decimal]) -> None:
    given_so_far: list[Given] = []
    state, share = EssayState.FIRST, None
    for place, one in enumerate(shares, start=1):
        if state == EssayState.DONE:
            break
        given_so_far.append(Given(place, PEOPLE[place], one, {}, ""))
        state, share = next_state(markers, given_so_far)
    assert (state == EssayState.DONE) == (share is not None)
    if share is not None:
        assert min(one.share for one in given_so_far) - Decimal("0.0001") <= share <= max(one.share for one in given_so_far)
    assert len(given_so_far) <= (1 if markers == 1 else 3)


def test_the_pages_of_marking_show_the_answer_and_never_the_person(database: Database, sign_in: Callable[[str], FlaskClient]) -> None:
    text = "Dòng một\n<script>alert(1)</script>"
    handed_in(database, text=text)
    markers(database, "minh")
    client = sign_in("minh")
    index = unescape(client.get("/manage/marking").text)
    assert "0/1" in index
    address = client.get(f"/manage/marking/{QUARTER}").location
    page = client.get(address).text
    assert "<script>alert" not in page
    assert text in unescape(page)
    assert GUIDANCE in page
    assert "Nguyễn Văn an" not in page
    refused = client.post(address, data={"turn": "first", "points-a": "9", "points-b": "1"})
    assert refused.status_code == 422
    assert "Nhập số nguyên từ 0 đến 4" in refused.text
    assert client.post(address, data={"turn": "nonsense", "points-a": "2", "points-b": "1", "comment": "Cần cụ thể hơn"}).status_code == 303
    assert client.get(address).status_code == 404
    assert client.post(address, data={"turn": "first", "points-a": "2", "points-b": "1"}).location == "/manage/marking"


def test_the_writer_reads_that_it_waits_then_points_by_criterion_and_what_was_said(
    database: Database, sign_in: Callable[[str], FlaskClient], clock: time_machine.Traveller
) -> None:
    _an, attempt_id = handed_in(database)
    client = sign_in("an")
    result = unescape(client.get(f"/attempts/{attempt_id}/result").text)
    assert "Đang chờ chấm" in result
    assert "Đang chờ chấm" in unescape(client.get(f"/rounds/{QUARTER}/").text)
    assert "đang chờ chấm" in unescape(client.get(f"/attempts/{attempt_id}/receipt").text)
    as_json = client.get(f"/attempts/{attempt_id}", headers={"Accept": "application/json"}).json
    assert as_json is not None
    assert as_json["state"] == "marking"
    assert as_json["receipt"]
    assert "score" not in as_json
    (minh,) = markers(database, "minh")
    marked(database, minh, 4, 3)
    clock.move_to(CLOSES)
    client = sign_in("an")
    result = unescape(client.get(f"/attempts/{attempt_id}/result").text)
    assert "85 trên 100" in result
    assert "Nêu đúng căn cứ: 4 trên 4 điểm" in result
    assert "Nhận xét: Khá" in result
    assert GUIDANCE not in result


def test_a_whole_essay_goes_through_a_plain_form_and_through_json(database: Database, sign_in: Callable[[str], FlaskClient]) -> None:
    with database.transaction() as session:
        import_items(session, SERVICE, essay_item(1), "test", OPENS)
        make_learners(session, "an")
        make_round(session, questions=2)
    client = sign_in("an")
    attempt = client.post(f"/rounds/{QUARTER}/start").location
    with database.reading() as session:
        form_id = session.scalars(select(Attempt.form_id)).one()
        slot = next(slot for slot, one in paper(session, form_id).items() if one.kind == "essay")
    longest = "ệ" * 20_000
    page = client.get(f"{attempt}?slot={slot}").text
    assert 'maxlength="20000"' in page
    assert 'enctype="multipart/form-data"' in page
    assert GUIDANCE not in page
    assert RUBRIC[0]["text"] not in page
    plain = {"slot": str(slot), "takeover": "1", "go": "review", "answer": f"\r\n{longest[2:]}"}
    assert client.post(f"{attempt}/answers", data=plain, content_type="multipart/form-data").status_code == 303
    with database.reading() as session:
        assert session.scalars(select(Response.answer)).one() == [f"\n{longest[2:]}"]
    sent = {"takeover": 1, "responses": [{"slot": slot, "sequence": 5, "answer": [longest]}]}
    body = json.dumps(sent, ensure_ascii=False).encode()  # as the page's script writes it
    assert client.post(f"{attempt}/answers", data=body, content_type="application/json").status_code == 200
    for bad in (["x" * 20_001], ["a\x00b"], ["a", "b"]):
        refused = client.post(f"{attempt}/answers", json={"takeover": 1, "responses": [{"slot": slot, "sequence": 9, "answer": bad}]})
        assert refused.status_code == 422, bad
