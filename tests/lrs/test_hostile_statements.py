"""Whatever is sent is either a statement or refused as one: nothing makes the store stumble, and no refusal is without its reason."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.faults import BadRequest
from lms.lrs.rules.reading import MAX_DEPTH, Received, read_many
from lms.lrs.rules.rendering import canonical, ids_only
from lms.lrs.rules.versions import Version
from tests.lrs.generating import json_values, of_both
from tests.lrs.making import statement
from tests.lrs.test_statement_properties import at, places

ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**64,
    10**40,
    "",
    "x",
    "\u0000",
    "\uffff",
    "urn:x",
    "mailto:@",
    [],
    {},
    [[]],
    [None],
    {"": None},
]
PIECES = [b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u", b"null", b"1e9"]
odd_values = st.sampled_from(ODD) | json_values
many = settings(max_examples=150)


def answered(body: bytes, version: Version) -> None:
    """It is read, and what was read can be compared and given back; or it is refused with a reason."""
    received: list[Received] = []
    reason = "read"
    try:
        received = read_many(body, version)
    except BadRequest as refusal:
        reason = str(refusal)
    assert reason
    for one in received:
        assert same_statement(one.values, one.values, version)
        assert json.loads(one.text) == one.values
        ids_only(arrayed(one.values))
        canonical(arrayed(one.values), ["vi"])


def arrayed(event: dict[str, Any]) -> dict[str, Any]:
    context = event.get("context", {})
    around = context.get("contextActivities", {}).items()
    result = {**event, "context": {**context, "contextActivities": {key: [one] if isinstance(one, dict) else one for key, one in around}}}
    return {**result, "object": arrayed(event["object"])} if event["object"].get("objectType") == "SubStatement" else result


@many
@given(json_values | st.lists(json_values, max_size=3) | st.dictionaries(st.sampled_from(["actor", "verb", "object", "id"]), odd_values))
def test_any_json(value: Any) -> None:
    for version in Version:
        answered(json.dumps(value).encode(), version)


@many
@given(of_both, st.data())
def test_a_valid_statement_with_odd_values_in_some_places(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = json.loads(json.dumps(sent[0])), sent[1]
    for _time in range(data.draw(st.integers(1, 3))):
        place = data.draw(st.sampled_from(list(places(values)) or [("actor",)]))
        at(values, place[:-1])[place[-1]] = data.draw(odd_values)
    answered(json.dumps(values).encode(), version)


@many
@given(of_both, st.data())
def test_a_valid_statement_moved_about_within_itself(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = json.loads(json.dumps(sent[0])), sent[1]
    source, target = (data.draw(st.sampled_from(list(places(values)))) for _time in range(2))
    at(values, target[:-1])[target[-1]] = json.loads(json.dumps(at(values, source)))
    answered(json.dumps(values).encode(), version)


@many
@given(of_both, st.data())
def test_a_valid_text_with_bytes_changed_cut_or_doubled(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    text = bytearray(json.dumps(sent[0], ensure_ascii=data.draw(st.booleans())).encode())
    for _time in range(data.draw(st.integers(1, 4))):
        where = data.draw(st.integers(0, len(text)))
        piece = data.draw(
            st.binary(max_size=3) | st.sampled_from([b'"', b"{", b"}", b"[", b"]", b",", b":", b"\\", b"\\u", b"null", b"1e9"])
        )
        text[where : where + data.draw(st.integers(0, 3))] = piece
    answered(bytes(text), sent[1])


@given(st.binary(max_size=60))
def test_any_bytes(body: bytes) -> None:
    answered(body, Version.V2)
    answered(b"[" + body + b"]", Version.V1)


@pytest.mark.parametrize("depth", [MAX_DEPTH - 4, MAX_DEPTH - 3, MAX_DEPTH + 1, 100_000])
@pytest.mark.parametrize(("opens", "closes"), [("[", "]"), ('{"a":', "}")])
def test_depth_is_counted_to_the_bracket(depth: int, opens: str, closes: str) -> None:
    text = json.dumps(statement(result={"extensions": {"urn:x": "?"}})).replace('"?"', opens * depth + "1" + closes * depth)
    if depth + 3 <= MAX_DEPTH:  # the statement, its result, the extensions
        assert read_many(text.encode())
        return
    with pytest.raises(BadRequest):
        read_many(text.encode())


@pytest.mark.parametrize("digits", [1, 19, 20, 300, 100_000])
def test_numbers_of_any_length_are_read_or_refused(digits: int) -> None:
    for number in ("9" * digits, "-" + "9" * digits, "0." + "0" * digits + "1", "1e" + "9" * digits, "9" * digits + "e-9"):
        text = json.dumps(statement(result={"extensions": {"urn:x": "?"}, "score": {"raw": "?"}})).replace('"?"', number)
        answered(text.encode(), Version.V1)
