"""How a statement is given back: as it was sent with what the store sets (`exact`), reduced to identifiers (`ids`), or in one
language (`canonical`).

The text that came in is kept as it is. What the store sets is put before it (`head`), so that an exact answer costs nothing and every
value of the sender stays as it was written, to the digit. Only where a sender gave something that the store must set itself, a context
activity outside an array, or in version 2.0 a moment that is not in UTC, is a second text made from the members of the first (`rebuilt`).
"""

from __future__ import annotations

from collections.abc import Callable, Container, Mapping, Sequence
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any
from uuid import UUID

import msgspec

from lms.lrs.rules.context import PARTAKERS
from lms.lrs.rules.values import in_utc
from lms.lrs.rules.versions import Version

_OVERWRITTEN = ("stored", "authority")

Members = dict[str, msgspec.Raw]


def timestamp(at: datetime) -> str:
    """`2026-11-22T09:21:07.125Z`"""
    return at.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def completed(
    text: str,
    values: Mapping[str, Any],
    *,
    statement_id: UUID,
    stored: datetime,
    authority: Mapping[str, Any],
    version: Version = Version.V1,
) -> tuple[str, str | None]:
    """(head, rebuilt) of a statement: the members the store adds, and the whole text where adding is not enough."""
    head = head_of(values, str(statement_id), timestamp(stored), msgspec.json.encode(authority).decode(), version)
    return head, rebuilt(text, values, head, version) if must_be_rebuilt(values, version) else None


def head_of(given: Container[str], statement_id: str, stored: str, authority: str, version: Version) -> str:
    """The members the store adds to a statement with these members, as text; `authority` is JSON."""
    parts = [] if "id" in given else [f'"id":"{statement_id}"']
    parts.append(f'"stored":"{stored}"')
    if "timestamp" not in given:
        parts.append(f'"timestamp":"{stored}"')
    parts.append(f'"authority":{authority}')
    if "version" not in given:
        parts.append(f'"version":"{version.of_statements}"')
    return ",".join(parts)


def must_be_rebuilt(values: Mapping[str, Any], version: Version) -> bool:
    """Is putting the head before the text not enough?"""
    if any(key in values for key in _OVERWRITTEN) or _lone_context_activity(values):
        return True
    return version is Version.V2 and _away_from_utc(values)


def rebuilt(text: str, values: Mapping[str, Any], head: str, version: Version) -> str:
    """The whole text where adding to it is not enough."""
    to_utc = version is Version.V2 and _away_from_utc(values)
    set_here = _members(f"{{{head}}}".encode())
    members = {key: value for key, value in _members(text.encode()).items() if key not in set_here}
    return f"{{{head},{_encode(_as_returned(members, to_utc=to_utc))[1:].decode()}"


def exact(body: str, head: str, rebuilt: str | None) -> str:
    return rebuilt if rebuilt is not None else f"{{{head},{body[1:]}"


def _lone_context_activity(event: Mapping[str, Any]) -> bool:
    around = event.get("context", {}).get("contextActivities", {})
    if any(isinstance(given, dict) for given in around.values()):
        return True
    target = event["object"]
    return target.get("objectType") == "SubStatement" and _lone_context_activity(target)


def _away_from_utc(event: Mapping[str, Any]) -> bool:
    """Does it, or the statement within it, tell a moment in another zone?"""
    if "timestamp" in event and in_utc(event["timestamp"]) != event["timestamp"]:
        return True
    target = event["object"]
    return target.get("objectType") == "SubStatement" and _away_from_utc(target)


def _as_returned(event: Members, *, to_utc: bool) -> Members:
    """2.4.6.2: what may be an array is given back as one. IEEE 9274.1.1 4.2.7: moments are converted to UTC."""
    result = dict(event)
    if to_utc and "timestamp" in event:
        result["timestamp"] = msgspec.Raw(msgspec.json.encode(in_utc(msgspec.json.decode(event["timestamp"]))))
    if "context" in event:
        context = _members(event["context"])
        if "contextActivities" in context:
            around = _members(context["contextActivities"])
            arrays = {key: raw if bytes(raw).startswith(b"[") else msgspec.Raw(b"[" + bytes(raw) + b"]") for key, raw in around.items()}
            context["contextActivities"] = msgspec.Raw(_encode(arrays))
        result["context"] = msgspec.Raw(_encode(context))
    target = _members(event["object"])
    if bytes(target.get("objectType", b"")) == b'"SubStatement"':
        result["object"] = msgspec.Raw(_encode(_as_returned(target, to_utc=to_utc)))
    return result


