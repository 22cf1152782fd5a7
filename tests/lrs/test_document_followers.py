"""Documents of content about persons: shown to them, found again when records are merged, gone when they are forgotten."""

from __future__ import annotations

from uuid import UUID

import pytest
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.document_followers import document_follower
from tests.factories import make_agency, make_person
from tests.lrs.conformance.documents import AGENT_PROFILE, STATE, Documents
from tests.lrs.making import BINH, Store

OWN = "http://127.0.0.1:8000"


@pytest.fixture
def two(database: Database) -> tuple[UUID, UUID]:
    """Two records."""
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        kept, absorbed = (make_person(session, name, agency=agency) for name in ("Nguyễn Văn An", "Nguyễn An"))
        session.get_one(Person, absorbed).email = "an.cu@tinh.gov.vn"
    return kept, absorbed


def agent(person_id: UUID) -> dict[str, object]:
    return {"account": {"homePage": OWN, "name": str(person_id)}}


def post(store: Store, who: dict[str, object], id_: str, **body: object) -> None:
    assert Documents(store, STATE).send("POST", STATE.place(id_, agent=who), body).status_code == 204


def read(store: Store, who: dict[str, object], id_: str) -> object:
    return Documents(store, STATE).send("GET", STATE.place(id_, agent=who)).json


def ids(store: Store, who: dict[str, object]) -> list[str]:
    return Documents(store, STATE).ids(agent=who)


def told(session: Session, person_id: UUID) -> list[tuple[object, ...]]:
    (section,) = document_follower.disclose(session, person_id)
    rows = [tuple(row) for row in section.rows]
    assert len(rows) == len(section.rows)
    assert all(len(row) == len(section.columns) for row in rows)
    return rows


def test_each_is_disclosed_with_its_text_or_its_size(store: Store, database: Database, two: tuple[UUID, UUID]) -> None:
    kept, _absorbed = two
    post(store, agent(kept), "a", diem=7)
    post(store, BINH, "cua-binh", diem=8)
    Documents(store, AGENT_PROFILE).send("POST", AGENT_PROFILE.place("anh", agent=agent(kept)), b"\xff\xfe", Content_Type="image/png")
    with database.reading() as session:
        rows = told(session, kept)
    assert [(row[1], row[3], row[6]) for row in rows] == [("state", "a", '{"diem": 7}'), ("agent-profile", "anh", "2 B")]


def test_the_record_that_stands_finds_the_states_of_the_absorbed(store: Store, database: Database, two: tuple[UUID, UUID]) -> None:
    kept, absorbed = two
    by_mail = {"mbox": "mailto:an.cu@tinh.gov.vn"}
    post(store, agent(kept), "chung", của="kept")
    post(store, agent(absorbed), "chung", của="absorbed")
    post(store, agent(absorbed), "rieng", của="absorbed")
    post(store, by_mail, "thu", của="mail")
    with database.transaction() as session:
        assert document_follower.merge(session, kept, absorbed, now()) == {"learning_documents": 2}
    assert ids(store, agent(kept)) == ["chung", "rieng", "thu"]
    assert read(store, agent(kept), "chung") == {"của": "kept"}
    assert read(store, agent(absorbed), "chung") == {"của": "absorbed"}
    assert (ids(store, agent(absorbed)), ids(store, by_mail)) == (["chung"], [])


def test_nothing_is_left_of_whom_is_forgotten_and_all_of_others(store: Store, database: Database, two: tuple[UUID, UUID]) -> None:
    kept, absorbed = two
    with database.transaction() as session:
        session.get_one(Person, absorbed).merged_into_id = kept
    for who in (agent(kept), agent(absorbed), {"mbox": "mailto:An.cu@TINH.gov.vn"}, BINH):
        post(store, who, "a", x=1)
    with database.transaction() as session:
        document_follower.forget(session, kept, "Người đã xóa 0123456789", now())
        assert told(session, kept) == []
    assert ids(store, BINH) == ["a"]
    assert ids(store, agent(kept)) == ids(store, agent(absorbed)) == []
