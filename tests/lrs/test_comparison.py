"""Data 2.3.1: which differences count."""

from __future__ import annotations

from typing import Any

import pytest

from lms.lrs.rules.comparison import same_statement
from tests.lrs.making import AN, BINH, COURSE, VERB, statement

PARENT = {"contextActivities": {"parent": [{"id": "urn:p", "definition": {"name": {"vi": "P"}}}]}}

SAME: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "what the store sets": ({}, {"id": "x", "stored": "s", "authority": AN, "version": "1.0.3"}),
    "a timestamp only one has": ({}, {"timestamp": "2026-11-22T09:21:07Z"}),
    "another spelling of a moment": ({"timestamp": "2026-11-22T09:21:07Z"}, {"timestamp": "2026-11-22T16:21:07.000+07:00"}),
    "verb display": ({}, {"verb": {"id": VERB, "display": {"en": "completed"}}}),
    "activity definition": ({}, {"object": {"objectType": "Activity", "id": COURSE}}),
    "definitions around": ({"context": PARENT}, {"context": {"contextActivities": {"parent": {"id": "urn:p"}}}}),
    "order of members": (
        {"actor": {"objectType": "Group", "member": [AN, BINH]}},
        {"actor": {"objectType": "Group", "member": [BINH, AN]}},
    ),
    "attachments": ({}, {"attachments": []}),
    "case of a mail domain": ({"actor": {"mbox": "mailto:An@E.vn"}}, {"actor": {"mbox": "mailto:An@e.VN"}}),
    "case of a registration": ({"context": {"registration": "AB"}}, {"context": {"registration": "ab"}}),
}
DIFFERENT: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "actor": ({}, {"actor": BINH}),
    "name of the actor": ({}, {"actor": {**AN, "name": "Ân"}}),
    "verb": ({}, {"verb": {"id": "urn:v"}}),
    "activity": ({}, {"object": {"objectType": "Activity", "id": "urn:a"}}),
    "another moment": ({"timestamp": "2026-11-22T09:21:07Z"}, {"timestamp": "2026-11-22T09:21:08Z"}),
    "duration is text": ({"result": {"duration": "PT1M"}}, {"result": {"duration": "PT60S"}}),
    "result": ({}, {"result": {"success": True}}),
    "boolean and number": ({"result": {"extensions": {"urn:x": 1}}}, {"result": {"extensions": {"urn:x": True}}}),
    "order of context activities": (
        {"context": {"contextActivities": {"parent": [{"id": "urn:a"}, {"id": "urn:b"}]}}},
        {"context": {"contextActivities": {"parent": [{"id": "urn:b"}, {"id": "urn:a"}]}}},
    ),
}


@pytest.mark.parametrize(("first", "second"), SAME.values(), ids=SAME.keys())
def test_does_not_count(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert same_statement(statement(**first), statement(**second))


@pytest.mark.parametrize(("first", "second"), DIFFERENT.values(), ids=DIFFERENT.keys())
def test_counts(first: dict[str, Any], second: dict[str, Any]) -> None:
    assert not same_statement(statement(**first), statement(**second))
