"""No list, page of figures or file shows a row from outside the scope of the one who asks: from the application's own list of addresses.

Everything outside bears a mark; it must be in no answer to one who answers for a single agency, and in the answers to those who answer
for the whole province wherever rows of that kind are shown at all."""

from __future__ import annotations

import io
import re
import zipfile
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook
from sqlalchemy.orm import Session
from werkzeug.test import TestResponse

from lms.accounts.models import RoleGrant, TransferRequest
from lms.accounts.rules.transfers import Kind, State
from lms.agencies.operations import merge_agencies, rename_agency
from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.privacy.operations import NewRequest, answer_request, make_request
from lms.privacy.rules.requests import RequestKind
from tests.courses.making import publish
from tests.factories import grant, make_agency, make_people, make_person
from tests.house.things import publish_results
from tests.quizzes.making import AT, QUARTER, ZONE, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]
TODAY = AT.date()

MARK = "Quạ Khoang"  # in the name of every agency and person outside; their codes bear the second one
CODE = "QK77"

SCOPED = {"focal_point": Role.FOCAL_POINT, "head": Role.HEAD, "department_of_one_agency": Role.DEPARTMENT}

# Pages without an object in their address on which the whole province sees what is marked. A page that is new must be put here or show
# no rows of people or agencies.
SHOWS_ROWS = {
    "/account/delegations",  # agencies to choose from
    "/manage/agencies/",
    "/manage/agencies/changes/",
    "/manage/agencies/events.xlsx",
    "/manage/agencies/export.xlsx",
    "/manage/audit/",
    "/manage/audit/export.csv",
    "/manage/audit/export.xlsx",
    "/manage/data-requests/",
    "/manage/people",
    "/manage/people/duplicates",
    "/manage/people/new",  # agencies to choose from
    "/manage/people/slips",
    "/manage/people/statistics/cross-tab/people",
    "/manage/people/statistics/people",
    "/manage/people/transfers",
    "/manage/publishing/agencies/",
    f"/manage/reports/{QUARTER}/",  # what agencies objected
    f"/manage/reports/{QUARTER}/report.json",  # the whole report
    "/manage/roles/",
    "/targets/new",  # agencies to choose from
}

# The same pages asked in ways that might forget the scope.
ASKED = (
    "/manage/agencies/?q=qua+khoang",
    "/manage/agencies/?level=tinh",
    "/manage/agencies/?on=2025-01-01",
    "/manage/agencies/?known=2026-11-21",
    "/manage/agencies/export.xlsx?on=2025-01-01",
    "/manage/people?only=locked",
    "/manage/people?agency={outside}",
    "/manage/people?search=CB",
    "/manage/people?after={person}",
    "/manage/people?before={person}",
    "/manage/people/slips?agency={outside}",
    "/manage/people/statistics/people?it_staff=1",
    "/manage/roles/?overdue=y",
    "/manage/data-requests/?settled=1",
    "/reports/" + QUARTER + "/",
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def outside(database: Database) -> dict[str, str]:
    """One agency with a holder of each role, and beside it two others between which everything happens that a list can show."""
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
        home = make_agency(session, "Sở Nội vụ", parent=root, code="H55.1")
        publish(session)
        make_agency(session, "Phòng Tổ chức", parent=home, code="H55.1.2")
        make_people(session, home, [{"it_duty": "dedicated"}] * 7)
        for login, role in SCOPED.items():
            grant(session, make_person(session, f"Nông Thị {login.title()}", agency=home, login=login), role, home)
        grant(session, make_person(session, "Hà Thị Tỉnh", agency=home, login="province"), Role.DEPARTMENT)
        away, person = _province_of_others(session, root)
        fill_bank(session)
        make_round(session)
        publish_results(session)
        return {"outside": str(away), "person": str(person)}


def _province_of_others(session: Session, root: UUID) -> tuple[UUID, UUID]:
    away = make_agency(session, f"Sở {MARK}", parent=root, code=f"H55.{CODE}")
    beside = make_agency(session, f"Chi cục {MARK}", parent=root, code=f"H55.{CODE}B")
    old = make_agency(session, f"Ban {MARK} cũ", parent=root, code=f"H55.{CODE}C")
    rename_agency(session, SERVICE, beside, name=f"Chi cục {MARK} mới", on=date(2026, 6, 1), at=AT - timedelta(days=100))
    merge_agencies(session, SERVICE, [old], into=away, on=date(2026, 7, 1), at=AT - timedelta(days=90))
    people = [
        make_person(
            session,
            f"{MARK} {name}",
            agency=away,
            staff_code=f"CB{CODE}{number:02d}",
            login=f"{CODE.lower()}{number}",
            birth_date=date(1980, 1, 1),
            activated=number > 2,
            it_duty="dedicated",
            qualification="university",
        )
        for number, name in enumerate(("An", "An", "Bình", "Chi", "Dũng", "Giang"))
    ]
    for person in people[:2]:
        session.add(RoleGrant(person_id=person, role=Role.HEAD.value, agency_id=away, valid_from=date(2020, 1, 1)))
    for number, (source, target) in enumerate(((away, beside), (away, None))):
        session.add(
            TransferRequest(
                id=uuid7(),
                person_id=people[number],
                kind=Kind.NOT_OURS.value,
                from_agency_id=source,
                to_agency_id=target,
                effective_on=TODAY,
                state=State.PENDING.value,
                requested_at=AT,
            )
        )
    for person in people[2:4]:
        asked = make_request(session, Actor(person, "", ""), person, NewRequest(RequestKind.OBJECTION, MARK), AT, zone=ZONE)
    answer_request(session, SERVICE, asked, grant=False, answer=MARK, at=AT)
    session.flush()
    return away, people[0]


def addresses(app: Flask, outside: dict[str, str]) -> list[str]:
    """Every page and file that needs no object to be named, and those of a quarter."""
    plain = [
        rule.rule
        for rule in app.url_map.iter_rules()
        if "GET" in (rule.methods or ()) and rule.endpoint != "static" and rule.arguments <= {"quarter", "kind"}
    ]
    named = {address.replace("<quarter>", QUARTER) for address in plain}
    kinds = {address for address in named if "<kind>" not in address and "<any(" not in address}
    files = {re.sub(r"<any\([^)]*\):kind>", kind, address) for address in named if "<any(" in address for kind in ("csv", "xlsx")}
    forms = {address.replace("<kind>", "rename") for address in named if "<kind>" in address}
    asked = {address.format(**outside) for address in ASKED}
    return sorted(address for address in kinds | files | forms | asked if not address.startswith(("/public/", "/xapi/", "/sign-in")))


def text_of(response: TestResponse) -> str:
    """All that an answer says, whatever it is packed in."""
    body = response.get_data()
    if body.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(body)) as packed:
            return "\n".join(packed.read(name).decode("utf-8", "replace") for name in packed.namelist())
    return body.decode()


