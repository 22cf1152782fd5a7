"""The audit's pages: found by whom, what, whom, where and when; for the province's own people only."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy import event, insert, select, text

from lms.audit import queries
from lms.audit.operations import seal_entries
from lms.kit.actors import Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.ids import uuid7
from tests.audit.making import AT, add_entries, add_entry
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def people(database: Database) -> dict[str, UUID]:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55")
        health = make_agency(session, "Sở Y tế", parent=root, code="H55.1")
        admin = make_person(session, "Trần Thị Quản", agency=root, login="quantri", staff_code="QT00001")
        grant(session, admin, Role.DEPARTMENT)
        local = make_person(session, "Vũ Văn Vùng", agency=health, login="vung")
        grant(session, local, Role.DEPARTMENT, health)
        nurse = make_person(session, "Nguyễn Thị Ánh", agency=health, login="anh", staff_code="CB00016")
        return {"root": root, "health": health, "admin": admin, "nurse": nurse}


def by(people: dict[str, UUID], **values: Any) -> dict[str, Any]:
    return {"actor_id": people["admin"], "actor_name": "Trần Thị Quản", "at": AT, "remote_address": "10.1.2.3", **values}


def rows(page: str) -> list[str]:
    return re.findall(r'<a href="/manage/audit/([0-9a-f-]{36})">', page)


def test_only_roles_over_the_whole_province_read_it(people: dict[str, UUID], sign_in: SignInAs) -> None:
    assert sign_in("quantri").get("/manage/audit/").status_code == 200
    for other in ("vung", "anh"):
        assert sign_in(other).get("/manage/audit/").status_code == 403
        assert sign_in(other).get("/manage/audit/export.csv").status_code == 403


@pytest.mark.parametrize(
    "query",
    [
        {"actor": "tran quan"},
        {"actor": "qt00001"},
        {"subject": "nguyen thi anh"},
        {"subject": "CB00016"},
        {"action": "accounts.grant_role"},
        {"address": "10.1.2.3"},
        {"since": "02/11/2026", "until": "02/11/2026"},
        {"actor": "Trần", "subject": "Ánh", "action": "accounts.grant_role"},
    ],
)
def test_an_entry_is_found_by_each_of_its_parts(
    people: dict[str, UUID], sign_in: SignInAs, database: Database, query: dict[str, str]
) -> None:
    wanted = add_entry(database, **by(people, action="accounts.grant_role", subject=str(people["nurse"]), details={"role": "head"}))
    other = add_entry(database, at=AT - timedelta(days=3), subject="khác")
    page = sign_in("quantri").get("/manage/audit/", query_string=query).text
    assert str(wanted) in rows(page)
    assert str(other) not in rows(page)
    assert len(rows(page)) <= 2  # a search for the one who searches finds the search as well
    assert "Giao vai trò" in page
    assert "Nguyễn Thị Ánh" in page


def test_what_the_service_does_by_itself_is_found_by_its_name(people: dict[str, UUID], sign_in: SignInAs, database: Database) -> None:
    wanted = add_entry(database, at=AT)
    assert rows(sign_in("quantri").get("/manage/audit/?actor=cong vu").text) == [str(wanted)]


def test_a_search_for_nobody_finds_nothing_and_a_wrong_day_is_told(people: dict[str, UUID], sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    assert "Không có mục nào theo bộ lọc này" in client.get("/manage/audit/?actor=khongcoai").text
    wrong = client.get("/manage/audit/?since=31/02/2026")
    assert wrong.status_code == 422
    assert "Ngày chưa đúng" in wrong.text
    for made_up in ("x~y", f"x~{uuid7()}", f"2026-01-01T00:00:00~{uuid7()}"):
        assert client.get("/manage/audit/", query_string={"after": made_up}).status_code == 404


def test_an_entry_opens_to_before_and_after(people: dict[str, UUID], sign_in: SignInAs, database: Database) -> None:
    details = {"before": {"valid_to": None, "agency": str(people["health"])}, "after": {"valid_to": "2026-12-01"}, "role": "head"}
    entry = add_entry(database, **by(people, action="accounts.revoke_role", subject=str(people["nurse"]), details=details))
    page = sign_in("quantri").get(f"/manage/audit/{entry}").text
    for words in ("Thu hồi vai trò", "Nguyễn Thị Ánh", "Trần Thị Quản", "10.1.2.3", "Thủ trưởng đơn vị", "01/12/2026", "Sở Y tế"):
        assert words in page
    assert "Chưa niêm phong" in page
    with database.transaction() as session:
        seal_entries(session, datetime.now(UTC), back=None)
    assert "Chưa niêm phong" not in sign_in("quantri").get(f"/manage/audit/{entry}").text
    assert sign_in("quantri").get(f"/manage/audit/{uuid7()}").status_code == 404


def test_pages_go_on_where_the_one_before_ended_also_within_one_moment(
    people: dict[str, UUID], sign_in: SignInAs, database: Database
) -> None:
    for _ in range(60):
        add_entry(database, at=AT, action="accounts.unlock")
    client = sign_in("quantri")
    first = client.get("/manage/audit/?action=accounts.unlock").text
    address = re.search(r'href="(/manage/audit/\?after=[^"]+)"', first)
    assert address is not None
    second = client.get(address[1].replace("&amp;", "&")).text
    assert len(rows(first)) == 50
    assert len(rows(second)) == 10
    assert len({*rows(first), *rows(second)}) == 60


def test_searching_and_exporting_are_entries_themselves(people: dict[str, UUID], sign_in: SignInAs, database: Database) -> None:
    client = sign_in("quantri")
    client.get("/manage/audit/")
    client.get("/manage/audit/?actor=anh")
    client.get("/manage/audit/export.csv?actor=anh")
    with database.reading() as session:
        noted = session.execute(
            select(AuditEntry.action, AuditEntry.details).where(AuditEntry.action.like("audit.%")).order_by(AuditEntry.id)
        ).all()
    assert [tuple(row) for row in noted] == [
        ("audit.search", {"sought": {"actor": "anh"}}),
        ("audit.export", {"sought": {"actor": "anh"}, "format": "csv"}),
    ]


def test_the_files_hold_the_rows_of_the_page_and_no_formula(people: dict[str, UUID], sign_in: SignInAs, database: Database) -> None:
    hostile = "=HYPERLINK(1)"
    add_entry(database, **by(people, action="accounts.unlock", subject=hostile, details={"name": hostile}))
    add_entries(database, 3)
    client = sign_in("quantri")
    shown = rows(client.get("/manage/audit/?action=accounts.unlock").text)
    text_ = client.get("/manage/audit/export.csv?action=accounts.unlock").get_data(as_text=True)
    assert text_.startswith("\ufeff")
    lines = list(csv.reader(io.StringIO(text_.removeprefix("\ufeff"))))
    assert [line[-1] for line in lines[1:]] == shown
    assert not any(cell.startswith("=") for line in lines for cell in line)
    book = client.get("/manage/audit/export.xlsx?action=accounts.unlock")
    sheet = CalamineWorkbook.from_filelike(BytesIO(book.data)).get_sheet_by_index(0).to_python()
    assert [row[-1] for row in sheet if re.fullmatch("[0-9a-f-]{36}", str(row[-1]))] == shown
    assert client.get("/manage/audit/export.csv?since=x").status_code == 404


def test_the_page_costs_the_same_for_many(people: dict[str, UUID], sign_in: SignInAs, database: Database) -> None:
    client = sign_in("quantri")
    statements: list[str] = []
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *args: statements.append(args[2]))
    add_entry(database, **by(people, subject=str(people["nurse"])))
    statements.clear()
    client.get("/manage/audit/")
    few = len(statements)
    for _ in range(30):
        add_entry(database, **by(people, subject=str(people["nurse"]), details={"agency": str(people["health"])}))
    statements.clear()
    assert len(rows(client.get("/manage/audit/").text)) == 31
    assert len(statements) == few


@pytest.mark.parametrize(
    "search",
    [
        queries.Search(),
        queries.Search(actors=[uuid7()]),
        queries.Search(subjects=["x"]),
        queries.Search(action="accounts.unlock"),
        queries.Search(address="10.0.0.1"),
        queries.Search(since=AT, until=AT + timedelta(days=1)),
    ],
)
def test_every_search_begins_at_an_index(database: Database, search: queries.Search) -> None:
    with database.transaction() as session:
        session.execute(
            insert(AuditEntry),
            [
                {
                    "id": uuid7(),
                    "at": AT + timedelta(minutes=number),
                    "actor_id": uuid7(),
                    "actor_name": "a",
                    "action": f"accounts.a{number % 40}",
                    "subject": f"s{number}",
                    "details": {},
                    "remote_address": f"10.0.{number % 200}.1",
                }
                for number in range(3000)
            ],
        )
        session.execute(text("ANALYZE audit_entry"))
    plans: list[str] = []

    def explain(connection: Any, cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if "audit_entry" in statement and not statement.startswith("EXPLAIN"):
            explained = connection.connection.cursor()
            explained.execute(("EXPLAIN QUERY PLAN " if database.is_sqlite else "EXPLAIN ") + statement, parameters)
            plans.append("\n".join(str(row) for row in explained.fetchall()))

    event.listen(database.engines[1], "before_cursor_execute", explain)
    with database.reading() as session:
        queries.entries(session, search, limit=51)
    (plan,) = plans
    assert "Seq Scan" not in plan
    assert "SCAN audit_entry" not in plan.replace("SCAN audit_entry USING INDEX", "")


def test_time_travel_is_not_needed_to_read_old_entries(people: dict[str, UUID], sign_in: SignInAs, database: Database) -> None:
    old = add_entry(database, **by(people, at=datetime(2020, 5, 1, tzinfo=UTC)))
    with time_machine.travel(AT, tick=False):
        assert rows(sign_in("quantri").get("/manage/audit/?since=01/05/2020&until=01/05/2020").text) == [str(old)]


def test_every_page_names_the_chains_end(people: dict[str, UUID], sign_in: SignInAs, app: Flask, database: Database) -> None:
    add_entries(database, 2)
    with database.transaction() as session:
        seal_entries(session, datetime.now(UTC), back=None)
    with database.reading() as session:
        head = queries.head(session)
    assert head is not None
    assert head.hash in sign_in("quantri").get("/manage/audit/").text
