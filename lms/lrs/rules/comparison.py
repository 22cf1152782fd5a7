"""When are two statements the same? (2.3.1) What the store sets, verb displays, activity definitions, attachments, the order of a
group's members and the spelling of a moment do not count; everything else does, to the letter."""

from __future__ import annotations

from typing import Any

import msgspec

from lms.lrs.rules.terms import lower_domain
from lms.lrs.rules.values import moment

_SET_BY_STORE = frozenset(("id", "authority", "stored", "timestamp", "version", "attachments"))


def same_statement(first: dict[str, Any], second: dict[str, Any]) -> bool:
    """Compare two valid statements."""
    both_timed = "timestamp" in first and "timestamp" in second  # where one has none, the store set it
    if both_timed and moment(first["timestamp"], "first") != moment(second["timestamp"], "second"):
        return False
    return _canonical(first) == _canonical(second)


def _canonical(statement: dict[str, Any]) -> bytes:
    return msgspec.json.encode(_event({key: value for key, value in statement.items() if key not in _SET_BY_STORE}), order="deterministic")


def _event(event: dict[str, Any]) -> dict[str, Any]:
    result = dict(event)
    result["actor"] = _actor(event["actor"])
    result["verb"] = {"id": event["verb"]["id"]}
    result["object"] = _object(event["object"])
    if "context" in event:
        result["context"] = _context(event["context"])
    return result


def _object(target: dict[str, Any]) -> dict[str, Any]:
    match target.get("objectType", "Activity"):
        case "Activity":
            return _activity(target)
        case "StatementRef":
            return {**target, "id": target["id"].lower()}
        case "SubStatement":
            inner = {key: value for key, value in target.items() if key != "attachments"}
            if "timestamp" in inner:
                inner["timestamp"] = moment(inner["timestamp"], "timestamp").isoformat()
            return _event(inner)
        case _:
            return _actor(target)


def _activity(activity: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in activity.items() if key != "definition"}


def _actor(actor: dict[str, Any]) -> dict[str, Any]:
    result = dict(actor)
    if "mbox" in actor:
        result["mbox"] = lower_domain(actor["mbox"])
    if "mbox_sha1sum" in actor:
        result["mbox_sha1sum"] = actor["mbox_sha1sum"].lower()
    if "member" in actor:
        result["member"] = sorted((_actor(member) for member in actor["member"]), key=lambda one: msgspec.json.encode(one, order="sorted"))
    return result


def _context(context: dict[str, Any]) -> dict[str, Any]:
    result = dict(context)
    if "registration" in context:
        result["registration"] = context["registration"].lower()
    for key in ("instructor", "team"):
        if key in context:
            result[key] = _actor(context[key])
    if "statement" in context:
        result["statement"] = _object(context["statement"])
    if "language" in context:
        result["language"] = context["language"].lower()
    if "contextActivities" in context:
        around = context["contextActivities"].items()
        result["contextActivities"] = {
            key: [_activity(one) for one in (given if isinstance(given, list) else [given])] for key, given in around
        }
    return result
