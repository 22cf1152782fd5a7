"""Questions answered in parts or typed, through plain forms: asked, kept, marked and explained."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from html import unescape
from typing import Any

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select

from lms.kit.db import Database
from quizzes.models import Attempt, Response
from quizzes.views.controls import controls_shown
from tests.quizzes.making import AT, CLOSES, QUARTER, keys_of, make_learners, make_round_of_every_kind


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Traveller]:
    with time_machine.travel(AT, tick=False) as traveller:
        yield traveller


@pytest.fixture
def an(database: Database, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    with database.transaction() as session:
        make_learners(session, "an")
        make_round_of_every_kind(session)
    return sign_in("an")


@pytest.fixture
def attempt(an: FlaskClient) -> str:
    return str(an.post(f"/rounds/{QUARTER}/start").location)


@pytest.fixture
def keys(database: Database, attempt: str) -> dict[int, list[str]]:
    with database.reading() as session:
        return keys_of(session, session.scalars(select(Attempt.form_id)).one())


def questions(client: FlaskClient, attempt: str) -> dict[str, dict[str, Any]]:
    data = re.search(r'<script type="application/json" id="paper">(.*?)</script>', client.get(attempt).text, re.DOTALL)
    assert data is not None
    return {question["kind"]: question for question in json.loads(data.group(1))["questions"]}


def typed(key: list[str]) -> dict[str, str]:
    """An answer as a plain form sends it."""
    pairs = [text.partition("=") for text in key]
    return {f"answer.{part}": value for part, sign, value in pairs if sign} or {"answer": key[0]}


def test_the_paper_tells_how_each_is_answered(an: FlaskClient, attempt: str) -> None:
    asked = questions(an, attempt)
    assert [part["control"] for part in asked["matching"]["parts"]] == ["list", "list"]
    assert {option["id"] for option in asked["matching"]["parts"][0]["options"]} == {"a", "b", "c"}
    assert asked["numeric"]["control"] == "number"
    assert asked["numeric"]["unit"] == "GB"
    assert asked["cloze"]["text"] == ["Trong ", ["1"], " giờ, báo cho ", ["2"], "."]
    assert {part["label"] for part in asked["statement_group"]["parts"]} == {"Bản sao để cùng phòng là đủ.", "Cần thử phục hồi."}
    assert "tolerance" not in json.dumps(asked)


def test_plain_forms_answer_every_kind_and_earn_the_whole_mark(an: FlaskClient, attempt: str, keys: dict[int, list[str]]) -> None:
    for slot, key in keys.items():
        response = an.post(f"{attempt}/answers", data={"slot": slot, "takeover": 1, "go": "review", **typed(key)})
        assert response.status_code == 303
    for question in questions(an, attempt).values():
        page = unescape(an.get(f"{attempt}?slot={question['slot']}").text)
        assert 'data-kind="saved"' in page
        for name, value in typed(keys[question["slot"]]).items():
            shown = re.search(rf'name="{re.escape(name)}"[^>]*value="{re.escape(value)}"|value="{re.escape(value)}" selected', page)
            assert shown, (name, value)
    assert "100 trên 100" in an.get(an.post(f"{attempt}/submit").location.replace("receipt", "result")).text


def test_what_is_half_answered_is_kept_and_counted_as_far_as_the_item_says(
    an: FlaskClient, attempt: str, keys: dict[int, list[str]], clock: time_machine.Traveller, database: Database
) -> None:
    asked = questions(an, attempt)
    for kind in ("statement_group", "matching"):
        slot = asked[kind]["slot"]
        part, value = keys[slot][0].split("=")
        an.post(f"{attempt}/answers", data={"slot": slot, "takeover": 1, f"answer.{part}": value, "answer.": ""})
    an.post(f"{attempt}/submit")
    with database.reading() as session:
        points = {row.slot: float(row.points) for row in session.execute(select(Response.slot, Response.points)) if row.points is not None}
    assert points[asked["statement_group"]["slot"]] == 0.5
    assert points[asked["matching"]["slot"]] == 0
    clock.move_to(CLOSES)
    page = unescape(an.get(f"{attempt}/result").text)
    assert "Đúng một phần" in page
    assert "Đáp án: 22" in page
    assert "Đáp án: 12 – 13" in page
    assert "Cháy là mất cả hai." in page


@pytest.mark.parametrize("answer", [["p9=a"], ["p1=zz"], ["p1"], ["p1=a", "p1=b"]])
def test_parts_and_options_the_question_does_not_have_are_refused(an: FlaskClient, attempt: str, answer: list[str]) -> None:
    slot = questions(an, attempt)["matching"]["slot"]
    response = an.post(f"{attempt}/answers", json={"takeover": 1, "responses": [{"slot": slot, "sequence": 1, "answer": answer}]})
    assert response.status_code == 422
    assert an.get(f"{attempt}/answers").json["stored"] == []  # type: ignore[index]


def test_bold_and_code_are_marked_up_where_a_page_can_show_them(app: Flask) -> None:
    options = [{"id": "a", "text": "gõ `ls <b>`"}, {"id": "b", "text": "**không** gõ"}]
    matching = {"premises": [{"id": "p", "text": "`cd`"}, {"id": "q", "text": "lệnh"}], "options": options}
    with app.test_request_context():
        ticked = controls_shown("single_choice", {"options": options}, 0, 0)
        chosen = controls_shown("matching", matching, 0, 0)
    assert {option["text"] for option in ticked["options"]} == {"gõ <code>ls &lt;b&gt;</code>", "<strong>không</strong> gõ"}
    assert {part["label"] for part in chosen["parts"]} == {"<code>cd</code>", "lệnh"}
    assert {option["text"] for option in chosen["parts"][0]["options"]} == {"gõ `ls <b>`", "**không** gõ"}
