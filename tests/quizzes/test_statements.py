"""What a sitting becomes in xAPI, from the outbox to whole statements."""

from __future__ import annotations

from typing import Any

import pytest
from flask import Flask
from sqlalchemy import select

from lms.kit.actors import Actor
from lms.kit.db import Database
from lms.lrs.outbox import OutboxEntry
from lms.lrs.vocabulary import MASTERY_SCORE
from quizzes import feature
from quizzes.models import Attempt
from quizzes.operations.attempts import start_attempt, submit_attempt
from quizzes.operations.saving import Answered, save_answers
from tests.quizzes.making import AT, QUARTER, fill_bank, keys_of, make_learners, make_round, minutes, right_and_wrong

VERBS = "http://adlnet.gov/expapi/verbs/"


@pytest.fixture
def statements(app: Flask, database: Database) -> list[dict[str, Any]]:
    """Everything a sitting with four of six right and one left out leads to."""
    with database.transaction() as session:
        (an,) = make_learners(session, "an")
        fill_bank(session)
        make_round(session)
        sit(session, an)
    return build(app, database)


def sit(session: Any, an: Actor) -> None:
    attempt = start_attempt(session, an, QUARTER, AT).attempt_id
    keys = keys_of(session, session.scalars(select(Attempt.form_id)).one())
    given = right_and_wrong(keys, right=4)
    given[6] = []
    answers = [Answered(slot=slot, sequence=slot, answer=answer) for slot, answer in given.items()]
    save_answers(session, an, attempt, takeover=1, answers=answers, at=AT + minutes(5))
    submit_attempt(session, an, attempt, AT + minutes(12))


def build(app: Flask, database: Database) -> list[dict[str, Any]]:
    with app.app_context(), database.reading() as session:
        entries = session.scalars(select(OutboxEntry).order_by(OutboxEntry.happened_at)).all()
        return [
            statement
            for entry in entries
            for statement in feature.statement_builders[entry.builder](session, entry.reference, entry.happened_at)
        ]


def verb(statement: dict[str, Any]) -> str:
    return str(statement["verb"]["id"]).removeprefix(VERBS)


def test_start_answers_verdict_and_completion_in_order(statements: list[dict[str, Any]]) -> None:
    assert [verb(one) for one in statements] == ["initialized", *["answered"] * 5, "passed", "completed"]
    assert len({one["context"]["registration"] for one in statements}) == 1
    assert len({one["actor"]["account"]["name"] for one in statements}) == 1


def test_the_verdict_carries_score_and_duration(statements: list[dict[str, Any]]) -> None:
    verdict, end = statements[-2:]
    assert verdict["result"]["score"]["scaled"] == pytest.approx(0.6667)
    assert verdict["result"]["success"] is True
    assert verdict["context"]["extensions"][MASTERY_SCORE] == 0.5
    assert verdict["result"]["duration"] == "PT720S"
    assert end["result"] == {"completion": True, "duration": "PT720S"}  # in cmi5 a completion has no score
    assert statements[-1]["object"]["id"].endswith(f"/rounds/{QUARTER}")


def test_an_answer_is_a_cmi_interaction_with_its_right_pattern(statements: list[dict[str, Any]]) -> None:
    answered = [one for one in statements if verb(one) == "answered"]
    assert [one["result"]["success"] for one in answered] == [True] * 4 + [False]
    for one in answered:
        definition = one["object"]["definition"]
        assert definition["interactionType"] in ("choice", "true-false")
        right = definition["correctResponsesPattern"]
        assert (one["result"]["response"] in right) == one["result"]["success"]
        if definition["interactionType"] == "choice":
            assert [choice["id"] for choice in definition["choices"]] == list("abcd")
        assert one["timestamp"] == "2026-11-22T02:05:00.000Z"


def test_building_again_gives_the_same_statements(app: Flask, database: Database, statements: list[dict[str, Any]]) -> None:
    assert build(app, database) == statements
    assert len({one["id"] for one in statements}) == len(statements)
