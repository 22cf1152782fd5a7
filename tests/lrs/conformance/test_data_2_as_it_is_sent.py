"""Data 2, IEEE 9274.1.1 4.2: what holds of statements holds in whatever way they come, and a refusal leaves nothing behind.

The rules themselves are tried in the other files of this folder, each in all of its places; here a program sends statements that keep
them and statements that break each of them once, alone and in a batch, with PUT and POST, as JSON, in parts and in a form.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

import pytest
from werkzeug.test import TestResponse

from lms.kit.db import Database
from lms.lrs.rules.versions import Version
from tests.lrs.attaching import attachment, post
from tests.lrs.conformance.parts import ACTIVITY, ATTACHMENT, GROUP, IDENTIFIERS, REF, UUID_TEXT, within
from tests.lrs.conformance.test_data_2_3_nothing_is_kept import kept
from tests.lrs.conformance.test_data_2_4_9_authority import PAIR
from tests.lrs.making import AN, BINH, COURSE, VERB, VOIDED, Store, new_id, statement


def put(store: Store, given: Any) -> TestResponse:
    statement_id = given.get("id") if isinstance(given, dict) else None
    return store.put(statement_id if isinstance(statement_id, str) and _is_uuid(statement_id) else new_id(), given)


def in_parts(store: Store, given: Any) -> TestResponse:
    return post(store, given)


def in_a_form(store: Store, given: Any) -> TestResponse:
    """The alternate request syntax of 1.0.x."""
    form = urlencode({"X-Experience-API-Version": "1.0.3", "Content-Type": "application/json", "content": json.dumps(given)})
    headers = {"Content-Type": "application/x-www-form-urlencoded", "X-Experience-API-Version": None}
    return store.open("POST", "statements?method=POST", form, headers=headers)


def _is_uuid(text: str) -> bool:
    try:
        return str(UUID(text)) == text.lower()
    except ValueError:
        return False


WAYS: dict[str, Callable[[Store, Any], TestResponse]] = {
    "POST": lambda store, given: store.post(given),
    "first of a batch": lambda store, given: store.post([given, statement()]),
    "last of a batch": lambda store, given: store.post([statement(), statement(id=new_id()), given]),
    "PUT": put,
    "in parts": in_parts,
    "batch in parts": lambda store, given: in_parts(store, [statement(), given]),
    "in a form": in_a_form,
}

CHOICE = {
    "interactionType": "choice",
    "correctResponsesPattern": ["a[,]b"],
    "choices": [{"id": "a", "description": {"vi": "A"}}, {"id": "b"}],
}
AROUND = {
    "registration": UUID_TEXT,
    "instructor": AN,
    "team": GROUP,
    "contextActivities": {"parent": [ACTIVITY], "category": [{"id": "urn:c"}]},
    "revision": "2",
    "platform": "LMS",
    "language": "tlh",
    "statement": REF,
    "extensions": {"urn:x": {"a": [None, "", {}]}},
}
RESULT = {
    "score": {"scaled": 0.12123434, "raw": 12.125, "min": 0.12123434, "max": 45.45},
    "success": True,
    "completion": False,
    "response": "",
    "duration": "P3Y1M29DT4H35M59.14S",
    "extensions": {"https://e.vn/null": None, "urn:empty": "", "urn:map": {}},
}
NONE: dict[str, Any] = {"extensions": {}}
VALID: dict[str, dict[str, Any]] = {
    "the least": {"verb": {"id": VERB}, "object": {"id": COURSE}},
    **{f"{name} actor": {"actor": identifier} for name, identifier in IDENTIFIERS.items()},
    "group": {"actor": GROUP},
    "identified group": {"actor": {"objectType": "Group", **BINH}},
    "group as object": {"object": GROUP},
    "agent as object": {"object": AN},
    "reference": {"object": REF},
    "interaction": {"object": {"id": COURSE, "definition": CHOICE}},
    "empty definition": {"object": {"id": COURSE, "definition": {}}},
    "result": {"result": RESULT},
    "context": {"context": AROUND},
    "SubStatement": {"object": within(result=RESULT, context=AROUND, timestamp="2031-01-01T00:00:00Z")["object"]},
    "attachment": {"attachments": [ATTACHMENT]},
    "id": {"id": UUID_TEXT},
    "version 1.0": {"version": "1.0"},
    "version 1.0.9": {"version": "1.0.9"},
    "future timestamp": {"timestamp": "2031-05-18T05:32:34.804Z"},
    "empty extensions": {
        "context": {"extensions": {}},
        "result": {"extensions": {}},
        "object": {"id": COURSE, "definition": {"extensions": {}}},
    },
    "empty language maps": {"verb": {"id": VERB, "display": {}}, "object": {"id": COURSE, "definition": {"name": {}, "description": {}}}},
    "empty objects": {"result": {"score": {}}, "context": {"contextActivities": {}}, "attachments": []},
    "voider of what is not there": {"verb": {"id": VOIDED}, "object": REF},
}
FAULTS: dict[str, tuple[str, dict[str, Any]]] = {
    "no actor": ("actor", {"actor": None}),
    "no verb": ("verb", {"verb": None}),
    "no object": ("object", {"object": None}),
    "unknown property": ("dummy", {"dummy": 1}),
    "property in another case": ("Version", {"Version": "1.0.3"}),
    "null": ("actor.name", {"actor": {**AN, "name": None}}),
    "string for a number": ("result.score.max", {"result": {"score": {"max": "100"}}}),
    "string for a boolean": ("result.completion", {"result": {"completion": "false"}}),
    "id with a digit too many": ("id", {"id": "AA97B177-9383-4934-8543-0F91A7A028368"}),
    "id that is a number": ("id", {"id": 12345}),
    "IRI without a scheme": ("verb.id", {"verb": {"id": "adlnet.gov/expapi/verbs/attended"}}),
    "empty IRI": ("object.id", {"object": {"id": ""}}),
    "value in another case": ("object.definition.interactionType", {"object": {"id": COURSE, "definition": {"interactionType": "choiCe"}}}),
    "objectType in another case": ("actor.objectType", {"actor": {**AN, "objectType": "agent"}}),
    "no identifier": ("actor", {"actor": {"objectType": "Agent", "name": "An"}}),
    "two identifiers": ("actor", {"actor": {**AN, **BINH}}),
    "mailto without an address": ("actor.mbox", {"actor": {"mbox": "mailto:should.fail.com"}}),
    "account without homePage": ("actor.account.homePage", {"actor": {"account": {"name": "x"}}}),
    "anonymous group without members": ("actor.member", {"actor": {"objectType": "Group"}}),
    "group of groups": ("actor.member[0]", {"actor": {"objectType": "Group", "member": [GROUP]}}),
    "agent as object without objectType": ("object", {"object": BINH}),
    "language of nine letters": ("verb.display.something", {"verb": {"id": VERB, "display": {"something": "x"}}}),
    "extension key that is no IRI": ("context.extensions.x", {"context": {"extensions": {"x": 1}}}),
    "components of one id": ("object.definition", {"object": {"id": COURSE, "definition": {**CHOICE, "choices": [{"id": "a"}] * 2}}}),
    "no interactionType": ("object.definition", {"object": {"id": COURSE, "definition": {"choices": []}}}),
    "SubStatement within one": ("object.object", {"object": within(object=within()["object"])["object"]}),
    "SubStatement with an id": ("object.id", {"object": {**within()["object"], "id": UUID_TEXT}}),
    "scaled beyond one": ("result.score.scaled", {"result": {"score": {"scaled": 1.01}}}),
    "raw above max": ("result.score.raw", {"result": {"score": {"raw": 5, "max": 4}}}),
    "weeks with days": ("result.duration", {"result": {"duration": "P4W1D"}}),
    "platform of an agent": ("context.platform", {"object": AN, "context": {"platform": "LMS"}}),
    "revision of a reference": ("context.revision", {"object": REF, "context": {"revision": "2"}}),
    "unknown kind of context activity": ("context.contextActivities.next", {"context": {"contextActivities": {"next": ACTIVITY}}}),
    "team of one agent": ("context.team", {"context": {"team": AN}}),
    "timestamp of no zone there is": ("timestamp", {"timestamp": "2008-09-15T15:53:00.601-00:00"}),
    "stored that is none": ("stored", {"stored": "yesterday"}),
    "authority of three": ("authority", {"authority": {**PAIR, "member": [*PAIR["member"], AN]}}),
    "version 1.1.0": ("version", {"version": "1.1.0"}),
    "attachments that are no array": ("attachments", {"attachments": ATTACHMENT}),
    "attachment without a hash": ("attachments[0].sha2", {"attachments": [{**ATTACHMENT, "sha2": 12345}]}),
    "attachment that is nowhere": ("attachments[0].fileUrl", {"attachments": [attachment()]}),
    "voider of an activity": ("object", {"verb": {"id": VOIDED}}),
}


def only_1_0(way: str, version: Version) -> bool:
    return way == "in a form" and version is Version.V2


@pytest.mark.parametrize("way", WAYS)
def test_what_is_valid_is_taken_and_given_back_as_it_was(lrs: Store, version: Version, way: str) -> None:
    if only_1_0(way, version):
        return
    for name, changes in VALID.items():
        sent = statement(**{"id": new_id(), **changes})
        response = WAYS[way](lrs, sent)
        assert response.status_code in (200, 204), (name, response.text)
        asked = {"voidedStatementId": sent["id"]} if lrs.get(statementId=sent["id"]).status_code == 404 else {"statementId": sent["id"]}
        got = lrs.get(**asked).json
        assert {key: got.get(key) for key in sent} == sent, name
        assert got.keys() - sent.keys() <= {"stored", "timestamp", "authority", "version"}, name


@pytest.mark.parametrize("way", WAYS)
def test_what_breaks_one_rule_is_refused_with_the_place_and_leaves_nothing(
    lrs: Store, database: Database, version: Version, way: str
) -> None:
    if only_1_0(way, version):
        return
    for name, (place, changes) in FAULTS.items():
        response = WAYS[way](lrs, statement(**changes))
        assert response.status_code == 400, name
        error = response.json["error"]
        holder, _dot, within_it = error["field"].partition(".")
        assert holder.startswith("statement"), (name, error)
        assert within_it == place or within_it.startswith((f"{place}.", f"{place}[")), (name, error)
        assert error["message"].startswith(error["field"]), (name, error)
    assert kept(database) == {}


@pytest.mark.parametrize("version_of_it", ["1.0", "1.0.0", "1.0.3", "1.0.9", "2.0.0"])
def test_a_statement_keeps_the_version_it_was_accepted_with(lrs: Store, version: Version, version_of_it: str) -> None:
    """2.4.10"""
    response = lrs.post(statement(version=version_of_it))
    if version is Version.V1 and version_of_it.startswith("2"):
        assert response.status_code == 400
        return
    assert lrs.get(statementId=response.json[0]).json["version"] == version_of_it


def test_a_statement_without_a_version_gets_that_of_the_request(lrs: Store, version: Version) -> None:
    assert lrs.get(statementId=lrs.stored()).json["version"] == version.of_statements


@pytest.mark.parametrize("wanted", ["exact", "ids", "canonical"])
def test_numbers_keep_their_value_in_each_format(lrs: Store, wanted: str) -> None:
    """2.2.s4.b3"""
    score = {"scaled": 0.12123434, "raw": 12.125, "min": 0.12123434, "max": 45.45}
    extensions = {"urn:small": 1e-300, "urn:large": 2**63, "urn:larger": 10**25, "urn:exact": 0.1, "urn:negative": -(2**53)}
    one = lrs.stored(result={"score": score, "extensions": extensions})
    assert lrs.get(statementId=one, format=wanted).json["result"] == {"score": score, "extensions": extensions}


def test_iris_are_compared_as_they_are_written(lrs: Store) -> None:
    """3.1.s2, IEEE 9274.1.1 4.2.7: no IRI is resolved, and none is another."""
    written = [
        "http://e.vn/a/../b",
        "http://e.vn/b",
        "http://e.vn/B",
        "http://E.vn/b",
        "http://e.vn:80/b",
        "http://e.vn/b/",
        "http://e.vn/%62",
    ]
    stored = {iri: lrs.stored(verb={"id": iri}, object={"id": iri}) for iri in written}
    for iri, one in stored.items():
        assert lrs.ids(activity=quote(iri, safe=":/%.") if "%" not in iri else iri) == [one]
        assert lrs.ids(verb=iri) == [one]
        assert lrs.open("GET", "activities", query_string={"activityId": iri}).json["id"] == iri
