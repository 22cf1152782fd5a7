"""What the worker does for sittings."""

from __future__ import annotations

import pytest
from flask import Flask
from sqlalchemy import select

from lms.kit.db import Database
from quizzes.jobs import sittings as jobs
from quizzes.models import Attempt
from quizzes.operations.attempts import start_attempt
from tests.quizzes.making import AT, QUARTER, fill_bank, make_learners, make_round, minutes


def test_the_worker_ends_every_overdue_attempt_batch_after_batch(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jobs, "BATCH", 2)
    with database.transaction() as session:
        people = make_learners(session, *(f"p{n}" for n in range(5)))
        fill_bank(session)
        make_round(session)
        for number, person in enumerate(people):
            start_attempt(session, person, QUARTER, AT + minutes(number // 4 * 20))
    with app.app_context():
        jobs.end_overdue(AT + minutes(31))
    with database.reading() as session:
        assert sorted(session.scalars(select(Attempt.state))) == ["expired"] * 4 + ["open"]
