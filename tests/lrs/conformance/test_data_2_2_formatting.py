"""Data 2.2, IEEE 9274.1.1 4.2.1: what holds of every statement, and what JSON it may be written in."""

from __future__ import annotations

import json
from typing import Any

import pytest

from lms.lrs.rules.faults import BadRequest, StatementFault
from lms.lrs.rules.reading import MAX_DEPTH, read_many, read_one
from lms.lrs.rules.versions import Version
from tests.lrs.conformance.parts import (
    ATTACHMENT,
    NOT_OBJECTS,
    NOT_STRINGS,
    Builder,
    accepted,
    both_versions,
    everywhere,
    places,
    refused,
    same,
)
from tests.lrs.making import statement

ATTACHMENTS = everywhere(same, "attachments")
TEXT = json.dumps(statement(), ensure_ascii=False)
# Bodies that are not the JSON of statements, whatever they mean.
NOT_JSON: dict[str, bytes] = {
    "nothing": b"",
    "spaces": b"  \n",
    "cut off": TEXT.encode()[:-1],
    "two": TEXT.encode() * 2,
    "comment": b"/**/" + TEXT.encode(),
    "single quotes": b"{'actor': {}}",
    "trailing comma": TEXT.encode()[:-1] + b",}",
    "NaN": b'{"result": {"score": {"raw": NaN}}}',
    "Infinity": b'{"result": {"score": {"raw": Infinity}}}',
    "minus infinity": b'{"result": {"score": {"raw": -Infinity}}}',
    "leading nought": b'{"result": {"score": {"raw": 01}}}',
    "hexadecimal": b'{"result": {"score": {"raw": 0x1}}}',
    "control character": b'{"actor": {"name": "a\nb"}}',
    "invalid UTF-8": TEXT.encode().replace("ề".encode(), b"\xff\xfe"),
    "overlong UTF-8": TEXT.encode().replace("ề".encode(), b"\xc0\xaf"),
    "surrogate in UTF-8": TEXT.encode().replace("ề".encode(), b"\xed\xa0\x80"),
    "UTF-16": TEXT.encode("utf-16"),
    "UTF-32": TEXT.encode("utf-32"),
    "lone surrogate": TEXT.replace("ề", "\\ud800").encode(),
    "half a pair": TEXT.replace("ề", "\\udc00\\ud800").encode(),
}


@pytest.mark.parametrize("body", NOT_JSON.values(), ids=list(NOT_JSON))
def test_what_is_no_json_of_utf_8_is_refused(body: bytes) -> None:
    for read in (read_one, read_many):
        with pytest.raises(BadRequest):
            read(body)
    with pytest.raises(BadRequest):
        read_many(b"[" + body + b"]" if body.strip() else b"[,]")


@pytest.mark.parametrize("body", [b"7", b"null", b'"x"', b"true", b"[[]]", b"[null]", b"[7]", b'["x"]'])
def test_a_statement_is_an_object(body: bytes) -> None:
    with pytest.raises(StatementFault):
        read_many(body)


@pytest.mark.parametrize(
    ("found", "twice"),
    [
        ('"verb"', '"verb": {"id": "urn:v"}, "verb"'),
        ('"name"', '"name": "X", "name"'),
        ('"vi"', '"vi": "x", "vi"'),
        ('"definition"', '"\\u0064efinition": {}, "definition"'),
    ],
)
def test_a_property_used_twice_is_refused(found: str, twice: str) -> None:
    with pytest.raises(StatementFault, match="hai lần"):
        read_one(TEXT.replace(found, twice, 1).encode())


def test_a_key_twice_within_extensions_is_refused_too() -> None:
    text = json.dumps(statement(result={"extensions": {"urn:x": {"a": 1}}})).replace('"a": 1', '"a": 1, "a": 2')
    with pytest.raises(StatementFault, match='"a"'):
        read_one(text.encode())


def test_deep_nesting_is_refused_without_exhausting_the_stack() -> None:
    def nested(depth: int) -> bytes:
        return json.dumps(statement(result={"extensions": {"urn:x": "?"}})).replace('"?"', "[" * depth + "]" * depth).encode()

    read_one(nested(MAX_DEPTH - 5))
    for depth in (MAX_DEPTH + 1, 10_000, 1_000_000):
        with pytest.raises(BadRequest):
            read_one(nested(depth))
        with pytest.raises(BadRequest):
            read_many(b"[" + nested(depth) + b"]")


def test_the_place_of_a_fault_in_a_batch_is_named() -> None:
    batch = [statement(), statement(), statement(verb={"id": "x"})]
    with pytest.raises(StatementFault) as caught:
        read_many(json.dumps(batch).encode())
    assert caught.value.field == "statements[2].verb.id"


def test_the_order_of_properties_does_not_matter() -> None:
    accepted(dict(reversed(statement(result={"success": True}).items())))


@both_versions
def test_unknown_and_wrong_case_properties_are_refused(version: Version) -> None:
    for key in ("Actor", "ACTOR", "iD", "dummy", "extensions", "objectType", "voided", ""):
        refused(statement(**{key: "x"}), f"statement.{key}", version)


@both_versions
def test_null_is_refused_everywhere_but_in_extensions(version: Version) -> None:
    for key in ("id", "actor", "verb", "object", "result", "context", "timestamp", "stored", "authority", "version", "attachments"):
        refused({**statement(), key: None}, f"statement.{key}", version)
    accepted(statement(context={"extensions": {"urn:x": None}}), version)


@both_versions
@places(ATTACHMENTS)
def test_an_attachment_describes_itself(version: Version, path: str, build: Builder) -> None:
    accepted(build([]), version)
    accepted(build([ATTACHMENT, ATTACHMENT]), version)
    for value in ("x", 7, {}, ATTACHMENT):
        refused(build(value), path, version)
    for value in NOT_OBJECTS:
        refused(build([value]), f"{path}[0]", version)
    for key in ("usageType", "display", "contentType", "length", "sha2"):
        refused(build([{name: value for name, value in ATTACHMENT.items() if name != key}]), f"{path}[0].{key}", version)


BAD_ATTACHMENTS: dict[str, list[Any]] = {
    "usageType": ["", "x", *NOT_STRINGS],
    "display": NOT_OBJECTS,
    "description": NOT_OBJECTS,
    "contentType": ["", "text", "text/", "/plain", *NOT_STRINGS],
    "length": [None, "27", 27.5, -1, True, {}, []],
    "sha2": ["", "x", "0" * 63, "g" * 64, *NOT_STRINGS],
    "fileUrl": ["", "x", "over.there.com/file.txt", *NOT_STRINGS],
}


@places(ATTACHMENTS)
@pytest.mark.parametrize(("key", "given"), BAD_ATTACHMENTS.items(), ids=list(BAD_ATTACHMENTS))
def test_properties_of_attachments_have_their_types(path: str, build: Builder, key: str, given: list[Any]) -> None:
    for value in given:
        refused(build([{**ATTACHMENT, key: value}]), f"{path}[0].{key}")
