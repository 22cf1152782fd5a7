"""Data 2.3.1: which differences count."""

from __future__ import annotations

import copy
import json
from typing import Any

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.reading import read_one
from lms.lrs.rules.versions import Version
from tests.lrs.generating import activities, actors, attachments, languages, of_both
from tests.lrs.making import AN, BINH, COURSE, VERB, statement
from tests.lrs.test_statement_properties import at, changed, places

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


@given(of_both, st.data())
def test_what_is_left_out_counts_unless_the_store_sets_it_or_it_is_no_part_of_a_statement(
    sent: tuple[dict[str, Any], Version], data: st.DataObject
) -> None:
    values, version = sent
    place = data.draw(st.sampled_from(list(places(values))))
    less = changed(values, place, lambda holder, key: holder.pop(key))
    try:
        read_one(json.dumps(less).encode(), version)
    except StatementFault:
        assume(False)  # what is required cannot be left out
    assert same_statement(values, less, version) == same_statement(less, values, version) == is_exempt(values, place)


@given(of_both, st.data())
def test_what_is_no_part_of_a_statement_may_be_anything(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    other = copy.deepcopy(values)
    other |= data.draw(st.fixed_dictionaries({"stored": st.just("2001-01-01T00:00:00Z"), "authority": actors, "version": st.just("1.0.2")}))
    other["attachments"] = data.draw(st.lists(attachments, max_size=2))
    for place in places(values):
        match place[-1], at(values, place):
            case "verb", dict(verb):
                at(other, place[:-1])["verb"] = {"id": verb["id"], "display": data.draw(languages)}
            case "definition", dict():
                at(other, place[:-1])["definition"] = data.draw(activities).get("definition", {})
            case "registration", str(text):
                at(other, place[:-1])["registration"] = text.upper()
    for place in sorted((place for place in places(other) if place[-1] == "member"), key=len):
        at(other, place[:-1])["member"] = data.draw(st.permutations(at(other, place)))
    assert same_statement(values, other, version)
    assert same_statement(other, values, version)


def is_exempt(values: dict[str, Any], place: tuple[str | int, ...]) -> bool:
    """2.3.1: set by the store, a verb's display, an activity's definition, attachments, what is meant without being said; and of a batch
    of attachments within a SubStatement the same."""
    if place[0] in ("id", "stored", "authority", "timestamp", "version"):
        return True
    if "attachments" in place or "definition" in place or "display" in place:
        return True
    return place[-1] == "objectType" and at(values, place) in ("Activity", "Agent")
