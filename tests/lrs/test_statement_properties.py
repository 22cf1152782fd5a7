"""Whatever is valid goes round unchanged, and whatever is made invalid in one place is refused with that place."""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.clock import now
from lms.lrs.rules.comparison import same_statement
from lms.lrs.rules.credentials import own_authority
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.reading import read_one
from lms.lrs.rules.rendering import canonical, completed, exact, ids_only
from lms.lrs.rules.terms import statement_terms
from lms.lrs.rules.versions import Version

words = st.text(st.characters(exclude_categories=("Cs",)), max_size=12)
names = st.text("abcxyz0123456789-", min_size=1, max_size=8)
iris = st.builds("{}:{}".format, st.sampled_from(["http", "urn", "https"]), st.builds("//e.vn/{}".format, names))
uuids = st.uuids().map(str)
languages = st.dictionaries(st.sampled_from(["vi", "en-US", "zh-Hant", "es-419", "x-rieng"]), words, max_size=3)
json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.floats(allow_nan=False, allow_infinity=False) | words,
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(words, inner, max_size=2),
    max_leaves=4,
)
extensions = st.dictionaries(iris, json_values, max_size=2)
moments = st.datetimes().filter(lambda at: at.year >= 1000).map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z")
durations = st.builds("P{}DT{}M{}S".format, st.integers(0, 99), st.integers(0, 99), st.sampled_from(["0", "1.25", "59.999"]))
identifiers = st.one_of(
    st.fixed_dictionaries({"mbox": st.builds("mailto:{}@e.vn".format, names)}),
    st.fixed_dictionaries({"mbox_sha1sum": st.text("0123456789abcdefABCDEF", min_size=40, max_size=40)}),
    st.fixed_dictionaries({"openid": iris}),
    st.fixed_dictionaries({"account": st.fixed_dictionaries({"homePage": iris, "name": words})}),
)


def merged(*parts: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    return st.tuples(*parts).map(lambda several: {key: value for part in several for key, value in part.items()})


def optional(**parts: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    return st.fixed_dictionaries({}, optional=parts)


typed_agents = merged(st.just({"objectType": "Agent"}), optional(name=words), identifiers)
agents = merged(optional(objectType=st.just("Agent"), name=words), identifiers)
members = st.fixed_dictionaries({"objectType": st.just("Group"), "member": st.lists(agents, max_size=3)})
groups = members | merged(members, identifiers) | merged(st.just({"objectType": "Group"}), identifiers)
actors = agents | groups
components = st.lists(
    merged(st.fixed_dictionaries({"id": words}), optional(description=languages)), max_size=3, unique_by=lambda one: one["id"]
)
definitions = optional(name=languages, description=languages, type=iris, moreInfo=iris, extensions=extensions) | st.fixed_dictionaries(
    {"interactionType": st.just("choice"), "choices": components, "correctResponsesPattern": st.lists(words, max_size=2)}
)
activities = merged(st.fixed_dictionaries({"id": iris}), optional(objectType=st.just("Activity"), definition=definitions))
references = st.fixed_dictionaries({"objectType": st.just("StatementRef"), "id": uuids})
scores = st.tuples(*[st.floats(-1e6, 1e6)] * 3).map(sorted).map(lambda three: dict(zip(("min", "raw", "max"), three, strict=True)))
results = optional(
    score=scores.filter(lambda score: score["min"] < score["max"]) | optional(scaled=st.floats(-1, 1)),
    success=st.booleans(),
    completion=st.booleans(),
    response=words,
    duration=durations,
    extensions=extensions,
)
context_activities = st.dictionaries(
    st.sampled_from(["parent", "grouping", "category", "other"]), activities | st.lists(activities, max_size=2), max_size=2
)
contexts = optional(
    registration=uuids,
    instructor=actors,
    team=groups,
    contextActivities=context_activities,
    language=st.sampled_from(["vi", "en-GB"]),
    statement=references,
    extensions=extensions,
)
verbs = merged(st.fixed_dictionaries({"id": iris}), optional(display=languages))


def events(objects: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    whole = st.fixed_dictionaries({"actor": actors, "verb": verbs, "object": objects})
    return merged(whole, optional(result=results, context=contexts, timestamp=moments))


objects = activities | typed_agents | groups | references
within = merged(events(objects), st.just({"objectType": "SubStatement"}))
statements = merged(events(objects | within), optional(id=uuids, version=st.sampled_from(["1.0", "1.0.0", "1.0.3"])))

# What version 2.0 adds: who else took part, and moments written with a space.
relevant = optional(relevantTypes=st.lists(iris, min_size=1, max_size=2))
context_agents = st.lists(merged(st.fixed_dictionaries({"objectType": st.just("contextAgent"), "agent": agents}), relevant), max_size=2)
context_groups = st.lists(merged(st.fixed_dictionaries({"objectType": st.just("contextGroup"), "group": groups}), relevant), max_size=2)
new_contexts = merged(contexts, optional(contextAgents=context_agents, contextGroups=context_groups))
new_statements = merged(
    statements,
    optional(
        context=new_contexts, timestamp=moments.map(lambda text: text.replace("T", " ")), version=st.sampled_from(["2.0", "2.0.0", "1.0.3"])
    ),
)
of_both = st.tuples(statements, st.just(Version.V1)) | st.tuples(new_statements, st.just(Version.V2))


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
