"""Whatever is sent to the pages about people and personal data: an answer, never a broken page, and nothing stored by halves."""

from __future__ import annotations

import random
import unicodedata
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.accounts import operations
from lms.accounts.models import Person, Posting, TransferRequest
from lms.accounts.operations import Wish
from lms.accounts.rules.leaves import Away
from lms.accounts.rules.postings import Post
from lms.accounts.rules.transfers import Kind
from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.privacy.operations import NewRequest, make_request
from lms.privacy.rules.requests import RequestKind
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import ZONE

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()
WRITTEN = f"{TODAY:%d/%m/%Y}"
NOBODY = UUID(int=0)

TEXTS = [
    "",
    " ",
    "\x00",
    "Nguyễn\x00 Văn An",
    unicodedata.normalize("NFD", "Nguyễn Thị Ánh"),
    "<script>alert(1)</script>",
    "'; DROP TABLE person; --",
    '=HYPERLINK("http://x")',
    "%s%n{{7*7}}${7*7}%(name)s",
    "\u202egnốuC",
    "A" * 5_000,
    "Ạ" * 130,
    "-1",
    "99999999999999999999",
    "31/02/2026",
    "01/01/0001",
    "31/12/9999",
    "00/00/0000",
    "٠١/٠١/٢٠٢٦",
    "\ud83d\ude00".encode("utf-16", "surrogatepass").decode("utf-16"),
    str(NOBODY),
    "not-a-uuid",
    "H55.1",
    "CB00016",
    "019085000123",
    "y",
    "yes",
    "host",
    WRITTEN,
]
FORMS: dict[str, tuple[str, ...]] = {
    "/manage/people/new": (
        "full_name",
        "agency",
        "since",
        "birth_date",
        "birth_year",
        "staff_code",
        "sex",
        "email",
        "phone",
        "identity_number",
        "qualification",
        "it_qualification",
        "job_title",
        "group",
        "it_duty",
    ),
    "/manage/people/{person}/edit": (
        "full_name",
        "birth_date",
        "birth_year",
        "sex",
        "email",
        "phone",
        "identity_number",
        "forget_identity",
    ),
    "/manage/people/{person}/postings/new": ("agency", "since", "until", "job_title", "group", "it_duty", "decision"),
    "/manage/people/{person}/secondment": ("agency", "since", "until", "counted", "job_title", "group", "it_duty"),
    "/manage/people/{person}/postings/{post}": ("since", "until", "nature", "absence", "decision", "group", "it_duty", "job_title"),
    "/manage/people/{person}/postings/{post}/primary": ("on",),
    "/manage/people/{person}/postings/{post}/end": ("on",),
    "/manage/people/{person}/leave": ("reason", "since", "until", "decision"),
    "/manage/people/{person}/not-ours": ("agency", "on", "note"),
    "/manage/people/claim": ("staff_code", "identity_number", "full_name", "birth_date", "person", "agency", "on", "note"),
    "/manage/people/transfers/{request}/approve": ("agency", "leaves"),
    "/manage/people/transfers/{request}/refuse": ("reason",),
    "/manage/people/{person}/merge/{other}": ("keep", "take_full_name", "take_staff_code", "take_identity_number", "confirm"),
    "/manage/people/groups": ("code", "name_vi", "name_en"),
    "/manage/people/{person}/erasure": ("reason",),
    "/manage/data-requests/{asked}/answer": ("answer", "decision"),
    "/account/data/correction": ("field", "proposed", "reason"),
    "/account/data/request": ("kind", "reason"),
    "/account/data/file": ("form",),
}
QUERIES = ("search", "group", "agency", "it_duty", "only", "after", "before", "one", "other", "settled")


@pytest.fixture
def places(app: Flask, database: Database) -> dict[str, Any]:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health = make_agency(session, "Sở Y tế", parent=root, code="H55.1")
        grant(session, make_person(session, "Trần Thị Quản", agency=health, login="quantri"), Role.DEPARTMENT)
        person = make_person(session, "Nguyễn Thị Ánh", agency=health, staff_code="CB00016", birth_date=date(1985, 3, 2))
        other = make_person(session, "Nguyễn Thị Ánh", agency=health, staff_code="CB00017", birth_date=date(1985, 3, 2))
        operations.record_leave(session, SERVICE, person, Away(None, "sick", TODAY, TODAY + timedelta(days=3)), at=now())
        wish = Wish(other, Kind.NOT_OURS, None, TODAY + timedelta(days=1))
        request = operations.request_transfer(session, SERVICE, wish, today=TODAY, at=now())
        actor = Actor(person, "Ánh", "anh")
        asked = make_request(session, actor, person, NewRequest(RequestKind.CORRECTION, "sai", "email", "an@x.vn"), now(), zone=ZONE)
        post = session.scalars(select(Posting.id).where(Posting.person_id == person)).one()
    return {"person": person, "other": other, "request": request, "asked": asked, "post": post}


@pytest.mark.parametrize("address", FORMS)
def test_no_form_about_people_breaks_whatever_is_sent(places: dict[str, Any], database: Database, sign_in: SignInAs, address: str) -> None:
    dice, client = random.Random(address), sign_in("quantri")
    path = address.format(**places)
    client.application.url_map.bind("localhost").match(path, method="POST")  # it is one of the application's
    for _turn in range(25):
        data = {name: dice.choice(TEXTS) for name in FORMS[address] if dice.random() < 0.8}
        assert client.post(path, data=data).status_code < 500, data
    for name in FORMS[address]:
        assert client.post(path, data={name: ["a", "b"]}).status_code < 500
    with database.reading() as session:
        twice = select(Posting.person_id).where(Posting.is_primary, Posting.valid_from <= TODAY, Posting.valid_to > TODAY)
        assert session.execute(twice.group_by(Posting.person_id).having(func.count() > 1)).all() == []
        assert not [name for name in session.scalars(select(Person.full_name)) if "\x00" in name or len(name) > 120]