def is_marked(response: TestResponse, address: str) -> bool:
    said = text_of(response)
    if "?" in address:  # a form shows again what was typed into it
        said = re.sub(r"<(input|a|link|form)\b[^>]*>", "", said)
    return MARK in said or f"{CODE}0" in said or f".{CODE}" in said


@pytest.mark.parametrize("holder", SCOPED)
def test_no_list_and_no_file_shows_what_lies_outside_the_scope(app: Flask, holder: str, outside: dict[str, str], sign_in: SignInAs) -> None:
    client, seen, marked = sign_in(holder), 0, []
    for address in addresses(app, outside):
        response = client.get(address, follow_redirects=True)
        seen += response.status_code == 200
        if is_marked(response, address):
            marked.append(address)
    assert marked == []
    assert seen > 25


def test_who_answers_for_the_province_sees_it_on_every_page_of_rows(app: Flask, outside: dict[str, str], sign_in: SignInAs) -> None:
    client = sign_in("province")
    client.get("/manage/audit/?subject=x")
    plain = [address for address in addresses(app, outside) if "?" not in address]
    marked = {address for address in plain if is_marked(client.get(address, follow_redirects=True), address)}
    assert {address for address in marked if not address.startswith("/reports/")} == SHOWS_ROWS
    assert f"/reports/{QUARTER}/" in marked


def cells_of(page: str) -> list[list[str]]:
    """The rows of a page's tables as text."""
    rows = re.findall(r"<tr\b.*?</tr>", page, re.DOTALL)
    return [
        [re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", cell)).strip() for cell in re.findall(r"<t[hd]\b.*?</t[hd]>", row, re.DOTALL)]
        for row in rows
    ]


def sheet_of(response: TestResponse) -> list[list[str]]:
    book = CalamineWorkbook.from_filelike(io.BytesIO(response.get_data()))
    return [[str(cell).strip() for cell in row] for row in book.get_sheet_by_index(0).to_python()]


@pytest.mark.parametrize("holder", [*SCOPED, "province"])
def test_the_file_of_the_tree_holds_the_agencies_of_its_page(holder: str, outside: dict[str, str], sign_in: SignInAs) -> None:
    client = sign_in(holder)
    page = text_of(client.get("/manage/agencies/"))
    names = {"Sở Nội vụ", "Phòng Tổ chức", f"Sở {MARK}", f"Chi cục {MARK} mới"}
    of_page = {name for name in names if f">{name}<" in re.sub(r"\s*([<>])\s*", r"\1", page)}
    rows = sheet_of(client.get("/manage/agencies/export.xlsx"))
    of_file = {cell for row in rows for cell in row if cell in names}
    assert of_page == of_file == (names if holder == "province" else {"Sở Nội vụ", "Phòng Tổ chức"})


@pytest.mark.parametrize("holder", [*SCOPED, "province"])
def test_the_files_of_a_result_hold_the_rows_of_its_page(holder: str, outside: dict[str, str], sign_in: SignInAs) -> None:
    client, code = sign_in(holder), "H55" if holder == "province" else "H55.1"
    page = text_of(client.get(f"/reports/{QUARTER}/{code}"))
    data = client.get(f"/reports/{QUARTER}/{code}.json").json
    assert data is not None
    below = {child["name"] for child in data["children"]}
    cells = {cell for row in cells_of(page) for cell in row}
    rows = sheet_of(client.get(f"/reports/{QUARTER}/{code}.xlsx"))
    assert below == {name for row in rows for name in row if name in below}
    assert all(any(name in cell for cell in cells) for name in below)
    assert (f"Sở {MARK}" in below) == (holder == "province")
    assert data["figures"]["expected"] == (17 if holder == "province" else 11)


def test_every_number_of_the_people_page_counts_its_own_rows(outside: dict[str, str], sign_in: SignInAs) -> None:
    for holder, count in (("focal_point", 4), ("province", 10)):
        page = text_of(sign_in(holder).get("/manage/people"))
        assert len(re.findall(r'<th[^>]*(?:scope="row"|role="rowheader")', page)) == count
