"""Pages about people ask the database as often for many people as for few."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, timedelta
from uuid import UUID

import pytest
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.accounts import operations
from lms.accounts.operations import Wish
from lms.accounts.rules.leaves import Away
from lms.accounts.rules.postings import Post
from lms.accounts.rules.transfers import Kind
from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.clock import now
from lms.kit.db import Database
from lms.privacy.operations import NewRequest, make_request
from lms.privacy.rules.requests import RequestKind
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import ZONE

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()


@pytest.fixture
def root(database: Database) -> UUID:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        for login in ("quantri", "daumoi"):
            person = make_person(session, f"Trần Thị {login}", agency=root, login=login)
            grant(session, person, Role.DEPARTMENT if login == "quantri" else Role.FOCAL_POINT, None if login == "quantri" else root)
        return root


def add_people(database: Database, root: UUID, count: int) -> UUID:
    """Each in an agency of their own, with a second post, a leave, a request about data, a transfer that waits, and a namesake."""
    with database.transaction() as session:
        for _number in range(count):
            agency, other = make_agency(session, "Sở Y tế", parent=root), make_agency(session, "Sở Văn hóa", parent=root)
            person = make_person(session, "Nguyễn Thị Ánh", agency=agency, birth_date=date(1985, 3, 2))
            post = Post(None, other, "N2", date(2021, 1, 1), nature="concurrent")
            operations.add_post(session, SERVICE, person, post, at=now())
            operations.record_leave(session, SERVICE, person, Away(None, "sick", TODAY, TODAY + timedelta(days=3)), at=now())
            operations.request_transfer(session, SERVICE, Wish(person, Kind.NOT_OURS, other, TODAY), today=TODAY, at=now())
            actor = Actor(person, "Ánh", "anh")
            make_request(session, actor, person, NewRequest(RequestKind.COPY, "bản sao"), now(), zone=ZONE)
    return person


def statements_for(database: Database, client: FlaskClient, page: str) -> int:
    said: list[str] = []

    def note(*arguments: object) -> None:
        said.append(str(arguments[2]))

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    assert client.get(page).status_code == 200
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", note)
    return sum(statement.lstrip().startswith(("SELECT", "WITH")) for statement in said)


# Statements for the page itself and for who asks (session, roles).
PAGES = {
    "/manage/people": 7,
    "/manage/people/{person}": 13,
    "/manage/people/transfers": 7,
    "/manage/people/duplicates": 5,
    "/manage/data-requests/": 5,
}


@pytest.mark.parametrize("login", ["quantri", "daumoi"])
@pytest.mark.parametrize("page", PAGES)
def test_a_page_about_many_people_asks_no_more_often_than_about_few(
    root: UUID, database: Database, sign_in: SignInAs, page: str, login: str
) -> None:
    if page.endswith("duplicates") and login == "daumoi":
        pytest.skip("the department's alone")
    client = sign_in(login)
    few = statements_for(database, client, page.format(person=add_people(database, root, 1)))
    many = statements_for(database, client, page.format(person=add_people(database, root, 12)))
    assert many == few
    assert many <= PAGES[page]
