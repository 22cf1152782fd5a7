"""One's own file is whole however long a life it tells of, and is made without holding all of it or anybody else up."""

from __future__ import annotations

import json
from collections.abc import Callable, Collection
from io import BytesIO
from typing import Any
from uuid import UUID, uuid4
from zipfile import ZipFile

import pytest
from flask.testing import FlaskClient
from sqlalchemy.orm import Session

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs import followers
from lms.lrs.operations import store_statements
from lms.lrs.rules.reading import from_values
from lms.privacy.queries import own_sections
from tests.factories import make_agency, make_person
from tests.privacy.making import BASE

SignInAs = Callable[[str], FlaskClient]
MANY = 1_234
STORE = "Kho dữ liệu học tập xAPI"


@pytest.fixture
def learner(database: Database) -> UUID:
    """Somebody about whom there are more statements than one question to the database brings."""
    with database.transaction() as session:
        person = make_person(session, "Đặng Thị Kim Chi", agency=make_agency(session, "Sở Nội vụ"), login="chi")
        authority = {"objectType": "Agent", "account": {"homePage": "http://other.example.vn", "name": "he-thong"}}
        for _part in range(MANY // 617):
            store_statements(session, from_values([statement(person, number) for number in range(617)]), authority, now())
    return person


def statement(person: UUID, number: int) -> dict[str, Any]:
    return {
        "id": str(uuid4()),
        "actor": {"account": {"homePage": BASE, "name": str(person)}},
        "verb": {"id": "http://example.vn/v"},
        "object": {"objectType": "Activity", "id": f"http://example.vn/o/{number}"},
    }


def test_the_file_has_every_statement_and_reads_them_a_few_hundred_at_a_time(
    learner: UUID, sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    parts: list[int] = []
    as_before = followers.bodies_at

    def counted(session: Session, positions: Collection[UUID]) -> Any:
        parts.append(len(positions))
        return as_before(session, positions)

    monkeypatch.setattr(followers, "bodies_at", counted)
    client = sign_in("chi")
    document = json.loads(client.post("/account/data/file", data={"form": "json"}).text)
    (stored,) = [section["rows"] for section in document["sections"] if section["heading"] == STORE]
    assert len(stored) == MANY
    assert len({row["Về"] for row in stored}) == 617
    assert sum(parts) == MANY
    assert max(parts) <= 500
    response = client.post("/account/data/file", data={"form": "xlsx"})
    assert int(response.headers["Content-Length"]) == len(response.data)
    with ZipFile(BytesIO(response.data)) as book:
        assert max(book.read(name).count(b"<row ") for name in book.namelist() if "worksheets/" in name) == MANY + 2


def test_what_would_be_erased_is_counted_without_reading_it(learner: UUID, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(followers, "bodies_at", None)
    with database.reading() as session:
        counts = {section.heading: len(section.rows) for section in own_sections(session, learner)}
    assert counts[STORE] == MANY


def test_others_may_write_while_the_file_is_made(
    learner: UUID, database: Database, sign_in: SignInAs, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_before = followers.bodies_at

    def with_a_neighbour(session: Session, positions: Collection[UUID]) -> Any:
        with database.transaction() as other:
            make_person(other, "Vũ Văn Yên", agency=make_agency(other, "Sở Y tế"))
        return as_before(session, positions)

    monkeypatch.setattr(followers, "bodies_at", with_a_neighbour)
    assert sign_in("chi").post("/account/data/file", data={"form": "json"}).status_code == 200
