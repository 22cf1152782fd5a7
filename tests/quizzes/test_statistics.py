"""Statistics of a test as they are counted from the sittings that are stored, with the marks that stand."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import timedelta
from decimal import Decimal
from random import Random
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, insert, select, update
from sqlalchemy.orm import Session

from lms.kit.actors import SERVICE, Role
from lms.kit.clock import Quarter
from lms.kit.db import Database
from lms.kit.errors import Conflict
from lms.kit.ids import uuid7
from lms.kit.jobs import run_job
from quizzes.jobs.forms import JOBS, count_statistics, count_what_is_out_of_date
from quizzes.models import Attempt, Form, ItemStatistic, Regrade, Response, Round, RoundStatistic
from quizzes.operations.assembly import assemble_forms
from quizzes.operations.statistics import request_statistics
from quizzes.queries import statistics as queries
from quizzes.queries.attempts import papers_of_round
from quizzes.queries.statistics_source import rounds_to_count
from tests.factories import grant, make_agency, make_people, make_person
from tests.quizzes.making import AT, OPENS, QUARTER, ZONE, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]
PEOPLE = 120


def sit(session: Session, round_id: UUID, people: int = PEOPLE, *, reversed_slot: int | None = None, number: int = 1) -> None:
    """Sittings of people who know more and more from one to the next. The question in `reversed_slot` is got wrong by those who know."""
    papers = papers_of_round(session, round_id)
    forms = sorted(papers)
    agency = make_agency(session, f"Cơ quan {number} {people} {round_id}")
    persons = make_people(session, agency, [{}] * people)
    attempts, responses = [], []
    random = Random(5)
    for place, person in enumerate(persons):
        paper = papers[forms[place % len(forms)]]
        attempt_id, ability = uuid7(), (place + 0.5) / people
        points = {}
        for question in paper:
            threshold = random.random()
            right = (ability > threshold) != (question.slot == reversed_slot)
            if question.slot == 2 and place % 10 == 0:
                continue  # not answered
            points[question.slot] = right
            wrong = {"b": "a", "true": "false"}.get(question.key[0], "d")
            responses.append(
                {
                    "attempt_id": attempt_id,
                    "slot": question.slot,
                    "answer": question.key if right else [wrong],
                    "flagged": False,
                    "takeover": 1,
                    "sequence": question.slot,
                    "saved_at": AT + timedelta(seconds=30 * question.slot),
                    "points": Decimal(int(right)),
                }
            )
        score = Decimal(100 * sum(points.values())) / len(paper)
        attempts.append(
            {
                "id": attempt_id,
                "round_id": round_id,
                "person_id": person,
                "form_id": forms[place % len(forms)],
                "number": number,
                "seed": 1,
                "started_at": AT,
                "deadline": AT + timedelta(hours=1),
                "accepts_until": AT + timedelta(hours=1),
                "state": "submitted",
                "submitted_at": AT + timedelta(minutes=20),
                "score": round(score, 2),
                "passed": score >= 50,
                "receipt": str(attempt_id),
            }
        )
    session.execute(insert(Attempt), attempts)
    session.execute(insert(Response), responses)


def a_round(session: Session, *, forms: int = 2, **changes: object) -> UUID:
    fill_bank(session, 12)
    round_id = make_round(session, open_it=False, **changes)  # type: ignore[arg-type]
    assemble_forms(session, SERVICE, round_id, zone=ZONE, at=OPENS, n=forms)
    session.execute(update(Round).where(Round.id == round_id).values(state="open"))
    return round_id


def test_a_test_is_counted_and_its_suspicious_items_stand_first(database: Database) -> None:
    with database.transaction() as session:
        round_id = a_round(session, forms=1)
        sit(session, round_id, reversed_slot=3)
    assert count_statistics(database, round_id, AT) == PEOPLE
    with database.reading() as session:
        whole = queries.round_figures(session, round_id)
        rows = queries.item_rows(session, round_id, queries.ItemFilter())
        form = queries.form_rows(session, round_id)[0]
    assert whole is not None
    assert whole.sittings == form.n == PEOPLE
    assert whole.figures == form.figures
    assert sum(form.figures.distribution) == PEOPLE
    assert len(rows) == 6
    assert rows[0].flags[0] == "negative"
    assert rows[0].discrimination is not None
    assert rows[0].discrimination < 0
    assert whole.flagged >= 1
    omitted = [row for row in rows if row.omitted]
    assert [row.omitted for row in omitted] == [12]
    assert sum(omitted[0].options[""]) == 12
    assert {row.median_seconds for row in rows} == {30}
    assert all(row.forms == 1 and row.shown == PEOPLE and row.n == PEOPLE for row in rows)
    for row in rows:
        if row.kind != "true_false":
            assert set(row.options) >= {"a", "b", "c", "d"}, "options nobody took are in the table"


def test_only_the_first_finished_sitting_of_each_person_counts(database: Database) -> None:
    with database.transaction() as session:
        round_id = a_round(session)
        sit(session, round_id, 10)
        sit(session, round_id, 7, number=2)
        session.execute(
            update(Attempt)
            .where(Attempt.id == session.scalars(select(Attempt.id).where(Attempt.number == 1).limit(1)).one())
            .values(state="open", submitted_at=None, score=None, passed=None, receipt=None)
        )
    assert count_statistics(database, round_id, AT) == 9
    with database.reading() as session:
        rows = queries.item_rows(session, round_id, queries.ItemFilter())
        assert sum(row.shown for row in rows) == 17 * 6  # whoever had it in front of them, knows it now
        assert all(not row.enough and row.flags == [] for row in rows)


def test_the_marks_that_stand_are_counted(database: Database) -> None:
    """A question everybody got wrong is made void: the points of the later mark count, also where nothing was answered."""
    with database.transaction() as session:
        round_id = a_round(session, forms=1)
        sit(session, round_id, 20)
        session.execute(update(Response).where(Response.slot == 2).values(points=Decimal(0)))
        for attempt_id in session.scalars(select(Attempt.id)).all():
            session.add(
                Regrade(
                    attempt_id=attempt_id,
                    cause="ruling",
                    cause_id=uuid7(),
                    reason="x",
                    score=Decimal(50),
                    passed=True,
                    points={"1": "0", "2": "1", "3": "1/2", "4": "0", "5": "0", "6": "1"},
                    given={},
                    answers={},
                    recorded_at=AT,
                )
            )
    count_statistics(database, round_id, AT)
    with database.reading() as session:
        facilities = sorted(row.facility for row in queries.item_rows(session, round_id, queries.ItemFilter()))
        whole = queries.round_figures(session, round_id)
    assert facilities == pytest.approx([0, 0, 0, 0.5, 1, 1])
    assert whole is not None
    assert whole.figures is not None
    assert whole.figures.mean == pytest.approx(100 * 2.5 / 6)
    assert not whole.figures.kr20


def test_counting_anew_takes_the_place_of_the_old_and_is_done_when_something_changed(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        round_id = a_round(session)
        sit(session, round_id, 10)
    with app.app_context():
        count_what_is_out_of_date(AT)
    with database.reading() as session:
        assert session.scalars(select(RoundStatistic.sittings)).one() == 10
        assert rounds_to_count(session, AT) == []
    with database.transaction() as session:
        sit(session, round_id, 5)
    with database.reading() as session:
        assert rounds_to_count(session, AT + timedelta(hours=5)) == []  # an open test grows all day
        assert rounds_to_count(session, AT + timedelta(hours=7)) == [round_id]
    with database.transaction() as session:
        session.execute(update(Round).values(state="closed"))
    with database.reading() as session:
        assert rounds_to_count(session, AT + timedelta(minutes=1)) == [round_id]
    with app.app_context():
        count_what_is_out_of_date(AT + timedelta(minutes=1))
    with database.transaction() as session:
        assert session.scalars(select(RoundStatistic.sittings)).one() == 15
        assert len(session.scalars(select(ItemStatistic.item_version_id)).all()) == 12
        attempt = session.scalars(select(Attempt.id).limit(1)).one()
        session.add(
            Regrade(
                attempt_id=attempt, cause="appeal", cause_id=uuid7(), reason="x", score=Decimal(9), passed=False,
                points={str(slot): "0" for slot in range(1, 7)}, given={}, answers={}, recorded_at=AT + timedelta(minutes=2),
            )
        )  # fmt: skip
    with database.reading() as session:
        assert rounds_to_count(session, AT + timedelta(minutes=3)) == [round_id]


def test_two_quarters_are_compared_by_what_they_share(database: Database) -> None:
    with database.transaction() as session:
        earlier = a_round(session, forms=1, quarter=Quarter.parse("2026-Q3"))
        sit(session, earlier)
    count_statistics(database, earlier, AT)
    with database.transaction() as session:
        round_id = make_round(session, open_it=False)
        assemble_forms(session, SERVICE, round_id, zone=ZONE, at=OPENS, n=2)
        session.execute(update(Round).where(Round.id == round_id).values(state="open"))
        sit(session, round_id, 2 * PEOPLE)
    count_statistics(database, round_id, AT)
    with database.reading() as session:
        whole = queries.round_figures(session, round_id)
        drifted = [row for row in queries.item_rows(session, round_id, queries.ItemFilter()) if row.drift]
    assert whole is not None
    assert whole.link["shared"] == len(drifted) >= 4
    assert whole.link["round"] == "2026-Q3"
    assert whole.link["people"] + whole.link["forms"] == pytest.approx(whole.link["scores"])
    assert all(row.drift["round"] == "2026-Q3" and row.drift["n"] == PEOPLE for row in drifted)


def test_memory_and_statements_do_not_grow_with_the_people_of_a_batch(database: Database) -> None:
    def statements(people: int) -> int:
        with database.transaction() as session:
            sit(session, round_id, people)
        seen: list[str] = []
        listener = lambda *args: seen.append(args[2])  # noqa: E731
        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", listener)
        count_statistics(database, round_id, AT)
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", listener)
        return len(seen)

    with database.transaction() as session:
        round_id = a_round(session)
    statements(3)  # opens what is opened once
    assert statements(5) == statements(40)


def test_a_draft_has_nothing_to_count(database: Database) -> None:
    with database.transaction() as session:
        fill_bank(session, 12)
        round_id = make_round(session, open_it=False)
        with pytest.raises(Conflict):
            request_statistics(session, SERVICE, round_id, AT)


@pytest.fixture
def counted(database: Database) -> UUID:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Khoa học và Công nghệ")
        for login, role in (("lan", Role.DEPARTMENT), ("minh", Role.AUTHOR), ("hoa", Role.HEAD)):
            grant(session, make_person(session, f"Người {login}", agency=agency, login=login), role)
        round_id = a_round(session)
        sit(session, round_id, 2 * PEOPLE, reversed_slot=3)
    count_statistics(database, round_id, AT)
    return round_id


def test_pages_for_the_department_and_for_authors(counted: UUID, sign_in: SignInAs) -> None:
    department, author, head = sign_in("lan"), sign_in("minh"), sign_in("hoa")
    address = f"/manage/rounds/{QUARTER}/statistics"
    for client in (department, author):
        assert QUARTER in client.get("/manage/statistics").text
        page = client.get(address).text
        assert "Kiểm tra đáp án (r &lt; 0)" in page
        assert "Phân bố điểm" in page
        assert "<circle" in page
        assert client.get(f"{address}?flag=negative").text.count("CB1-1-") < page.count("CB1-1-")
        assert "Không có câu nào như vậy" in client.get(f"{address}?flag=easy&level=VD").text
        assert client.get(f"{address}?flag=nonsense&topic=%27&page=-3").status_code == 200
        assert client.get(f"{address}.xlsx").status_code == 200
    assert "Điểm đạt tương đương" in department.get(f"{address}/forms?form=1").text
    assert author.get(f"{address}/forms").status_code == 403
    assert author.post(address).status_code == 403
    assert head.get(address).status_code == 403
    assert department.post(address).status_code == 303
    assert "Đang tính lại" in department.get(address).text


def rows_of(workbook: bytes) -> list[list[Any]]:
    return CalamineWorkbook.from_filelike(io.BytesIO(workbook)).get_sheet_by_index(0).to_python(skip_empty_area=False)


def test_workbooks_hold_what_the_pages_show(counted: UUID, sign_in: SignInAs, database: Database) -> None:
    client = sign_in("lan")
    cells = rows_of(client.get(f"/manage/rounds/{QUARTER}/statistics.xlsx").data)
    with database.reading() as session:
        first = queries.item_rows(session, counted, queries.ItemFilter())[0]
    row = next(row for row in cells if row[0] == first.code)
    assert row[6] == first.n
    assert row[7] == pytest.approx(first.facility, abs=0.006)
    assert [row[:2] for row in rows_of(client.get(f"/manage/rounds/{QUARTER}/statistics/forms.xlsx").data) if row[0] in (1, 2)] == [
        [1, PEOPLE],
        [2, PEOPLE],
    ]


def test_a_test_that_was_never_counted_says_so(database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Khoa học và Công nghệ")
        grant(session, make_person(session, "Lan", agency=agency, login="lan"), Role.DEPARTMENT)
        a_round(session)
    client = sign_in("lan")
    assert "Chưa tính số liệu" in client.get(f"/manage/rounds/{QUARTER}/statistics").text
    assert "Chưa tính số liệu" in client.get(f"/manage/rounds/{QUARTER}/statistics/forms").text
    assert client.get(f"/manage/rounds/{QUARTER}/statistics.xlsx").status_code == 200
    assert client.get("/manage/rounds/2031-Q1/statistics").status_code == 404


def test_the_worker_counts_on_request(app: Flask, database: Database, counted: UUID) -> None:
    with database.transaction() as session:
        job_id = request_statistics(session, SERVICE, counted, AT)
        with pytest.raises(Conflict):
            request_statistics(session, SERVICE, counted, AT)
    with app.app_context():
        assert run_job(database, JOBS, job_id)
    with database.reading() as session:
        assert session.scalars(select(RoundStatistic.counted_at)).one() > AT
        assert session.scalars(select(Form.id)).all()
