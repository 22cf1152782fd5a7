"""Whatever is valid goes round unchanged, and whatever is made invalid in one place is refused with that place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from lms.kit.clock import now
from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.credentials import own_authority
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.objects import COMPONENT_LISTS
from lms.lrs.rules.reading import read_one
from lms.lrs.rules.rendering import canonical, completed, exact, ids_only
from lms.lrs.rules.terms import statement_terms
from lms.lrs.rules.versions import Version
from tests.lrs.generating import identifiers, of_both


@given(of_both, st.booleans())
def test_a_valid_statement_goes_round_unchanged(sent: tuple[dict[str, Any], Version], ascii_only: bool) -> None:
    values, version = sent
    text = json.dumps(values, ensure_ascii=ascii_only)
    received = read_one(text.encode(), version)
    statement_id, authority = "00000000-0000-4000-8000-000000000000", own_authority("https://hoc.example.vn")
    head, rebuilt = completed(  # type: ignore[call-overload,unused-ignore]
        text, values, statement_id=UUID(statement_id), stored=now(), authority=authority, version=version
    )
    given_back = exact(received.text, head, rebuilt)
    assert rebuilt is not None or given_back.endswith(text[1:])
    again = json.loads(given_back)
    assert {"id", "stored", "timestamp", "authority", "version"} <= again.keys()
    read_one(given_back.encode(), version)
    assert same_statement(values, again, version)
    read_one(json.dumps(ids_only(again)).encode(), version)
    assert read_one(json.dumps(canonical(again, ["vi"])).encode(), version)
    assert statement_terms(ids_only(again), authority) <= statement_terms(values, authority)


@given(of_both, st.data())
def test_one_null_anywhere_is_refused_with_its_place(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    place = data.draw(st.sampled_from(list(places(values))))
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(key, None))).encode(), version)
    assert written(place).startswith(str(caught.value.field)) or str(caught.value.field).startswith(written(place[:-1]))


@given(of_both, st.data())
def test_one_unknown_key_anywhere_is_refused_with_its_place(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    objects_ = [place for place in places(values) if isinstance(at(values, place), dict) and not is_map(place)]
    place = (*data.draw(st.sampled_from(objects_)), "lạ")
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(key, "x"))).encode(), version)
    assert caught.value.field == written(place)


@given(of_both, st.data())
def test_one_value_of_another_type_is_refused_with_its_place(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    place = data.draw(st.sampled_from([place for place in places(values) if "contextActivities" not in place[-2:]]))
    old = at(values, place)
    other = [{"khác": 1}] if isinstance(old, (str, bool, int, float, dict)) else "khác"
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(key, other))).encode(), version)
    assert str(caught.value.field).startswith(written(place))


@given(of_both, st.data())
def test_one_key_in_another_case_is_refused_with_its_place(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    keyed = [place for place in places(values) if isinstance(place[-1], str) and (len(place) == 1 or not is_map(place[:-1]))]
    place = data.draw(st.sampled_from(keyed))
    wrong = str(place[-1]).swapcase()
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(wrong, holder.pop(key)))).encode(), version)
    assert str(caught.value.field).startswith(written(place[:-1]))


@given(of_both, st.data(), st.sampled_from(["", "không hợp lệ", "\u0000"]))
def test_one_malformed_value_is_refused_with_its_place(sent: tuple[dict[str, Any], Version], data: st.DataObject, malformed: str) -> None:
    values, version = sent
    place = data.draw(st.sampled_from([place for place in places(values) if is_formatted(place)]))
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(key, malformed))).encode(), version)
    assert caught.value.field == written(place)


@given(of_both, st.data())
def test_one_malformed_key_of_a_map_is_refused_with_its_place(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    maps = [place for place in places(values) if isinstance(at(values, place), dict) and is_map(place)]
    assume(maps)
    place = (*data.draw(st.sampled_from(maps)), "không hợp lệ")
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(key, "x"))).encode(), version)
    assert caught.value.field == written(place)


@given(of_both, st.data())
def test_without_one_required_property_it_is_refused_there(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    place = data.draw(st.sampled_from([place for place in places(values) if is_required(values, place)]))
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder.pop(key))).encode(), version)
    assert str(caught.value.field).startswith(written(place[:-1]))


@given(of_both, st.data(), identifiers)
def test_a_second_identifier_is_refused_with_the_place_of_its_owner(
    sent: tuple[dict[str, Any], Version], data: st.DataObject, second: dict[str, Any]
) -> None:
    values, version = sent
    named = [place for place in places(values) if is_identified(at(values, place)) and not second.keys() & at(values, place).keys()]
    assume(named)
    place = data.draw(st.sampled_from(named))
    with pytest.raises(StatementFault) as caught:
        read_one(json.dumps(changed(values, place, lambda holder, key: holder[key].update(second))).encode(), version)
    assert caught.value.field == written(place)


@given(of_both, st.data())
def test_one_key_written_twice_is_refused(sent: tuple[dict[str, Any], Version], data: st.DataObject) -> None:
    values, version = sent
    place = data.draw(st.sampled_from([place for place in places(values) if isinstance(place[-1], str)]))
    mark = "một-dấu-không-đâu-có"
    text = json.dumps(changed(values, place, lambda holder, key: holder.__setitem__(mark, holder[key])), ensure_ascii=False)
    with pytest.raises(StatementFault):
        read_one(text.replace(json.dumps(mark, ensure_ascii=False), json.dumps(place[-1]), 1).encode(), version)


FORMATTED = frozenset(("mbox", "mbox_sha1sum", "openid", "homePage", "type", "moreInfo", "registration", "language", "timestamp", "stored"))
FORMATTED |= {"duration", "version", "objectType", "interactionType", "usageType", "contentType", "sha2", "fileUrl"}
ALWAYS_REQUIRED = frozenset(("actor", "verb", "object", "homePage", "usageType", "contentType", "length", "sha2", "agent", "group"))
IDENTIFIERS = frozenset(("mbox", "mbox_sha1sum", "openid", "account"))


def is_formatted(place: tuple[str | int, ...]) -> bool:
    """Is any text not enough there?"""
    is_component = len(place) > 2 and place[-3] in COMPONENT_LISTS
    return place[-1] in FORMATTED or (place[-1] == "id" and not is_component) or "relevantTypes" in place[-2:-1]


def is_required(values: dict[str, Any], place: tuple[str | int, ...]) -> bool:
    key, value, holder = place[-1], at(values, place), at(values, place[:-1])
    if key == "objectType" and value in ("Agent", "Group"):  # without it, what has an identifier and no members is an agent
        return place[-2] in ("object", "team", "group") or "member" in holder
    if key == "objectType":
        return bool(value != "Activity")
    if key == "id":
        return len(place) > 1
    if key == "member":
        return not is_identified(holder)
    if key in IDENTIFIERS:
        return "member" not in holder
    is_account, is_attachment, is_interaction = "account" in place[-2:-1], "usageType" in holder, key == "interactionType"
    return key in ALWAYS_REQUIRED or is_interaction or (is_account and key == "name") or (is_attachment and key == "display")


def is_identified(value: Any) -> bool:
    return isinstance(value, dict) and bool(value.keys() & IDENTIFIERS)


def places(value: Any, here: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every place of a statement but those within extensions."""
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        place = (*here, key)
        yield place
        if key != "extensions":
            yield from places(inner, place)


def is_map(place: tuple[str | int, ...]) -> bool:
    """Their keys are the sender's: other rules."""
    return place[-1] in ("display", "extensions", "description") or (place[-1] == "name" and "definition" in place)


def at(value: Any, place: tuple[str | int, ...]) -> Any:
    for key in place:
        value = value[key]
    return value


def changed(values: dict[str, Any], place: tuple[str | int, ...], change: Any) -> dict[str, Any]:
    result = copy.deepcopy(values)
    change(at(result, place[:-1]), place[-1])
    return result


def written(place: tuple[str | int, ...]) -> str:
    return "statement" + "".join(f"[{key}]" if isinstance(key, int) else f".{key}" for key in place)
