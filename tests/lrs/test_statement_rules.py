"""Data 2.2–2.4 and 4: what a valid statement is, and that a refusal names the place."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest

from lms.lrs.rules.faults import BadRequest, StatementFault
from lms.lrs.rules.reading import read_many, read_one
from lms.lrs.rules.values import is_language
from tests.lrs.making import AN, BINH, COURSE, VERB, VOIDED, statement

GROUP = {"objectType": "Group", "member": [AN, BINH]}
SUB = {"objectType": "SubStatement", "actor": BINH, "verb": {"id": VERB}, "object": {"id": COURSE}}
ATTACHMENT = {
    "usageType": "https://example.vn/kind",
    "display": {"vi": "Ảnh"},
    "contentType": "image/png",
    "length": 12,
    "sha2": "0" * 64,
    "fileUrl": "https://example.vn/a.png",
}
REF = {"objectType": "StatementRef", "id": "8f87ccde-bb56-4c2e-ab83-44982ef22df0"}


def read(values: dict[str, Any]) -> None:
    read_one(json.dumps(values).encode())


def fault(values: dict[str, Any]) -> str:
    with pytest.raises(StatementFault) as caught:
        read(values)
    assert str(caught.value).startswith(f"{caught.value.field}: ")
    return str(caught.value.field)


def with_definition(**definition: Any) -> dict[str, Any]:
    return statement(object={"id": COURSE, "definition": definition})


VALID = {
    "the smallest": statement(verb={"id": VERB}, object={"id": COURSE}),
    "mbox": statement(actor=BINH),
    "sha1 of a mail address": statement(actor={"mbox_sha1sum": "a" * 40}),
    "openid": statement(actor={"openid": "https://an.example.vn"}),
    "anonymous group": statement(actor=GROUP),
    "anonymous group without anybody": statement(actor={"objectType": "Group", "member": []}),
    "identified group without members": statement(actor={"objectType": "Group", **BINH}),
    "agent as object": statement(object=AN),
    "reference": statement(object=REF),
    "statement within": statement(object={**SUB, "context": {"platform": "LMS"}, "timestamp": "2026-11-22T09:21:07Z"}),
    "voider": statement(verb={"id": VOIDED}, object=REF),
    "empty display": statement(verb={"id": VERB, "display": {}}),
    "version 1.0": statement(version="1.0"),
    "version 1.0.9": statement(version="1.0.9"),
    "authority of two, one an account": statement(authority=GROUP),
    "upper-case id": statement(id="8F87CCDE-BB56-4C2E-AB83-44982EF22DF0"),
    "uuid of version 7": statement(id="019aa000-1111-7222-8333-444444444444"),
    "null in extensions": statement(result={"extensions": {"https://e.vn/x": None, "urn:y": {"k": [None]}}}),
    "score on the border": statement(result={"score": {"scaled": -1, "raw": 0, "min": 0, "max": 0.5}}),
    "one context activity alone": statement(context={"contextActivities": {"parent": {"id": COURSE}}}),
    "all of a context": statement(
        context={
            "registration": REF["id"],
            "instructor": AN,
            "team": GROUP,
            "contextActivities": {"parent": [], "grouping": [{"id": COURSE}], "category": [], "other": []},
            "revision": "1",
            "platform": "x",
            "language": "vi-VN",
            "statement": REF,
            "extensions": {},
        }
    ),
    "attachment with an address": statement(attachments=[ATTACHMENT]),
    "interaction": with_definition(
        interactionType="choice", correctResponsesPattern=["a[,]b"], choices=[{"id": "a", "description": {"vi": "A"}}, {"id": "b"}]
    ),
    "iri beyond ascii": statement(verb={"id": "http://example.com/فعل/خواندن"}),
}


@pytest.mark.parametrize("values", VALID.values(), ids=VALID.keys())
def test_a_valid_statement_is_accepted(values: dict[str, Any]) -> None:
    read(values)


REFUSED: dict[str, tuple[dict[str, Any], str]] = {
    "no actor": (statement(actor=None), "statement.actor"),
    "no verb": (statement(verb=None), "statement.verb"),
    "no object": (statement(object=None), "statement.object"),
    "unknown key": (statement(actr=AN), "statement.actr"),
    "key in wrong case": (statement(Result={}), "statement.Result"),
    "id of a wrong shape": (statement(id="8f87ccdebb564c2eab8344982ef22df0"), "statement.id"),
    "id that is a number": (statement(id=1), "statement.id"),
    "two identifiers": (statement(actor={**AN, **BINH}), "statement.actor"),
    "no identifier": (statement(actor={"name": "An"}), "statement.actor"),
    "wrong-case objectType": (statement(actor={**AN, "objectType": "agent"}), "statement.actor.objectType"),
    "mail address without mailto": (statement(actor={"mbox": "an@example.vn"}), "statement.actor.mbox"),
    "mail address without at": (statement(actor={"mbox": "mailto:an"}), "statement.actor.mbox"),
    "short sha1": (statement(actor={"mbox_sha1sum": "ab"}), "statement.actor.mbox_sha1sum"),
    "openid without scheme": (statement(actor={"openid": "an.example.vn"}), "statement.actor.openid"),
    "account without homePage": (statement(actor={"account": {"name": "x"}}), "statement.actor.account.homePage"),
    "account with more": (statement(actor={"account": {"homePage": "http://a", "name": "x", "id": 1}}), "statement.actor.account.id"),
    "anonymous group without member": (statement(actor={"objectType": "Group"}), "statement.actor.member"),
    "group within a group": (statement(actor={"objectType": "Group", "member": [GROUP]}), "statement.actor.member[0].member"),
    "member of an agent": (statement(actor={**AN, "member": []}), "statement.actor.member"),
    "null name": (statement(actor={**AN, "name": None}), "statement.actor.name"),
    "verb without id": (statement(verb={"display": {}}), "statement.verb.id"),
    "verb without scheme": (statement(verb={"id": "completed"}), "statement.verb.id"),
    "iri with a space": (statement(verb={"id": "http://a/b c"}), "statement.verb.id"),
    "iri with an impossible scheme": (statement(verb={"id": "ab=c://should.fail.com"}), "statement.verb.id"),
    "display in no language": (statement(verb={"id": VERB, "display": {"not a tag": "x"}}), "statement.verb.display.not a tag"),
    "display that is a number": (statement(verb={"id": VERB, "display": {"vi": 1}}), "statement.verb.display.vi"),
    "agent as object without objectType": (statement(object=BINH), "statement.object.mbox"),
    "activity without id": (statement(object={"objectType": "Activity"}), "statement.object.id"),
    "unknown objectType": (statement(object={"objectType": "Thing", "id": COURSE}), "statement.object.objectType"),
    "reference with a wrong id": (statement(object={"objectType": "StatementRef", "id": "x"}), "statement.object.id"),
    "voider of an activity": (statement(verb={"id": VOIDED}), "statement.object"),
    "unknown interaction type": (with_definition(interactionType="Choice"), "statement.object.definition.interactionType"),
    "choices without interaction type": (with_definition(choices=[]), "statement.object.definition.interactionType"),
    "component twice": (
        with_definition(interactionType="choice", choices=[{"id": "a"}, {"id": "a"}]),
        "statement.object.definition.choices[1].id",
    ),
    "definition with a relative address": (with_definition(moreInfo="/x"), "statement.object.definition.moreInfo"),
    "extension key without scheme": (with_definition(extensions={"x": 1}), "statement.object.definition.extensions.x"),
    "nested twice": (statement(object={**SUB, "object": SUB}), "statement.object.object.objectType"),
    "statement within with an id": (statement(object={**SUB, "id": REF["id"]}), "statement.object.id"),
    "statement within with a version": (statement(object={**SUB, "version": "1.0.0"}), "statement.object.version"),
    "statement within with an authority": (statement(object={**SUB, "authority": AN}), "statement.object.authority"),
    "statement within with stored": (statement(object={**SUB, "stored": "2026-11-22T09:21:07Z"}), "statement.object.stored"),
    "scaled beyond one": (statement(result={"score": {"scaled": 1.01}}), "statement.result.score.scaled"),
    "score as a string": (statement(result={"score": {"raw": "1"}}), "statement.result.score.raw"),
    "score as a boolean": (statement(result={"score": {"raw": True}}), "statement.result.score.raw"),
    "raw above max": (statement(result={"score": {"raw": 11, "max": 10}}), "statement.result.score.raw"),
    "min above max": (statement(result={"score": {"min": 11, "max": 10}}), "statement.result.score.min"),
    "success as a string": (statement(result={"success": "true"}), "statement.result.success"),
    "null result": (statement() | {"result": None}, "statement.result"),
    "duration of nothing": (statement(result={"duration": "P"}), "statement.result.duration"),
    "weeks with days": (statement(result={"duration": "P4W1D"}), "statement.result.duration"),
    "fraction that is not last": (statement(result={"duration": "PT1.5H3M"}), "statement.result.duration"),
    "registration that is none": (statement(context={"registration": "x"}), "statement.context.registration"),
    "team that is an agent": (statement(context={"team": AN}), "statement.context.team.objectType"),
    "unknown context activities": (statement(context={"contextActivities": {"Parent": []}}), "statement.context.contextActivities.Parent"),
    "agent as context activity": (
        statement(context={"contextActivities": {"parent": [AN]}}),
        "statement.context.contextActivities.parent[0].name",
    ),
    "platform without activity": (statement(object=AN, context={"platform": "x"}), "statement.context.platform"),
    "revision without activity": (statement(object=REF, context={"revision": "x"}), "statement.context.revision"),
    "platform within": (statement(object={**SUB, "object": AN, "context": {"platform": "x"}}), "statement.object.context.platform"),
    "context language": (statement(context={"language": "vi_VN"}), "statement.context.language"),
    "context statement of no kind": (statement(context={"statement": {"id": REF["id"]}}), "statement.context.statement.objectType"),
    "timestamp without time": (statement(timestamp="2026-11-22"), "statement.timestamp"),
    "timestamp on a day that is not": (statement(timestamp="2026-02-30T00:00:00Z"), "statement.timestamp"),
    "timestamp of unknown zone": (statement(timestamp="2008-09-15T15:53:00.601-00:00"), "statement.timestamp"),
    "timestamp with a space": (statement(timestamp="2008-09-15 15:53:00Z"), "statement.timestamp"),
    "version 1.1": (statement(version="1.1.0"), "statement.version"),
    "version 0.9": (statement(version="0.9.9"), "statement.version"),
    "authority of three": (statement(authority={"objectType": "Group", "member": [AN, BINH, BINH]}), "statement.authority"),
    "authority of two without account": (statement(authority={"objectType": "Group", "member": [BINH, BINH]}), "statement.authority"),
    "attachment with a wrong hash": (statement(attachments=[{**ATTACHMENT, "sha2": "x"}]), "statement.attachments[0].sha2"),
    "attachment with a half byte": (statement(attachments=[{**ATTACHMENT, "length": 1.5}]), "statement.attachments[0].length"),
}


@pytest.mark.parametrize(("values", "path"), REFUSED.values(), ids=REFUSED.keys())
def test_a_fault_is_refused_with_its_place(values: dict[str, Any], path: str) -> None:
    assert fault(values) == path


@pytest.mark.parametrize("key", ["actor", "verb", "object", "result", "context", "timestamp", "version", "attachments", "authority", "id"])
def test_null_is_refused_anywhere_outside_extensions(key: str) -> None:
    assert fault({**statement(), key: None}) == f"statement.{key}"


@pytest.mark.parametrize(
    "text", ["PT4H35M59.14S", "P3Y1M29DT4H35M59.14S", "P3Y", "P4W", "PT0S", "P1DT12H", "PT1.5H", "P0.5Y", "PT1,5S", "P1M", "PT1M"]
)
def test_durations_of_iso_8601_are_accepted(text: str) -> None:
    read(statement(result={"duration": text}))


@pytest.mark.parametrize("text", ["", "PT", "P1", "1D", "P1S", "PT1D", "P1DT", "-P1D", "P1D2Y", "p1d", "PT1M2H", "P٣D"])
def test_other_durations_are_refused(text: str) -> None:
    assert fault(statement(result={"duration": text})) == "statement.result.duration"


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-22T09:21:07Z",
        "2026-11-22T09:21:07.123456789Z",
        "2026-11-22T16:21:07+07:00",
        "2026-11-22T16:21:07+0700",
        "2026-11-22T09:21:07",
    ],
)
def test_moments_of_rfc_3339_are_accepted_whatever_their_zone(text: str) -> None:
    read(statement(timestamp=text))


@pytest.mark.parametrize("tag", ["vi", "en-US", "zh-Hant-TW", "sr-Latn-RS", "de-CH-1901", "x-rieng", "en-a-bbb-x-a", "i-klingon", "es-419"])
def test_language_tags_of_rfc_5646_are_accepted(tag: str) -> None:
    assert is_language(tag)


@pytest.mark.parametrize("tag", ["", "v", "vi_VN", "vi-", "en-a-bbb-a-ccc", "de-1901-1901", "toolonglanguage", "12", "en-US-x"])
def test_other_language_tags_are_refused(tag: str) -> None:
    assert not is_language(tag)


def test_the_place_in_a_batch_is_named() -> None:
    body = json.dumps([statement(), statement(), statement(actor={"name": "ai"})]).encode()
    with pytest.raises(StatementFault) as caught:
        read_many(body)
    assert caught.value.field == "statements[2].actor"


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[1,]",
        b"NaN",
        b'{"actor":\xff}',
        b'"\xed\xa0\x80"',
        b"\xef\xbb\xbf{}",
        b'{"a":"\\ud800"}',
        b"[" * 100_000,
        b'{"a":1e999}',
    ],
)
def test_what_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(BadRequest):
        read_many(body)


def test_a_key_given_twice_is_refused_and_named() -> None:
    text = json.dumps(statement())[:-1] + ', "result": {"extensions": {"urn:x": {"k:": 1, "k:": 2}}}}'
    with pytest.raises(StatementFault, match='"k:"'):
        read_one(text.encode())


def test_colons_and_quotes_in_texts_are_no_keys() -> None:
    read(statement(result={"response": 'a": "b\\": {[:', "extensions": {"urn:x": {"": ":"}}}))


def test_endless_nesting_is_refused() -> None:
    deep: Any = 1
    for _ in range(200):
        deep = [deep]
    assert fault(statement(result={"extensions": {"urn:deep": deep}})) == "statement"


def test_reading_changes_nothing() -> None:
    values = copy.deepcopy(VALID["all of a context"])
    text = json.dumps(values, indent=1)
    received = read_one(f" \n{text}\n".encode())
    assert received.text == text
    assert received.values == values