def _members(text: bytes | msgspec.Raw) -> Members:
    return msgspec.json.decode(bytes(text), type=Members)


def _encode(members: Members) -> bytes:
    return msgspec.json.encode(members)


def ids_only(statement: Mapping[str, Any]) -> dict[str, Any]:
    """2.1.3 `ids`: of agents, groups, verbs and activities no more than identifies them, everywhere in the statement."""
    return _event(statement, _identifying, lambda activity: _pick(activity, "id"), lambda verb: _pick(verb, "id"))


def canonical(
    statement: Mapping[str, Any], languages: Sequence[str], definitions: Mapping[str, Mapping[str, Any]] = MappingProxyType({})
) -> dict[str, Any]:
    """2.1.3 `canonical`: activities as all statements together define them (`definitions` by id), and every language map of verbs and
    activities keeps one language, chosen for each map from the reader's list."""

    def one_language(texts: Mapping[str, str]) -> dict[str, str]:
        return _chosen(texts, languages)

    def activity(given: Mapping[str, Any]) -> dict[str, Any]:
        known = definitions.get(given["id"], given.get("definition"))
        if known is None:
            return dict(given)
        definition = dict(known)
        for key in ("name", "description"):
            if key in definition:
                definition[key] = one_language(definition[key])
        for key in ("choices", "scale", "source", "target", "steps"):
            if key in definition:
                definition[key] = [
                    {**entry, "description": one_language(entry["description"])} if "description" in entry else entry
                    for entry in definition[key]
                ]
        return {**given, "definition": definition}

    def verb(given: Mapping[str, Any]) -> dict[str, Any]:
        return {**given, "display": one_language(given["display"])} if "display" in given else dict(given)

    return _event(statement, dict, activity, verb)


Change = Callable[[Mapping[str, Any]], dict[str, Any]]


def _event(event: Mapping[str, Any], actor: Change, activity: Change, verb: Change) -> dict[str, Any]:
    result = dict(event)
    result["actor"] = actor(event["actor"])
    result["verb"] = verb(event["verb"])
    match event["object"].get("objectType", "Activity"):
        case "Activity":
            result["object"] = activity(event["object"])
        case "SubStatement":
            result["object"] = _event(event["object"], actor, activity, verb)
        case "Agent" | "Group":
            result["object"] = actor(event["object"])
    if "authority" in event:
        result["authority"] = actor(event["authority"])
    if "context" in event:
        result["context"] = _context(event["context"], actor, activity)
    return result


def _context(given: Mapping[str, Any], actor: Change, activity: Change) -> dict[str, Any]:
    context = dict(given)
    for key in ("instructor", "team"):
        if key in context:
            context[key] = actor(context[key])
    for key, (_kind, who) in PARTAKERS.items():
        if key in context:
            context[key] = [{**entry, who: actor(entry[who])} for entry in context[key]]
    around = context.get("contextActivities", {})
    if around:
        context["contextActivities"] = {key: [activity(one) for one in several] for key, several in around.items()}
    return context


def _identifying(actor: Mapping[str, Any]) -> dict[str, Any]:
    """The identifier of an agent or group; an anonymous group is its members."""
    kept = _pick(actor, "objectType", "mbox", "mbox_sha1sum", "openid", "account")
    if actor.get("objectType") == "Group" and len(kept) == 1:
        kept["member"] = [_identifying(member) for member in actor["member"]]
    return kept


def _pick(values: Mapping[str, Any], *keys: str) -> dict[str, Any]:
    return {key: values[key] for key in keys if key in values}


def _chosen(texts: Mapping[str, str], languages: Sequence[str]) -> dict[str, str]:
    """RFC 4647 lookup: the first wish that a key fulfils, ever less exactly; else the first language there is."""
    for wish in languages:
        parts = wish.lower().split("-")
        while parts and parts != ["*"]:
            prefix = "-".join(parts)
            for key in texts:
                if key.lower() == prefix or key.lower().startswith(f"{prefix}-"):
                    return {key: texts[key]}
            parts.pop()
    return dict(list(texts.items())[:1])
