"""Communication 2.2, 2.3, 2.6, 2.7: documents of states and profiles, in both versions."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.rules.documents import MAX_DOCUMENT
from tests.lrs.conformance.documents import DOCUMENT, RESOURCES, STATE, VERSIONS, Documents, Resource, tag_of
from tests.lrs.making import BINH, COURSE, Store, make_credential, new_id

pytestmark = pytest.mark.parametrize("version", VERSIONS)


@pytest.fixture(params=RESOURCES)
def documents(request: pytest.FixtureRequest, store: Store, version: str) -> Documents:
    return Documents(store, request.param, version)


@pytest.fixture
def states(store: Store, version: str) -> Documents:
    return Documents(store, STATE, version)


class TestPut:
    def test_204_and_the_document_comes_back_to_the_byte(self, documents: Documents) -> None:
        body = b'{ "b" : 1.50,\n "a":"\xc4\x91" }\n'
        assert documents.put(body, If_None_Match="*").status_code == 204
        got = documents.get()
        assert (got.status_code, got.data, got.headers["Content-Type"]) == (200, body, "application/json")

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("image/png", b"\x89PNG\x00\xff"),
            ("text/plain; charset=utf-8", "chữ".encode()),
            ("text/html", b"<script>alert(1)</script>"),
            ("application/x-www-form-urlencoded", b"a=1&a=2&method=DELETE"),
            ("multipart/mixed; boundary=x", b"--x--"),
            ("application/octet-stream", b""),
            ("not/json", b"abcdefg"),
        ],
    )
    def test_any_content_type_is_kept_with_its_bytes(self, documents: Documents, content_type: str, body: bytes) -> None:
        assert documents.put(body, Content_Type=content_type, If_None_Match="*").status_code == 204
        got = documents.get()
        assert (got.data, got.headers["Content-Type"]) == (body, content_type)
        assert got.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"

    def test_what_replaces_keeps_nothing_of_what_was(self, documents: Documents) -> None:
        documents.post({"a": 1})
        assert documents.put({"b": 2}, If_Match=documents.get().headers["ETag"]).status_code == 204
        assert documents.get().json == {"b": 2}

    def test_400_where_json_is_promised_and_not_sent(self, documents: Documents) -> None:
        assert documents.put(b'{"a":1}[', If_None_Match="*").status_code == 400
        assert documents.get().status_code == 404

    def test_knowing_neither_activity_nor_agent_is_no_reason_to_refuse(self, documents: Documents) -> None:
        assert documents.put(If_None_Match="*").status_code == 204

    def test_413_before_the_body_is_read(self, documents: Documents) -> None:
        response = documents.put(b"x" * (MAX_DOCUMENT + 1), Content_Type="text/plain", If_None_Match="*")
        assert response.status_code == 413
        assert documents.get().status_code == 404


class TestPost:
    def test_204_and_a_new_document_is_stored_as_it_came(self, documents: Documents) -> None:
        body = b'{"a" : 1}'
        assert documents.post(body).status_code == 204
        assert documents.get().data == body

    @pytest.mark.parametrize("body", [b"1", b"true", b"abc"])
    def test_a_new_document_may_be_of_any_type(self, documents: Documents, body: bytes) -> None:
        assert documents.post(body, Content_Type="application/x-www-form-urlencoded").status_code == 204
        assert documents.get().data == body

    def test_merges_top_level_properties(self, documents: Documents) -> None:
        documents.post({"car": {"make": "Ford", "model": "Escape"}, "driver": "Dale"})
        assert documents.post({"car": {"make": "Dodge"}, "series": 1}).status_code == 204
        assert documents.get().json == {"car": {"make": "Dodge"}, "driver": "Dale", "series": 1}

    def test_what_is_not_posted_stays_to_the_digit(self, documents: Documents) -> None:
        documents.post(b'{"exact":1.5000000000000000000001,"x":1}')
        documents.post(b'{"x":2E2}', Content_Type="Application/JSON; charset=utf-8")
        assert documents.get().data == b'{"exact":1.5000000000000000000001,"x":2E2}'

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [
            ("not/json", b"abcdefg"),
            ("application/octet-stream", b'{"a":1}'),
            ("application/json", b'{"a":1}{'),
            ("application/json", b"[1]"),
            ("application/json", b'"text"'),
            ("application/json", b""),
            ("application/json", b'{"a":NaN}'),
            ("application/json", b'{"a":1,"a":2}'),
            ("application/json", b'{"a":"\xff"}'),
            ("application/json", b'{"a":' + b"[" * 5000 + b"]" * 5000 + b"}"),
        ],
    )
    def test_400_and_no_change_where_the_posted_one_is_no_json_object(self, documents: Documents, content_type: str, body: bytes) -> None:
        documents.post(DOCUMENT)
        before = documents.get()
        assert documents.post(body, Content_Type=content_type).status_code == 400
        after = documents.get()
        assert (after.data, after.headers["Last-Modified"]) == (before.data, before.headers["Last-Modified"])

    @pytest.mark.parametrize(
        ("content_type", "body"),
        [("application/octet-stream", b"/ asdf / undefined"), ("application/json", b"[1,2]"), ("text/plain", b"{}")],
    )
    def test_400_and_no_change_where_the_stored_one_is_no_json_object(self, documents: Documents, content_type: str, body: bytes) -> None:
        documents.put(body, Content_Type=content_type, If_None_Match="*")
        assert documents.post(DOCUMENT).status_code == 400
        assert documents.get().data == body

    def test_400_where_a_new_document_promises_json_and_is_none(self, documents: Documents) -> None:
        assert documents.post(b'{"a":1}[').status_code == 400

    def test_413_where_merging_would_grow_it_too_large(self, states: Documents) -> None:
        half = "x" * (MAX_DOCUMENT // 2)
        states.post({"a": half})
        assert states.post({"b": half}).status_code == 413
        assert states.get().json == {"a": half}


class TestGet:
    def test_404_where_there_is_none(self, documents: Documents) -> None:
        response = documents.get()
        assert response.status_code == 404
        assert response.json["error"]["message"]

    def test_without_an_id_the_ids_in_order(self, documents: Documents) -> None:
        for id_ in ("b", "a", "ấ/?&=#"):
            documents.post(id_=id_)
        assert documents.ids() == ["a", "b", "ấ/?&=#"]

    def test_an_empty_array_where_there_are_none(self, documents: Documents) -> None:
        assert documents.ids() == []

    def test_since_leaves_out_what_was_written_before(self, documents: Documents) -> None:
        documents.post(id_="cu")
        between = now()
        documents.post(id_="moi")
        assert documents.ids(since=between.isoformat().replace("+00:00", "Z")) == ["moi"]
        documents.post({"x": 1}, id_="cu")
        assert documents.ids(since=between.isoformat().replace("+00:00", "Z")) == ["cu", "moi"]
        assert documents.ids(since=(now() + timedelta(minutes=1)).isoformat().replace("+00:00", "Z")) == []

    @pytest.mark.parametrize("since", ["true", "not a timestamp", "2026-11-22", '{"key":"value"}', ""])
    def test_400_for_a_since_that_is_no_timestamp(self, documents: Documents, since: str) -> None:
        assert documents.send("GET", documents.resource.everything(since=since)).status_code == 400

    def test_since_beside_an_id_is_checked_and_means_nothing(self, documents: Documents) -> None:
        documents.post()
        assert documents.send("GET", documents.resource.place(since="2026-01-01T00:00:00Z")).json == DOCUMENT
        assert documents.send("GET", documents.resource.place(since="x")).status_code == 400

    def test_a_body_sent_along_changes_nothing(self, documents: Documents) -> None:
        documents.post()
        assert documents.send("GET", documents.resource.place(), {"not": "read"}).json == DOCUMENT

    def test_last_modified_of_one_and_of_many(self, documents: Documents) -> None:
        before = now().replace(microsecond=0)
        documents.post()
        for parameters in (documents.resource.place(), documents.resource.everything()):
            response = documents.send("GET", parameters)
            assert response.last_modified is not None
            assert before <= response.last_modified <= now()

    def test_head_answers_as_get_without_a_body(self, documents: Documents) -> None:
        documents.post()
        for parameters in (documents.resource.place(), documents.resource.everything()):
            got, head = documents.send("GET", parameters), documents.send("HEAD", parameters)
            assert (head.status_code, head.data) == (200, b"")
            for name in ("ETag", "Last-Modified", "Content-Type", "Content-Length", "X-Experience-API-Version"):
                assert head.headers[name] == got.headers[name], name
        assert documents.send("HEAD", documents.resource.place("khac")).status_code == 404


class TestDelete:
    def test_204_and_it_is_gone(self, documents: Documents) -> None:
        documents.post(id_="a")
        documents.post(id_="b")
        assert documents.delete("a").status_code == 204
        assert documents.ids() == ["b"]

    def test_204_where_there_was_none(self, documents: Documents) -> None:
        assert documents.delete().status_code == 204

    def test_all_states_of_a_context_go_and_no_others(self, states: Documents) -> None:
        states.post(id_="a")
        states.post(id_="b")
        other = states.resource.place("c", activityId=f"{COURSE}/khac")
        states.send("POST", other, DOCUMENT)
        assert states.send("DELETE", states.resource.everything()).status_code == 204
        assert states.ids() == []
        assert states.send("GET", other).status_code == 200

    def test_profiles_are_deleted_one_at_a_time(self, documents: Documents) -> None:
        documents.post()
        expected = 204 if documents.resource is STATE else 400
        assert documents.send("DELETE", documents.resource.everything()).status_code == expected


class TestRegistration:
    def test_isolates_documents_of_the_same_id(self, states: Documents) -> None:
        one, two = new_id(), new_id()
        for registration, body in ((None, {"r": 0}), (one, {"r": 1}), (two, {"r": 2})):
            assert states.send("POST", states.resource.place(registration=registration), body).status_code == 204
        for registration, body in ((None, {"r": 0}), (one.upper(), {"r": 1}), (two, {"r": 2})):
            assert states.send("GET", states.resource.place(registration=registration)).json == body
        assert states.send("DELETE", states.resource.place(registration=one)).status_code == 204
        assert states.send("GET", states.resource.place(registration=one)).status_code == 404
        assert states.get().json == {"r": 0}

    def test_named_it_narrows_a_list_and_unnamed_it_does_not(self, states: Documents) -> None:
        one = new_id()
        states.post(id_="a")
        states.send("POST", states.resource.place("a", registration=one), DOCUMENT)
        states.send("POST", states.resource.place("b", registration=one), DOCUMENT)
        assert states.ids(registration=one) == ["a", "b"]
        assert states.ids(registration=new_id()) == []
        assert states.ids() == ["a", "b"]

    def test_named_it_narrows_what_is_deleted(self, states: Documents) -> None:
        one = new_id()
        states.post(id_="a")
        states.send("POST", states.resource.place("b", registration=one), DOCUMENT)
        states.send("DELETE", states.resource.everything(registration=one))
        assert states.ids() == ["a"]

    def test_belongs_to_states_alone(self, documents: Documents) -> None:
        expected = 204 if documents.resource is STATE else 400
        assert documents.send("POST", documents.resource.place(registration=new_id()), DOCUMENT).status_code == expected


IDENTIFIERS: list[dict[str, Any]] = [
    {"mbox": "mailto:an@example.vn"},
    {"mbox_sha1sum": "a" * 40},
    {"openid": "https://an.example.vn/"},
    {"account": {"homePage": "https://hoc.example.vn", "name": "an"}},
]


class TestAgent:
    @pytest.mark.parametrize("agent", IDENTIFIERS, ids=lambda agent: next(iter(agent)))
    def test_each_identifier_names_one_and_a_name_tells_nothing(self, states: Documents, agent: dict[str, Any]) -> None:
        assert states.send("POST", states.resource.place(agent=agent), DOCUMENT).status_code == 204
        named = {"objectType": "Agent", "name": "Người khác", **agent}
        assert states.send("GET", states.resource.place(agent=named)).json == DOCUMENT
        for other in (BINH, *(entry for entry in IDENTIFIERS if entry != agent)):
            assert states.send("GET", states.resource.place(agent=other)).status_code == 404

    @pytest.mark.parametrize(
        "agent",
        [
            "not JSON",
            "true",
            "1",
            '"text"',
            "[]",
            "{}",
            '{"key":"value"}',
            '{"name":"An"}',
            '{"mbox":"an@example.vn"}',
            '{"mbox":"mailto:an@example.vn","openid":"https://an.example.vn/"}',
            '{"account":{"homePage":"https://hoc.example.vn"}}',
            '{"objectType":"Group","member":[{"mbox":"mailto:an@example.vn"}]}',
            '{"objectType":"Person","mbox":["mailto:an@example.vn"]}',
            '{"mbox":"mailto:an@example.vn","mbox":"mailto:binh@example.vn"}',
            "",
        ],
    )
    @pytest.mark.parametrize("method", ["PUT", "POST", "GET", "DELETE"])
    def test_400_for_what_is_no_agent(self, states: Documents, method: str, agent: str) -> None:
        assert states.send(method, states.resource.place(agent=agent), DOCUMENT).status_code == 400

    def test_a_group_has_documents_by_2_0_alone(self, states: Documents) -> None:
        group = {"objectType": "Group", "mbox": "mailto:to@example.vn"}
        expected = 204 if states.version == "2.0.0" else 400
        assert states.send("POST", states.resource.place(agent=group), DOCUMENT).status_code == expected


class TestParameters:
    METHODS = ("PUT", "POST", "GET", "DELETE")

    @pytest.mark.parametrize("method", METHODS)
    def test_400_for_each_that_is_missing(self, documents: Documents, method: str) -> None:
        for name in documents.resource.context:
            response = documents.send(method, documents.resource.place(**{name: None}), DOCUMENT, If_None_Match="*")
            assert response.status_code == 400
            assert name in response.json["error"]["message"]

    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_400_without_an_id_where_something_is_written(self, documents: Documents, method: str) -> None:
        assert documents.send(method, documents.resource.everything(), DOCUMENT, If_None_Match="*").status_code == 400

    @pytest.mark.parametrize("method", METHODS)
    def test_400_for_an_empty_id(self, documents: Documents, method: str) -> None:
        assert documents.send(method, documents.resource.place(""), DOCUMENT, If_None_Match="*").status_code == 400

    @pytest.mark.parametrize("method", METHODS)
    def test_400_for_an_unknown_one_and_one_in_another_case(self, documents: Documents, method: str) -> None:
        resource = documents.resource
        for parameters in (
            resource.place(foo="bar"),
            resource.place(limit="1"),
            {**resource.everything(), resource.id_name.capitalize(): "mot"},
            {(name.upper() if name in resource.context else name): value for name, value in resource.place().items()},
        ):
            assert documents.send(method, parameters, DOCUMENT, If_None_Match="*").status_code == 400, parameters

    @pytest.mark.parametrize("method", METHODS)
    def test_400_for_the_same_one_twice(self, documents: Documents, method: str) -> None:
        twice = [*documents.resource.place().items(), (documents.resource.id_name, "hai")]
        response = documents.store.open(
            method, documents.resource.path, body=DOCUMENT, query_string=urlencode(twice), headers={"X-Experience-API-Version": "1.0.3"}
        )
        assert response.status_code == 400

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_400_for_since_where_nothing_is_listed(self, documents: Documents, method: str) -> None:
        parameters = documents.resource.place(since="2026-01-01T00:00:00Z")
        assert documents.send(method, parameters, DOCUMENT, If_None_Match="*").status_code == 400

    @pytest.mark.parametrize("activity", ["1", "true", '{"key":"value"}', "undefined", "/khong-co-luoc-do", ""])
    @pytest.mark.parametrize("method", METHODS)
    def test_400_for_an_activity_that_is_no_iri(self, states: Documents, method: str, activity: str) -> None:
        assert states.send(method, states.resource.place(activityId=activity), DOCUMENT).status_code == 400

    @pytest.mark.parametrize("registration", ["1", "true", "not UUID", ""])
    @pytest.mark.parametrize("method", METHODS)
    def test_400_for_a_registration_that_is_no_uuid(self, states: Documents, method: str, registration: str) -> None:
        assert states.send(method, states.resource.place(registration=registration), DOCUMENT).status_code == 400

    def test_documents_of_one_resource_are_not_those_of_another(self, store: Store, version: str) -> None:
        for resource in (param.values[0] for param in RESOURCES):
            assert isinstance(resource, Resource)
            found = Documents(store, resource, version)
            assert found.get().status_code == 404
            found.post()


def test_every_answer_names_its_version(documents: Documents) -> None:
    for response in (documents.post(), documents.get(), documents.get("khac"), documents.put(), documents.delete()):
        assert response.headers["X-Experience-API-Version"] == documents.version


@pytest.mark.parametrize("method", ["PATCH"])
def test_405_for_another_method(documents: Documents, method: str) -> None:
    response = documents.send(method, documents.resource.place(), DOCUMENT)
    assert response.status_code == 405
    assert response.headers["X-Experience-API-Version"] == documents.version
    assert "PUT" in response.headers["Allow"]


def test_400_without_a_version_and_401_without_a_credential(documents: Documents) -> None:
    assert documents.send("GET", documents.resource.place(), X_Experience_API_Version=None).status_code == 400
    assert documents.send("GET", documents.resource.place(), Authorization=None).status_code == 401


READING = {"state": {STATE.path}, "profile": {"activities/profile", "agents/profile"}}


@pytest.mark.parametrize("scope", ["statements/write", "statements/read", "define", "state", "profile", "all/read", "all"])
def test_403_where_the_scope_does_not_reach(app: Flask, database: Database, version: str, scope: str) -> None:
    make_credential(database, scope, key="hep")
    everything = {STATE.path, *READING["profile"]}
    reading = {"all/read": everything, "all": everything}.get(scope, READING.get(scope, set()))
    writing = {"all": everything}.get(scope, READING.get(scope, set()))
    for resource in (param.values[0] for param in RESOURCES):
        assert isinstance(resource, Resource)
        documents = Documents(Store(app.test_client(), key="hep"), resource, version)
        assert documents.post().status_code == (204 if resource.path in writing else 403)
        assert documents.send("GET", resource.everything()).status_code == (200 if resource.path in reading else 403)
        assert documents.delete().status_code == (204 if resource.path in writing else 403)


def test_the_tag_is_the_sha1_of_the_content_in_quotes(documents: Documents) -> None:
    body = json.dumps(DOCUMENT).encode()
    documents.post(body)
    assert documents.get().headers["ETag"] == tag_of(body)
    listed = documents.send("GET", documents.resource.everything())
    assert listed.headers["ETag"] == tag_of(listed.data)


def test_304_for_what_the_reader_has(documents: Documents) -> None:
    documents.post()
    response = documents.get(If_None_Match=documents.get().headers["ETag"])
    assert (response.status_code, response.data) == (304, b"")
