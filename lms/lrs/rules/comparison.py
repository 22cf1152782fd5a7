"""When are two statements the same? (2.3.1; IEEE 9274.1.1 4.2) What the store sets, verb displays, activity definitions, attachments, the
order of a group's members, the spelling of a moment and what a duration says beyond hundredths of a second do not count; everything else
does, to the letter. Version 2.0 counts neither when it happened, nor upper and lower case, nor how a duration is spelled."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import msgspec

from lms.lrs.rules.context import PARTAKERS
from lms.lrs.rules.durations import measured, truncated
from lms.lrs.rules.terms import lower_domain
from lms.lrs.rules.values import moment
from lms.lrs.rules.versions import Version

_SET_BY_STORE = frozenset(("id", "authority", "stored", "timestamp", "version", "attachments"))


def same_statement(first: dict[str, Any], second: dict[str, Any], version: Version = Version.V1) -> bool:
    """Compare two valid statements by the rules of a version."""
    if version is Version.V2:
        return _canonical(first, measured).casefold() == _canonical(second, measured).casefold()
    both_timed = "timestamp" in first and "timestamp" in second  # where one has none, the store set it
    if both_timed and _moment(first) != _moment(second):
        return False
    return _canonical(first, truncated) == _canonical(second, truncated)


def _moment(event: dict[str, Any]) -> str:
    return moment(event["timestamp"], "timestamp", spaced=True).isoformat()


def _canonical(statement: dict[str, Any], duration: Callable[[str], str]) -> str:
    counted = {key: value for key, value in statement.items() if key not in _SET_BY_STORE}
    return msgspec.json.encode(_Comparable(duration).event(counted), order="deterministic").decode()


@dataclass(frozen=True, slots=True)
class _Comparable:
    """Brings events into the form in which they are compared; `duration` is how durations are read."""

    duration: Callable[[str], str]

    def event(self, event: dict[str, Any]) -> dict[str, Any]:
        result = dict(event)
        result["actor"] = _actor(event["actor"])
        result["verb"] = {"id": event["verb"]["id"]}
        result["object"] = self.object(event["object"])
        if "result" in event and "duration" in event["result"]:
            result["result"] = {**event["result"], "duration": self.duration(event["result"]["duration"])}
        if "context" in event:
            result["context"] = _context(event["context"])
        return result

    def object(self, target: dict[str, Any]) -> dict[str, Any]:
        match target.get("objectType", "Activity"):
            case "Activity":
                return _activity(target)
            case "StatementRef":
                return _reference(target)
            case "SubStatement":
                inner = {key: value for key, value in target.items() if key != "attachments"}
                if "timestamp" in inner:
                    inner["timestamp"] = _moment(inner)
                return self.event(inner)
            case _:
                return _actor(target)


def _reference(reference: dict[str, Any]) -> dict[str, Any]:
    return {**reference, "id": reference["id"].lower()}


def _activity(activity: dict[str, Any]) -> dict[str, Any]:
    return {"objectType": "Activity", "id": activity["id"]}  # said or not, it is one


def _actor(actor: dict[str, Any]) -> dict[str, Any]:
    result = {"objectType": "Agent", **actor}  # said or not, it is one
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
    for key, (_kind, who) in PARTAKERS.items():
        if key in context:
            result[key] = [{**entry, who: _actor(entry[who])} for entry in context[key]]
    if "statement" in context:
        result["statement"] = _reference(context["statement"])
    if "language" in context:
        result["language"] = context["language"].lower()
    if "contextActivities" in context:
        around = context["contextActivities"].items()
        result["contextActivities"] = {
            key: [_activity(one) for one in (given if isinstance(given, list) else [given])] for key, given in around
        }
    return result
