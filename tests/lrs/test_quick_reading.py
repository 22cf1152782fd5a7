"""The short way of reading never takes what the long way refuses, and finds out the same."""

from __future__ import annotations

import json
from random import Random
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from bench.lrs.statements import TEN, initialized, typical
from lms.lrs.rules.facts import Facts, facts_of
from lms.lrs.rules.faults import BadRequest
from lms.lrs.rules.quick import quick_facts
from lms.lrs.rules.statements import check_statement
from lms.lrs.rules.strict_json import decode
from lms.lrs.rules.versions import Version
from tests.lrs.generating import iris, json_values, languages, moments, of_both, uuids
from tests.lrs.test_hostile_statements import ODD
from tests.lrs.test_statement_properties import at, changed, places

versions = st.sampled_from(list(Version))
usual = st.builds(lambda seed: typical(Random(seed)), st.integers(0, 2**32))
often = settings(max_examples=300)


def compact(values: Any, *, ascii_only: bool = False) -> bytes:
    return json.dumps(values, ensure_ascii=ascii_only, separators=(",", ":")).encode(errors="surrogatepass")


def long_way(text: bytes, version: Version) -> Facts | None:
    try:
        return facts_of(check_statement(decode(text.decode().strip(" \t\r\n"), "statement"), "statement", version), version)
    except (BadRequest, UnicodeDecodeError):
        return None


def agree(text: bytes, version: Version) -> bool:
    """Was it read the short way? Then the long way finds the same, asked twice for what is remembered."""
    for _again in range(2):
        quick = quick_facts(text, version)
        if quick is None:
            return False
        assert comparable(quick) == comparable(long_way(text, version))
    return True


def comparable(facts: Facts | None) -> dict[str, Any] | None:
    if facts is None:
        return None
    return {name: set(getattr(facts, name)) if name == "terms" else getattr(facts, name) for name in Facts.__struct_fields__}


@given(of_both, st.booleans())
def test_of_a_valid_statement_both_ways_find_out_the_same(sent: tuple[dict[str, Any], Version], ascii_only: bool) -> None:
    values, version = sent
    agree(compact(values, ascii_only=ascii_only), version)


@pytest.mark.parametrize("kind", TEN[:7])
def test_what_courses_send_most_of_is_read_the_short_way(kind: Any) -> None:
    assert agree(compact(kind(Random(1))), Version.V1)


@often
@given(usual | of_both.map(lambda sent: sent[0]), versions, st.sampled_from(ODD) | json_values, st.data())
def test_one_odd_value_anywhere_is_taken_by_neither_or_by_both(
    values: dict[str, Any], version: Version, odd: Any, data: st.DataObject
) -> None:
    place = data.draw(st.sampled_from(list(places(values))))
    agree(compact(changed(values, place, lambda holder, key: holder.__setitem__(key, odd))), version)


@often
@given(usual, versions, st.data())
def test_a_part_from_elsewhere_is_taken_by_neither_or_by_both(values: dict[str, Any], version: Version, data: st.DataObject) -> None:
    """Parts are remembered by their octets: what passed in one place must not pass in another."""
    target, source = (data.draw(st.sampled_from(list(places(values)))) for _two in range(2))
    moved = at(values, source)
    agree(compact(changed(values, target, lambda holder, key: holder.__setitem__(key, moved))), version)


@often
@given(
    usual,
    versions,
    st.data(),
    st.sampled_from(["x", "objectType", "id", "stored", "authority", "member", "attachments", "contextAgents", "team"]),
)
def test_another_key_anywhere_is_taken_by_neither_or_by_both(
    values: dict[str, Any], version: Version, data: st.DataObject, name: str
) -> None:
    holders = [(), *(place for place in places(values) if isinstance(at(values, place), dict))]
    place = (*data.draw(st.sampled_from(holders)), name)
    value = data.draw(json_values | iris | uuids | moments | languages)
    agree(compact(changed(values, place, lambda holder, key: holder.__setitem__(key, value))), version)


@often
@given(usual, versions, st.data())
@example({"actor": {"mbox": "mailto:a@e.vn"}, "verb": {"id": "urn:v"}, "object": {"id": "urn:o"}}, Version.V1, None)
def test_octets_put_in_or_taken_away_are_taken_by_neither_or_by_both(values: dict[str, Any], version: Version, data: Any) -> None:
    text = compact(values)
    if data is None:
        assert not agree(text[:-1] + b',"verb":{"id":"urn:v"}}', version)
        return
    begin = data.draw(st.integers(0, len(text)))
    end = data.draw(st.integers(begin, min(len(text), begin + 12)))
    pieces = [b"", b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u0000", b"\\ud800", b"\xff", b" ", b"null", b"0", b"\n", b'"a":1,']
    agree(text[:begin] + data.draw(st.sampled_from(pieces)) + text[end:], version)


@often
@given(usual, versions, st.data())
def test_a_key_twice_is_read_by_neither(values: dict[str, Any], version: Version, data: st.DataObject) -> None:
    keyed = [place for place in places(values) if isinstance(place[-1], str)]
    place = data.draw(st.sampled_from(keyed))
    again = f"twice-{place[-1]}"
    text = compact(changed(values, (*place[:-1], again), lambda holder, key: holder.__setitem__(key, at(values, place))))
    assert not agree(text.replace(compact(again), compact(place[-1])), version)


@pytest.mark.parametrize(
    "written",
    ["2026-02-30T00:00:00Z", "2026-11-22T24:00:00Z", "2026-11-22T09:21:60Z", "2026-11-22T09:21:07+24:00", "2026-11-22T09:21:07-00:00",
     "2026-11-22T09:21:07+07:60", "0001-01-01T00:00:00+07:00", "9999-12-31T23:59:59Z", "2026-11-22T09:21:07.1234567Z",
     "2026-11-22T16:21:07.125+07:00", "2026-11-22 09:21:07Z", "2026-W47-7T09:21:07Z", "2026-11-22T09:21:07.5Z", "2026-11-22T09:21:07"],
)  # fmt: skip
@pytest.mark.parametrize("version", Version)
def test_moments_are_the_same_moments(written: str, version: Version) -> None:
    agree(compact({**initialized(Random(1)), "timestamp": written}), version)
