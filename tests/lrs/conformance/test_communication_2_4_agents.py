"""Communication 2.4: an agent as a person, every property a list."""

from __future__ import annotations

import json
from typing import Any

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lms.accounts.models import Person
from lms.kit.db import Database
from tests.factories import make_agency, make_person
from tests.lrs.conformance.documents import VERSIONS
from tests.lrs.making import AN, BINH, COURSE, VERB, Store, make_credential, statement, voiding

IDENTIFIERS: list[dict[str, Any]] = [
    {"mbox": "mailto:an@example.vn"},
    {"mbox_sha1sum": "a" * 40},
    {"openid": "https://an.example.vn/"},
    {"account": {"homePage": "https://hoc.example.vn", "name": "an"}},
]
OWN = "http://127.0.0.1:8000"


def ask(store: Store, agent: Any, version: str = "1.0.3", method: str = "GET") -> TestResponse:
    asked = agent if isinstance(agent, str) else json.dumps(agent)
    return store.open(method, "agents", query_string={"agent": asked}, headers={"X-Experience-API-Version": version})


@pytest.mark.parametrize("version", VERSIONS)
class TestGet:
    @pytest.mark.parametrize("agent", IDENTIFIERS, ids=lambda agent: next(iter(agent)))
    def test_whom_nobody_told_of_is_answered_with_what_was_asked(self, store: Store, version: str, agent: dict[str, Any]) -> None:
        response = ask(store, {"objectType": "Agent", "name": "An", **agent}, version)
        ((key, value),) = agent.items()
        assert (response.status_code, response.json) == (200, {"objectType": "Person", "name": ["An"], key: [value]})
        assert response.headers["X-Experience-API-Version"] == version
        assert response.headers["ETag"]

    def test_the_names_in_statements_newest_first(self, store: Store, version: str) -> None:
        store.post(statement(actor={**BINH, "name": "Bình cũ"}))
        store.post(statement(object={"objectType": "Agent", **BINH, "name": "Bình mới"}))
        store.post(statement(actor={"objectType": "Group", "name": "Tổ", "member": [{**BINH, "name": "Bình mới"}, {**AN, "name": "An"}]}))
        assert ask(store, BINH, version).json == {"objectType": "Person", "name": ["Bình mới", "Bình cũ"], "mbox": [BINH["mbox"]]}

    def test_not_those_in_voided_statements(self, store: Store, version: str) -> None:
        store.post(voiding(store.stored(actor={**BINH, "name": "Nhầm"})))
        assert "name" not in ask(store, BINH, version).json

    @pytest.mark.parametrize(
        "agent",
        [
            "not JSON",
            "true",
            "{}",
            '{"objectType":"Agent","name":"An"}',
            '{"objectType":"Group","mbox":"mailto:to@example.vn"}',
            '{"objectType":"Person","mbox":["mailto:an@example.vn"]}',
            '{"mbox":"mailto:an@example.vn","openid":"https://an.example.vn/"}',
        ],
    )
    def test_400_for_what_is_no_agent(self, store: Store, version: str, agent: str) -> None:
        assert ask(store, agent, version).status_code == 400

    @pytest.mark.parametrize("query", ["", 'Agent={"mbox":"mailto:a@e.vn"}', 'agent={"mbox":"mailto:a@e.vn"}&activityId=a:b'])
    def test_400_without_its_parameter_or_with_others(self, store: Store, version: str, query: str) -> None:
        response = store.open("GET", "agents", query_string=query, headers={"X-Experience-API-Version": version})
        assert response.status_code == 400

    def test_head_answers_as_get_without_a_body(self, store: Store, version: str) -> None:
        got, head = ask(store, AN, version), ask(store, AN, version, "HEAD")
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", got.headers["ETag"])

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_405_for_what_would_write(self, store: Store, version: str, method: str) -> None:
        assert ask(store, AN, version, method).status_code == 405


def test_all_accounts_of_records_that_were_found_to_be_one_person(store: Store, database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        kept, absorbed = (make_person(session, name, agency=agency) for name in ("Nguyễn Văn An", "Nguyễn An"))
        session.get_one(Person, absorbed).merged_into_id = kept
    for record in (kept, absorbed):
        found = ask(store, {"account": {"homePage": OWN, "name": str(record)}}).json["account"]
        assert {account["name"] for account in found} == {str(kept), str(absorbed)}
        assert found[0] == {"homePage": OWN, "name": str(record)}  # the one that was asked for first


def test_no_more_than_was_asked_is_told_without_the_scope_for_it(app: Flask, database: Database, store: Store) -> None:
    store.post(statement(actor={**BINH, "name": "Bình"}, verb={"id": VERB}, object={"id": COURSE}))
    make_credential(database, "statements/read/mine", key="cua-minh")
    assert ask(Store(app.test_client(), key="cua-minh"), BINH).json == {"objectType": "Person", "mbox": [BINH["mbox"]]}
    make_credential(database, "statements/write", key="chi-ghi")
    assert ask(Store(app.test_client(), key="chi-ghi"), BINH).status_code == 403
