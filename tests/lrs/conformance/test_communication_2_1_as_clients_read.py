"""Communication 1.5, 2.1, 3.2: answers as simple clients read them, requests as simple clients write them. Such programs follow the
standard without knowing all of HTTP: they cut at the boundary, wait by the headers, put addresses together from their parts."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any
from urllib.parse import quote, urljoin

import pytest
from werkzeug.test import TestResponse

from lms.kit.clock import now
from tests.lrs.attaching import OTHER, TEXT, attachment, signature
from tests.lrs.conformance.documents import RESOURCES, Documents, Resource
from tests.lrs.conformance.parts import within
from tests.lrs.making import AN, BINH, Store, new_id, statement, voiding
from tests.lrs.signing import sign

CONSISTENT = "X-Experience-API-Consistent-Through"
HOST = "http://127.0.0.1"
BOUNDARIES = ["-------314159265358979323846", "-------------3735928559", "-------------__8a0e6f2e-6a3c-4d0e-9d07-3d3a1e2f4b5c__123__456"]
NO_CREDENTIALS = ["Basic:dGh1OnRodQ==", "Basic", "Basic ", "Basic ###", "Bearer x", "basic dGh1", "x", "", None]


def post_in_parts(lrs: Store, statements: Any, *contents: bytes, boundary: str, tight: bool = False) -> TestResponse:
    """Parts as they are put together by hand; `tight`: no blank after the colons, an end of line before all and none behind."""
    gap, first, last = (":", "\r\n", "") if tight else (": ", "", "\r\n")
    body = f"{first}--{boundary}\r\nContent-Type{gap}application/json\r\n\r\n{json.dumps(statements)}".encode()
    for content in contents:
        described = attachment(content)
        heads = (
            ("Content-Type", "application/octet-stream" if tight else described["contentType"]),
            ("Content-Transfer-Encoding", "binary"),
            ("X-Experience-API-Hash", described["sha2"]),
        )
        lines = "".join(f"{name}{gap}{value}\r\n" for name, value in heads)
        body += f"\r\n--{boundary}\r\n{lines}\r\n".encode() + content
    body += f"\r\n--{boundary}--{last}".encode()
    return lrs.post(body, headers={"Content-Type": f"multipart/mixed; boundary={boundary}"})


def cut(response: TestResponse) -> list[tuple[bytes, bytes]]:
    """(headers, content) of each part, found by nothing but the boundary as it stands behind the first semicolon."""
    kind, parameter = response.headers["Content-Type"].split(";")
    assert kind == "multipart/mixed"
    boundary = parameter.replace(" boundary=", "").encode()
    assert boundary.isalnum()  # quoted or not, and within a regular expression, it means itself
    before, *pieces, after = response.data.split(b"--" + boundary)
    assert (before, after) == (b"", b"--\r\n")
    found = []
    for piece in pieces:
        assert piece.startswith(b"\r\n")
        assert piece.endswith(b"\r\n")
        headers, _empty, content = piece.partition(b"\r\n\r\n")
        found.append((headers, content[:-2]))
    return found


class TestParts:
    """1.5.2"""

    @pytest.mark.parametrize(
        "boundary",
        ["-------314159265358979323846", "-------------3735928559", "-------------__8a0e6f2e-6a3c-4d0e-9d07-3d3a1e2f4b5c__123__456"],
    )
    def test_what_is_put_together_by_hand_is_read(self, lrs: Store, boundary: str) -> None:
        sent = statement(attachments=[attachment(), attachment(OTHER)])
        assert post_in_parts(lrs, sent, TEXT, OTHER, boundary=boundary).status_code == 200
        assert post_in_parts(lrs, statement(), boundary=boundary).status_code == 200

    @pytest.mark.parametrize("boundary", BOUNDARIES)
    def test_headers_without_a_blank_and_no_end_of_line_at_the_end(self, lrs: Store, boundary: str) -> None:
        signed = statement(id=new_id())
        jws = sign(signed)
        sent = {**signed, "attachments": [signature(jws)]}
        assert post_in_parts(lrs, sent, jws, boundary=boundary, tight=True).status_code == 200
        assert lrs.get(statementId=signed["id"]).status_code == 200

    def test_an_answer_is_cut_at_its_boundary(self, lrs: Store) -> None:
        sent = statement(attachments=[attachment(), attachment(OTHER)])
        one = post_in_parts(lrs, sent, TEXT, OTHER, boundary="x").json[0]
        for query in ({"statementId": one}, {}):
            response = lrs.get(attachments="true", **query)
            parts = cut(response)
            assert parts[0][0].strip() == b"Content-Type: application/json"
            given = json.loads(parts[0][1])
            assert given.get("statements", [given])[0]["id"] == one
            assert [content for _headers, content in parts[1:]] == [TEXT, OTHER]
            for described in sent["attachments"]:  # once where it is described, once where it is
                assert response.data.count(described["sha2"].encode()) == 2

    @pytest.mark.parametrize("query", [{}, {"attachments": "false"}])
    def test_json_is_called_json_and_no_more(self, lrs: Store, query: dict[str, str]) -> None:
        one = post_in_parts(lrs, statement(attachments=[attachment()]), TEXT, boundary="x").json[0]
        for asked in (query, {**query, "statementId": one}):
            assert lrs.get(**asked).headers["Content-Type"] == "application/json"
        assert lrs.get(**query).json.keys() == {"statements", "more"}


class TestWaiting:
    """2.1.3: X-Experience-API-Consistent-Through, by which a client knows when it may read what it wrote."""

    def test_what_was_stored_is_promised_by_the_next_answer(self, lrs: Store) -> None:
        one = lrs.stored()
        for query in ({"statementId": one}, {}, {"verb": "urn:nothing"}, {"statementId": new_id()}, {"LIMIT": "1"}):
            answer = lrs.get(**query)
            through = datetime.fromisoformat(answer.headers[CONSISTENT])
            assert through >= datetime.fromisoformat(lrs.get(statementId=one).json["stored"]), query
            assert answer.headers[CONSISTENT].endswith("Z")

    def test_no_answer_promises_what_it_does_not_give(self, lrs: Store) -> None:
        for _each in range(3):
            lrs.stored()
            page = lrs.get()
            through = datetime.fromisoformat(page.headers[CONSISTENT])
            assert all(datetime.fromisoformat(entry["stored"]) <= through for entry in page.json["statements"])

    def test_stored_lies_between_sending_and_answer(self, lrs: Store) -> None:
        before = now() - timedelta(milliseconds=1)
        answer = lrs.get(statementId=lrs.stored())
        assert before <= datetime.fromisoformat(answer.json["stored"]) <= now()
        assert parsedate_to_datetime(answer.headers["Last-Modified"]) == datetime.fromisoformat(answer.json["stored"]).replace(
            microsecond=0
        )


class TestAddresses:
    """2.1.3"""

    def test_parameters_that_are_not_escaped_mean_the_same(self, lrs: Store) -> None:
        verb = f"http://adlnet.gov/expapi/test/{new_id()}"
        one = lrs.stored(verb={"id": verb}, actor=AN)
        since = (now() - timedelta(minutes=1)).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        agent = quote(json.dumps(AN))
        for query in (
            f"verb={verb}",
            f"verb={verb}&since={since}&related_agents=true&related_activities=true&ascending=true",
            f"limit=1&agent={agent}&verb={verb}&since=2012-06-01T19:09:13.245Z&format=ids&attachments=false&related_activities=true",
        ):
            found = lrs.open("GET", query_string=query)
            assert [entry["id"] for entry in found.json["statements"]] == [one], query

    def test_more_is_resolved_against_the_address_that_was_asked(self, lrs: Store) -> None:
        ids = lrs.post([statement(), statement()]).json
        first = lrs.get(limit="1").json
        address = urljoin(f"{HOST}/xapi/statements?limit=1", first["more"])
        assert address.startswith(f"{HOST}/xapi/statements?")
        second = lrs.client.get(address.removeprefix(HOST), headers=lrs.headers).json
        assert [entry["id"] for entry in (*first["statements"], *second["statements"])] == list(reversed(ids))
        assert second["more"] == ""

    @pytest.mark.parametrize("method", ["GET", "PUT"])
    @pytest.mark.parametrize("given", ["true", "[object Object]", "undefined", "null", ""])
    def test_what_a_script_makes_of_no_id_is_none(self, lrs: Store, method: str, given: str) -> None:
        body = statement() if method == "PUT" else None
        assert lrs.open(method, body=body, query_string={"statementId": given}).status_code == 400


class TestVoidedTargets:
    """2.1.4.s1.b2"""

    def test_those_who_refer_to_it_are_listed_newest_first_and_it_is_not(self, lrs: Store) -> None:
        verb = {"id": f"http://adlnet.gov/expapi/test/voided/target/{new_id()}"}
        since = now() - timedelta(seconds=4)
        target = lrs.stored(verb=verb)
        voider = lrs.post(voiding(target)).json[0]
        reference = lrs.stored(verb=verb, object={"objectType": "StatementRef", "id": target})
        until = now() + timedelta(seconds=4)
        times = {"since": since.isoformat(), "until": until.isoformat()}
        for bound in ({}, {"since": times["since"]}, {"until": times["until"]}, times):
            assert lrs.ids(verb=verb["id"], **bound) == [reference, voider]
        assert lrs.ids(verb=verb["id"], limit="1") == [reference]
        assert lrs.ids(verb=verb["id"], since=times["until"]) == lrs.ids(verb=verb["id"], until=times["since"]) == []


class TestFormats:
    """2.1.3"""

    @pytest.fixture
    def nested(self, lrs: Store) -> dict[str, Any]:
        verb = {"id": "http://adlnet.gov/expapi/verbs/attended", "display": {"en-GB": "attended", "en-US": "attended", "ja-JP": "出席した"}}
        definition = {
            "name": {"en": "Other", "en-GB": "attended", "ru-RU": "участие"},
            "description": {"en-GB": "mark Franklin", "en-US": "mark Franklin"},
            "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
            "moreInfo": "http://example.com/345256",
            "interactionType": "other",
            "correctResponsesPattern": ["(35.937432,-86.868896)"],
            "extensions": {"http://example.com/x": {"name": "Thomas", "deep": [None, 1.50]}},
        }
        activity = {"objectType": "Activity", "id": f"http://example.com/{new_id()}", "definition": definition}
        inner = within(actor={"objectType": "Agent", "name": "Bình", **BINH}, verb=verb, object=activity)["object"]
        return statement(id=new_id(), actor={"objectType": "Group", "name": "Tổ", "mbox": "mailto:to@example.vn"}, verb=verb, object=inner)

    def listed(self, lrs: Store, sent: dict[str, Any], **query: Any) -> dict[str, Any]:
        lrs.post(sent)
        entries = lrs.get(**query).json["statements"]
        (found,) = (entry for entry in entries if entry["id"] == sent["id"])
        return dict(found)

    @pytest.mark.parametrize("query", [{}, {"format": "exact"}, {"headers": {"Accept-Language": "en-GB"}}])
    def test_exact_is_what_came_whatever_language_is_wished(self, lrs: Store, nested: dict[str, Any], query: Any) -> None:
        found = self.listed(lrs, nested, **query)
        assert {key: found[key] for key in nested} == nested

    def test_canonical_is_one_language_and_all_else(self, lrs: Store, nested: dict[str, Any]) -> None:
        found = self.listed(lrs, nested, format="canonical", headers={"Accept-Language": "en-GB"})
        shown, definition = found["object"]["object"], nested["object"]["object"]["definition"]
        assert found["actor"] == nested["actor"]
        assert found["object"]["actor"] == nested["object"]["actor"]
        assert found["verb"] == found["object"]["verb"] == {"id": nested["verb"]["id"], "display": {"en-GB": "attended"}}
        assert shown == {
            **nested["object"]["object"],
            "definition": {**definition, "name": {"en-GB": "attended"}, "description": {"en-GB": "mark Franklin"}},
        }

    def test_ids_is_as_short_as_can_be(self, lrs: Store, nested: dict[str, Any]) -> None:
        found = self.listed(lrs, nested, format="ids")
        assert found["actor"] == {"objectType": "Group", "mbox": "mailto:to@example.vn"}
        assert found["verb"] == found["object"]["verb"] == {"id": nested["verb"]["id"]}
        assert found["object"]["actor"] == {"objectType": "Agent", **BINH}
        assert found["object"]["object"] == {"id": nested["object"]["object"]["id"]}


class TestErrors:
    """3.2"""

    @pytest.mark.parametrize(
        ("method", "path"),
        [("DELETE", "statements"), *((method, path) for method in ("PUT", "POST", "DELETE") for path in ("activities", "agents", "about"))],
    )
    def test_405_comes_before_anybody_is_asked_who_they_are(self, lrs: Store, method: str, path: str) -> None:
        stranger: Any = {"Authorization": None}
        for query in ({"activityId": "http://example.com/a"}, {"agent": json.dumps(AN)}, {"statementId": new_id()}, {}):
            refused = lrs.open(method, path, query_string=query, headers=stranger)
            assert refused.status_code == 405
            assert refused.headers["Allow"]

    @pytest.mark.parametrize("authorization", NO_CREDENTIALS)
    def test_401_for_credentials_that_are_none(self, lrs: Store, authorization: Any) -> None:
        one = new_id()
        refused = lrs.put(one, statement(), headers={"Authorization": authorization})
        assert refused.status_code == 401
        assert lrs.get(statementId=one).status_code == 404

    @pytest.mark.parametrize("resource", RESOURCES)
    def test_a_body_at_a_deletion_is_no_reason_to_refuse(self, lrs: Store, resource: Resource) -> None:
        documents = Documents(lrs, resource, lrs.headers["X-Experience-API-Version"])
        documents.post()
        assert documents.send("DELETE", resource.place(), {"not": "read"}).status_code == 204
        assert documents.get().status_code == 404

    def test_of_two_statements_one_of_which_is_wrong_none_is_found(self, lrs: Store) -> None:
        right, wrong = statement(id=new_id()), statement(id=new_id(), verb={"id": "should fail"})
        assert lrs.post([right, wrong]).status_code == 400
        assert lrs.get(statementId=right["id"]).status_code == 404