@pytest.mark.parametrize(
    "page", ["/manage/people", "/manage/people/slips", "/manage/people/duplicates", "/manage/people/transfers", "/manage/data-requests/"]
)
def test_no_list_of_people_breaks_whatever_is_asked(places: dict[str, Any], sign_in: SignInAs, page: str) -> None:
    dice, client = random.Random(page), sign_in("quantri")
    for _turn in range(40):
        asked = {name: dice.choice(TEXTS) for name in QUERIES if dice.random() < 0.4}
        assert client.get(page, query_string=asked).status_code < 500, asked


@pytest.mark.parametrize("odd", [str(NOBODY), "0f8fad5b-d9cb-469f-a165-70867728950e", "1", "%00", "..%2f..", "x" * 3000])
def test_odd_identifiers_are_not_found(places: dict[str, Any], sign_in: SignInAs, odd: str) -> None:
    client = sign_in("quantri")
    for address in FORMS:
        if "{" in address:
            path = address
            for name in places:
                path = path.replace("{" + name + "}", odd)
            assert client.post(path, data={"confirm": "yes", "decision": "grant", "answer": "a"}).status_code in (
                400,
                404,
                405,
                409,
                422,
            ), path
            assert client.get(path).status_code in (302, 400, 404, 405, 422), path
    for path in (f"/manage/people/groups/{odd}/delete", f"/manage/people/{odd}/apart/{odd}", f"/manage/people/{odd}/together/{odd}"):
        assert client.post(path).status_code in (303, 404, 409, 422), path


def test_looking_changes_nothing(places: dict[str, Any], database: Database, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    with database.reading() as session:
        before = [session.scalar(select(func.count()).select_from(model)) for model in (Person, Posting, TransferRequest)]
    for address in [*FORMS, "/manage/people/{person}/apart/{other}", "/manage/people/{person}/together/{other}"]:
        for query in ("", "?confirm=yes&decision=grant&keep={other}"):
            assert client.get((address + query).format(**places)).status_code in (200, 302, 303, 404, 405)
    with database.reading() as session:
        assert [session.scalar(select(func.count()).select_from(model)) for model in (Person, Posting, TransferRequest)] == before
        assert session.get_one(TransferRequest, places["request"]).state == "pending"


def test_nothing_is_done_without_the_token_of_ones_own_page(places: dict[str, Any], database: Database, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    for address in [*FORMS, "/manage/people/{person}/apart/{other}", "/manage/people/{person}/together/{other}"]:
        assert client.open(address.format(**places), method="POST", data={"confirm": "yes"}).status_code == 400, address


@pytest.mark.parametrize("address", ["/manage/people/new", "/manage/people/{person}/edit"])
def test_a_name_is_no_longer_than_a_name(places: dict[str, Any], sign_in: SignInAs, address: str) -> None:
    data = {"full_name": "Ạ " * 80, "agency": "H55.1", "since": WRITTEN, "group": "N1", "it_duty": "none", "sex": "", "qualification": ""}
    page = sign_in("quantri").post(address.format(**places), data=data)
    assert page.status_code == 422
    assert "không quá 120 ký tự" in page.text


def test_a_name_is_stored_in_one_unicode_form(places: dict[str, Any], database: Database, sign_in: SignInAs) -> None:
    decomposed = unicodedata.normalize("NFD", "Đặng  Thị\u200b Ngọc")
    data = {"full_name": decomposed, "sex": "", "qualification": ""}
    assert sign_in("quantri").post(f"/manage/people/{places['person']}/edit", data=data).status_code == 303
    with database.reading() as session:
        person = session.get_one(Person, places["person"])
        assert (person.full_name, person.name_key) == ("Đặng Thị Ngọc", "dang thi ngoc")


def test_who_has_somebody_beside_neither_sees_nor_answers_what_they_ask(
    places: dict[str, Any], database: Database, sign_in: SignInAs
) -> None:
    with database.transaction() as session:
        other = make_agency(session, "Sở Văn hóa")
        grant(session, make_person(session, "Hà Thị Nhận", agency=other, login="nhan"), Role.FOCAL_POINT, other)
        post = Post(None, other, "N2", date(2021, 1, 1), nature="concurrent")
        operations.add_post(session, SERVICE, places["person"], post, at=now())
    client, address = sign_in("nhan"), f"/manage/data-requests/{places['asked']}"
    assert client.get(f"/manage/people/{places['person']}").status_code == 200
    assert "Nguyễn Thị Ánh" not in client.get("/manage/data-requests/").text
    assert client.get(address).status_code == 404
    assert client.post(f"{address}/answer", data={"decision": "grant", "answer": "Đã sửa."}).status_code == 404
    assert sign_in("quantri").post(f"{address}/answer", data={"answer": "Đã sửa."}).status_code == 400, "neither yes nor no was said"


def test_looking_somebody_up_again_counts_and_is_on_record(places: dict[str, Any], database: Database, sign_in: SignInAs) -> None:
    client = sign_in("quantri")
    for person in ("", str(places["person"]), "nobody"):
        client.post("/manage/people/claim", data={"staff_code": "CB00016", "person": person})
    with database.reading() as session:
        assert session.scalar(select(func.count()).where(AuditEntry.action == "accounts.look_up_to_claim")) == 3
