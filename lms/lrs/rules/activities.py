"""Activities: every wording of a definition that statements bring, and the one definition they make together (Communication 2.5).

What comes later adds to what is known: languages, extensions and the parts of an interaction are collected, single values replaced. The
outcome depends on nothing but which wordings were stored, and in what order they first came.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from hashlib import blake2b, sha256
from typing import Any
from uuid import UUID

import msgspec

from lms.lrs.rules.objects import COMPONENT_LISTS

MAX_WORDINGS = 200  # of one activity that are put together: the latest

_MAPS = ("name", "description", "extensions")
_INTERACTION = (*COMPONENT_LISTS, "correctResponsesPattern")

Members = dict[str, msgspec.Raw]


def activity_key(activity_id: str) -> UUID:
    return UUID(bytes=sha256(activity_id.encode()).digest()[:16])


def definitions_in(statement: Mapping[str, Any]) -> list[tuple[str, Mapping[str, Any]]]:
    """(id, definition) of each activity that a valid statement defines: its object, those of its context, and the same of a
    SubStatement."""
    return [(activity["id"], activity["definition"]) for activity in _activities(statement) if activity.get("definition")]


def activity_ids(statement: Mapping[str, Any]) -> set[str]:
    """All that a statement names in these places."""
    return {activity["id"] for activity in _activities(statement)}


def definition_texts(text: str) -> list[tuple[str, str]]:
    """The same with each definition as it was written, to the digit, in the same order."""
    found = []
    for raw in _raw_activities(_members(text)):
        activity = _members(raw)
        if "definition" in activity and msgspec.json.decode(activity["definition"]):
            found.append((msgspec.json.decode(activity["id"], type=str), bytes(activity["definition"]).decode()))
    return found


def wording_digest(activity_id: str, definition: Mapping[str, Any]) -> str:
    """Equal for what says the same in the same order: 32 hexadecimal digits."""
    return blake2b(msgspec.json.encode((activity_id, definition)), digest_size=16).hexdigest()


def merged_definition(wordings: Iterable[str]) -> bytes | None:
    """The definition that these wordings make in this order; None where there is none."""
    result: dict[str, Any] = {}
    for wording in wordings:
        given = _members(wording)
        if "interactionType" in given and result.get("interactionType") not in (None, given["interactionType"]):
            for key in _INTERACTION:  # another kind of interaction has other parts
                result.pop(key, None)
        for key, raw in given.items():
            if key in _MAPS:
                result.setdefault(key, {}).update(_members(raw))
            elif key in COMPONENT_LISTS:
                _add_components(result.setdefault(key, {}), raw)
            else:
                result[key] = raw
    for key in COMPONENT_LISTS:
        if key in result:
            result[key] = list(result[key].values())
    return msgspec.json.encode(result) if result else None


def activity_object(activity_id: str, wordings: Iterable[str]) -> bytes:
    """The Activity as `GET /xapi/activities` gives it; of an unknown one its id."""
    definition = merged_definition(wordings)
    members: dict[str, Any] = {"objectType": "Activity", "id": activity_id}
    if definition is not None:
        members["definition"] = msgspec.Raw(definition)
    return msgspec.json.encode(members)


def _add_components(known: dict[str, dict[str, Any]], raw: msgspec.Raw) -> None:
    for component in msgspec.json.decode(raw, type=list[Members]):
        kept = known.setdefault(msgspec.json.decode(component["id"], type=str), {"id": component["id"]})
        if "description" in component:
            kept.setdefault("description", {}).update(_members(component["description"]))


def _activities(event: Mapping[str, Any]) -> Iterator[Mapping[str, Any]]:
    target = event["object"]
    kind = target.get("objectType", "Activity")
    if kind == "Activity":
        yield target
    context = event.get("context")
    if context is not None and "contextActivities" in context:
        for given in context["contextActivities"].values():
            yield from given if isinstance(given, list) else (given,)
    if kind == "SubStatement":
        yield from _activities(target)


def _raw_activities(event: Members) -> Iterator[msgspec.Raw]:
    target = _members(event["object"])
    kind = msgspec.json.decode(target["objectType"], type=str) if "objectType" in target else "Activity"
    if kind == "Activity":
        yield event["object"]
    context = _members(event["context"]) if "context" in event else {}
    if "contextActivities" in context:
        for given in _members(context["contextActivities"]).values():
            yield from msgspec.json.decode(given, type=list[msgspec.Raw]) if bytes(given).startswith(b"[") else (given,)
    if kind == "SubStatement":
        yield from _raw_activities(target)


def _members(text: str | bytes | msgspec.Raw) -> Members:
    return msgspec.json.decode(text, type=Members)
