"""From a figure to the item: those who may click from a list of people to the sitting, its form, versions, keys, rulings and scoring."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.results.models import Expectation, Outcome
from quizzes.operations.attempts import start_attempt, submit_attempt
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, QUARTER, fill_bank, make_learners, make_round

SignIn = Callable[[str], FlaskClient]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def sitting(database: Database) -> UUID:
    """One person's marked sitting; those of the department, of the bank, and the head of the person's agency look."""
    with database.transaction() as session:
        (learner,) = make_learners(session, "an")
        agency = make_agency(session, "Sở Khoa học và Công nghệ", code="H55.3")
        for login, role in (("phong", Role.DEPARTMENT), ("soan", Role.AUTHOR)):
            grant(session, make_person(session, agency=agency, login=login), role, None)
        fill_bank(session)
        make_round(session)
        started = start_attempt(session, learner, QUARTER, AT)
        submit_attempt(session, learner, started.attempt_id, AT)
        grant(session, make_person(session, agency=agency, login="thutruong"), Role.HEAD, agency)
        return started.attempt_id


def test_the_page_names_form_versions_keys_and_the_scoring_rule(sitting: UUID, sign_in: SignIn) -> None:
    page = sign_in("phong").get(f"/manage/provenance/{sitting}").text
    for said in ("Nguyễn Văn an", "Mã đề", "Số gieo", "Đáp án được tính", "phiên bản 1", "Đạt từ 50 điểm", "không trả lời"):
        assert said in page, said
    assert len(re.findall(r'href="/manage/questions/CB1-1-\d+\?version=1"', page)) == 6
    assert f"/manage/rounds/{QUARTER}/forms/" in page


def test_authors_see_the_paper_and_not_whose_it_is(sitting: UUID, sign_in: SignIn) -> None:
    page = sign_in("soan").get(f"/manage/provenance/{sitting}").text
    assert "Đáp án được tính" in page
    assert "Nguyễn Văn an" not in page


def test_heads_and_learners_get_no_further_than_the_score(sitting: UUID, sign_in: SignIn) -> None:
    for login in ("thutruong", "an"):
        assert sign_in(login).get(f"/manage/provenance/{sitting}").status_code == 403


def test_every_look_is_written_down(sitting: UUID, database: Database, sign_in: SignIn) -> None:
    sign_in("phong").get(f"/manage/provenance/{sitting}")
    with database.reading() as session:
        looked = session.scalars(select(AuditEntry).where(AuditEntry.action == "quizzes.look_at_origin")).all()
    assert len(looked) == 1


def test_a_list_of_people_leads_there_for_those_who_may(sitting: UUID, database: Database, sign_in: SignIn) -> None:
    with database.reading() as session:
        source = session.scalars(select(Outcome.source_id)).one()
        code = agency_of_the_learner(session)
    assert source == sitting
    address = f"/reports/{QUARTER}/{code}/people?list=took_part"
    assert f"/manage/provenance/{sitting}" in sign_in("phong").get(address).text


def agency_of_the_learner(session: Session) -> str:
    query = select(Expectation.agency_id).join(Outcome, Outcome.person_id == Expectation.person_id)
    return str(session.scalars(query).one())


def test_a_sitting_that_is_not_marked_has_no_origin(sitting: UUID, sign_in: SignIn) -> None:
    assert sign_in("phong").get("/manage/provenance/00000000-0000-7000-8000-000000000000").status_code == 404


def test_while_the_test_is_open_an_agencys_page_leads_to_the_list_and_tells_of_reminding(
    sitting: UUID, database: Database, sign_in: SignIn
) -> None:
    with database.reading() as session:
        code = agency_of_the_learner(session)
    page = sign_in("phong").get(f"/reports/{QUARTER}/{code}").text
    assert "tự gửi thư nhắc" in page
    assert f"/manage/round-lists/{QUARTER}" in page
