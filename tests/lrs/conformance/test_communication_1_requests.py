"""Communication 1 and 3: HEAD, headers, the alternate request syntax, encoding, content types, versions and error codes."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pytest
from flask import Flask
from werkzeug.test import TestResponse

from lms.kit.clock import now
from lms.lrs.guard import MAX_BODY
from lms.lrs.rules.versions import Version
from tests.lrs.conformance.conftest import speaking
from tests.lrs.making import AN, COURSE, VERB, Store, new_id, statement

VERSION = "X-Experience-API-Version"
CONSISTENT = "X-Experience-API-Consistent-Through"
FORM = "application/x-www-form-urlencoded"
ABSENT: Any = None


class TestHead:
    """1.1"""

    def test_is_get_without_the_body_with_the_same_headers(self, lrs: Store) -> None:
        one = lrs.stored()
        for query in ({}, {"statementId": one}, {"limit": "1"}, {"statementId": new_id()}, {"voidedStatementId": one}, {"foo": "1"}):
            got, head = (lrs.open(method, query_string=query) for method in ("GET", "HEAD"))
            assert head.status_code == got.status_code
            assert head.data == b""
            for name in ("Content-Type", "Last-Modified", VERSION):
                assert head.headers.get(name) == got.headers.get(name)
            assert CONSISTENT in head.headers

    def test_about_too(self, lrs: Store) -> None:
        assert lrs.open("HEAD", "about").status_code == 200


class TestVersions:
    """3.3, IEEE 9274.1.1 4.1.7"""

    def test_every_answer_is_in_the_version_of_its_request(self, lrs: Store, version: Version) -> None:
        answers = [
            lrs.get(),
            lrs.post(statement()),
            lrs.put(new_id(), statement()),
            lrs.get(foo="1"),
            lrs.get(statementId=new_id()),
            lrs.get(headers={"Authorization": ABSENT}),
            lrs.open("DELETE"),
            lrs.open("GET", "no/such/resource"),
            lrs.open("GET", "about"),
            lrs.post(b"{"),
        ]
        assert [answer.status_code for answer in answers] == [200, 200, 204, 400, 404, 401, 405, 404, 200, 400]
        assert {answer.headers[VERSION] for answer in answers} == {str(version)}

    @pytest.mark.parametrize("method", ["GET", "PUT", "POST", "HEAD"])
    @pytest.mark.parametrize("asked", [None, "0.95", "1.1.0", "2.1.0", "x"])
    def test_without_a_spoken_version_nothing_is_done(self, lrs: Store, method: str, asked: Any) -> None:
        given = {"statementId": new_id()} if method in ("GET", "PUT", "HEAD") else {}
        body = statement() if method in ("PUT", "POST") else None
        assert lrs.open(method, body=body, query_string=given, headers={VERSION: asked}).status_code == 400
        assert lrs.ids() == []

    @pytest.mark.parametrize("path", ["statements", "activities", "agents", "activities/state", "activities/profile", "agents/profile"])
    def test_a_request_without_a_version_is_refused_in_the_one_its_key_speaks(self, lrs: Store, version: Version, path: str) -> None:
        other = speaking("2.0.0" if version is Version.V1 else "1.0.3", lrs)
        for last in (other, lrs):
            last.ids()
        for asked in (ABSENT, "0.95", "BAD"):
            refused = lrs.open("GET", path, headers={VERSION: asked})
            assert (refused.status_code, refused.headers[VERSION]) == (400, str(version))

    @pytest.mark.parametrize("chosen", ["1.0.3", "2.0.0"])
    def test_strangers_without_a_version_are_answered_in_the_one_that_was_chosen(self, app: Flask, lrs: Store, chosen: Any) -> None:
        app.extensions["lms.settings"] = replace(app.extensions["lms.settings"], xapi_version=chosen)
        answers = [lrs.open("GET", headers={VERSION: ABSENT, "Authorization": ABSENT}), lrs.open("DELETE", headers={VERSION: ABSENT})]
        answers.append(lrs.open("GET", "about", headers={VERSION: ABSENT}))
        assert [(answer.status_code, answer.headers[VERSION]) for answer in answers] == [(400, chosen), (405, chosen), (200, chosen)]
        assert ("2.0.0" in answers[-1].json["version"]) is (chosen == "2.0.0")

    def test_statements_of_both_versions_are_one_store(self, lrs: Store) -> None:
        old, new = speaking("1.0.3", lrs), speaking("2.0.0", lrs)
        one, two = old.stored(), new.stored(context={"contextAgents": [{"objectType": "contextAgent", "agent": AN}]})
        assert old.ids() == new.ids() == [two, one]
        assert [entry["version"] for entry in old.get().json["statements"]] == ["2.0.0", "1.0.0"]
        assert old.get(statementId=two).data == new.get(statementId=two).data
        assert old.get(statementId=one).data == new.get(statementId=one).data

    def test_a_statement_keeps_the_version_it_came_with(self, lrs: Store, version: Version) -> None:
        for said in ("1.0", "1.0.0", "1.0.9", *(("2.0", "2.0.0") if version is Version.V2 else ())):
            assert lrs.get(statementId=lrs.stored(version=said)).json["version"] == said
        assert lrs.get(statementId=lrs.stored()).json["version"] == version.of_statements

    def test_a_statement_of_2_0_sent_again_in_1_0_is_judged_by_1_0(self, lrs: Store) -> None:
        one = speaking("2.0.0", lrs).stored(version="2.0.0")
        assert speaking("1.0.3", lrs).put(one, statement(version="2.0.0")).status_code == 400
        assert speaking("1.0.3", lrs).put(one, statement()).status_code == 204


class TestErrors:
    """1.4, 1.5, 3.2"""

    def test_a_method_there_is_not_is_told_which_there_are(self, lrs: Store) -> None:
        for method in ("DELETE", "PATCH"):
            response = lrs.open(method)
            assert response.status_code == 405
            assert {"GET", "HEAD", "POST", "PUT"} <= set(response.headers["Allow"].split(", "))
            assert CONSISTENT in response.headers

    def test_too_large_a_body_is_refused_before_it_is_read(self, lrs: Store) -> None:
        for method, query in (("POST", {}), ("PUT", {"statementId": new_id()})):
            response = lrs.open(method, body=b" " * (MAX_BODY + 1), query_string=query)
            assert response.status_code == 413
            assert response.json["error"]["message"]

    @pytest.mark.parametrize("kind", ["text/plain", "application/xml", "multipart/form-data; boundary=x", FORM, "application/jsonx"])
    def test_statements_come_as_json_or_in_parts(self, lrs: Store, kind: str) -> None:
        assert lrs.post(json.dumps(statement()), headers={"Content-Type": kind}).status_code == 400
        assert lrs.put(new_id(), json.dumps(statement()), headers={"Content-Type": kind}).status_code == 400
        assert lrs.ids() == []

    def test_texts_of_all_writings_come_back(self, lrs: Store) -> None:
        display = {"vi": "Đã hoàn thành", "ja": "出席した", "ar": "حضر", "ko": "참석", "x-e": "👩‍🏫𝒳\u0000"}
        one = lrs.stored(verb={"id": "https://x.vn/động-từ", "display": display})
        assert lrs.get(statementId=one).json["verb"]["display"] == display
        assert lrs.ids(verb="https://x.vn/động-từ") == [one]

    def test_every_refusal_says_why(self, lrs: Store) -> None:
        one = lrs.stored()
        answers = [lrs.put(one, statement(verb={"id": "urn:other"})), lrs.post({}), lrs.get(limit="x"), lrs.get(statementId=new_id())]
        assert [answer.status_code for answer in answers] == [409, 400, 400, 404]
        assert all(answer.json["error"]["message"] for answer in answers)
        assert answers[1].json["error"]["field"] == "statement.actor"

    def test_how_current_an_answer_is(self, lrs: Store) -> None:
        answers = [lrs.get(), lrs.post(statement()), lrs.put(new_id(), statement()), lrs.get(LIMIT="1"), lrs.get(statementId=new_id())]
        answers += [lrs.open("DELETE"), lrs.post(b""), lrs.get(headers={"Authorization": ABSENT}), lrs.get(headers={VERSION: ABSENT})]
        for answer in answers:
            assert timedelta(0) <= now() - datetime.fromisoformat(answer.headers[CONSISTENT]) < timedelta(minutes=1)


class TestAlternateSyntax:
    """1.3: of version 1.0.x alone."""

    @pytest.fixture
    def old(self, lrs: Store) -> Store:
        return speaking("1.0.3", lrs)

    def send(self, store: Store, method: str, fields: dict[str, Any], query: str = "", **headers: Any) -> TestResponse:
        given = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in fields.items()}
        body = urlencode(given)
        return store.open("POST", body=body, query_string=f"method={method}{query}", headers={"Content-Type": FORM, **headers})

    def test_get_put_post_and_head(self, old: Store) -> None:
        one = new_id()
        assert self.send(old, "PUT", {"statementId": one, "content": statement()}).status_code == 204
        posted = self.send(old, "POST", {"content": statement(), "Content-Type": "application/json"})
        assert posted.status_code == 200
        assert self.send(old, "GET", {}).json["statements"] == old.get().json["statements"]
        assert self.send(old, "GET", {"statementId": one, "format": "ids"}).json["id"] == one
        found = self.send(old, "GET", {"agent": AN, "verb": VERB, "activity": COURSE, "limit": "1", "related_agents": "true"})
        assert [entry["id"] for entry in found.json["statements"]] == posted.json
        assert [entry["id"] for entry in old.open("GET", found.json["more"].removeprefix("/xapi/")).json["statements"]] == [one]
        head = self.send(old, "HEAD", {"statementId": one})
        assert (head.status_code, head.data) == (200, b"")

    def test_headers_may_be_fields(self, old: Store) -> None:
        fields = {"statementId": new_id(), "content": statement(), **old.headers, "Content-Length": "7", "Content-Type": "application/json"}
        response = self.send(old, "PUT", fields, **dict.fromkeys(old.headers, ABSENT))
        assert response.status_code == 204
        assert response.headers[VERSION] == "1.0.3"

    def test_a_field_is_the_header_whatever_the_request_itself_says(self, old: Store) -> None:
        assert self.send(old, "PUT", {"statementId": new_id(), "content": statement(), VERSION: "0.8"}).status_code == 400
        assert self.send(old, "GET", {"Authorization": "Basic eDp5"}).status_code == 401
        assert self.send(old, "GET", {VERSION: "1.0.1"}, **{VERSION: "0.8"}).status_code == 200
        assert self.send(old, "GET", {VERSION: "0.8"}, **{VERSION: ABSENT}).status_code == 400
        assert self.send(old, "GET", {"Authorization": "Basic eDp5"}, Authorization=ABSENT).status_code == 401

    def test_content_is_utf_8(self, old: Store) -> None:
        text = json.dumps(statement(verb={"id": VERB, "display": {"vi": "đã+học & xong = 100%"}}), ensure_ascii=False)
        assert self.send(old, "POST", {"content": text}).status_code == 200
        assert old.get().json["statements"][0]["verb"]["display"]["vi"] == "đã+học & xong = 100%"
        bad = old.open("POST", body=b"content=%7B%ff%7D", query_string="method=POST", headers={"Content-Type": FORM})
        assert bad.status_code == 400

    def test_what_is_not_the_syntax_is_refused(self, old: Store) -> None:
        one, content = new_id(), statement()
        refusals = [
            self.send(old, "PUT", {"statementId": one, "content": content}, query=f"&statementId={one}"),
            self.send(old, "PATCH", {"statementId": one, "content": content}),
            self.send(old, "put", {"statementId": one, "content": content}),
            self.send(old, "PUT", {"content": content}),
            self.send(old, "PUT", {"statementId": one}),
            self.send(old, "PUT", {"statementId": one, "content": ""}),
            self.send(old, "PUT", {"statementId": one, "Content": content}),
            self.send(old, "PUT", {"statementId": one, "content": content, "foo": "1"}),
            self.send(old, "PUT", {"statementId": one, "content": content, "Content-Type": "text/plain"}),
            old.open("POST", body=json.dumps({"statementId": one, "content": content}), query_string="method=PUT"),
            old.open("POST", body=urlencode({"content": "{}"}) * 2, query_string="method=PUT", headers={"Content-Type": FORM}),
            old.open("POST", query_string="method=PUT"),
            old.open("GET", query_string="method=POST"),
            old.open("PUT", body=content, query_string={"method": "PUT", "statementId": one}),
        ]
        assert [answer.status_code for answer in refusals] == [400] * len(refusals)
        assert old.ids() == []

    def test_version_2_0_has_none(self, lrs: Store) -> None:
        new = speaking("2.0.0", lrs)
        one = new_id()
        for method in ("GET", "PUT", "POST"):
            assert self.send(new, method, {"statementId": one, "content": statement()}).status_code == 400
            fields = {"statementId": one, "content": statement(), VERSION: "2.0.0"}
            assert self.send(new, method, fields, **{VERSION: ABSENT}).status_code == 400
        assert new.ids() == []

    def test_documents_too(self, old: Store) -> None:
        place = {"activityId": COURSE, "agent": json.dumps(AN), "stateId": "một"}
        fields = {**place, "content": "trang 7", "Content-Type": "text/plain; charset=utf-8"}
        assert self.send_to(old, "activities/state", "PUT", fields).status_code == 204
        got = old.open("GET", "activities/state", query_string=place)
        assert (got.data, got.content_type) == (b"trang 7", "text/plain; charset=utf-8")
        assert self.send_to(old, "activities/state", "DELETE", place).status_code == 204
        assert self.send_to(old, "activities/state", "GET", place).status_code == 404

    def send_to(self, store: Store, path: str, method: str, fields: dict[str, Any]) -> TestResponse:
        given = {name: json.dumps(value) if isinstance(value, dict) else value for name, value in fields.items()}
        return store.open("POST", path, body=urlencode(given), query_string=f"method={method}", headers={"Content-Type": FORM})
