"""A round that is closed leads whoever freezes its results on to them."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient

from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from quizzes.notices.closings import closings
from quizzes.operations.life import close_round
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import CLOSES, ZONE, carry_out, fill_bank, make_learners, make_round, person_of

SignIn = Callable[[str], FlaskClient]
ROUND = "/manage/rounds/2026-Q4/"


@pytest.fixture
def closed(database: Database) -> None:
    with database.transaction() as session:
        fill_bank(session)
        make_learners(session, "an", "binh")
        office = make_agency(session, "Sở Khoa học và Công nghệ", code="H55.9")
        grant(session, make_person(session, "Lê Thị Chủ Trì", agency=office, login="quantri"), Role.DEPARTMENT)
        round_id = make_round(session)
    with database.transaction() as session:
        close_round(session, SERVICE, round_id, CLOSES)


@pytest.mark.usefixtures("closed")
def test_the_page_of_a_closed_round_freezes_its_results_and_then_says_where_they_stand(app: Flask, sign_in: SignIn) -> None:
    app.config["WTF_CSRF_ENABLED"] = False
    with time_machine.travel(CLOSES + timedelta(hours=1), tick=False):
        client = sign_in("quantri")
        page = client.get(ROUND).text
        assert 'action="/manage/reports/2026-Q4/freeze"' in page
        assert 'href="/manage/reports/2026-Q4/"' in page
        assert client.post("/manage/reports/2026-Q4/freeze").status_code == 303
        carry_out(app)
        page = client.get(ROUND).text
        assert "freeze" not in page
        assert "Báo cáo: bản thứ 1, dự thảo" in page


@pytest.mark.usefixtures("closed")
def test_the_department_is_told_that_a_round_is_closed_once_and_for_a_week(database: Database) -> None:
    with database.reading() as session:
        told = list(closings(session, CLOSES + timedelta(hours=1), ZONE))
        again = list(closings(session, CLOSES + timedelta(days=1), ZONE))
        late = list(closings(session, CLOSES + timedelta(days=8), ZONE))
        department = person_of(session, "quantri")
    assert [(one.person_id, one.path) for one in told] == [(department, ROUND)]
    assert [one.key for one in again] == [one.key for one in told]
    assert late == []
