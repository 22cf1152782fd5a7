"""Under which terms a statement is found: one 128-bit key per thing a request may ask for.

A filter of `GET /xapi/statements` becomes one term, and a statement carries every term by which it may be asked for. Keys are hashes, so
an index entry has one size however long an IRI or account name is.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from enum import StrEnum
from functools import lru_cache
from hashlib import sha256
from typing import Any
from uuid import UUID

import msgspec

from lms.lrs.rules.context import partakers


class TermKind(StrEnum):
    """What a term says of a statement that carries it."""

    AGENT = "agent"  # actor or object, or a member of that group
    RELATED_AGENT = "related-agent"  # besides: authority, instructor, team, context agents and groups, and all of these in a SubStatement
    VERB = "verb"
    ACTIVITY = "activity"  # the object
    RELATED_ACTIVITY = "related-activity"  # besides: context activities, and all of these in a SubStatement
    REGISTRATION = "registration"


def term(kind: TermKind, value: str) -> UUID:
    return UUID(term_key(kind, value))


def term_key(kind: TermKind, value: str) -> str:
    """The same as 32 hexadecimal digits. The same verbs and activities come again and again; long values are not worth remembering."""
    return (_known_key if len(value) < 200 and kind in _COMING_AGAIN else _key)(kind, value)


def _key(kind: TermKind, value: str) -> str:
    return sha256(f"{kind}\0{value}".encode()).hexdigest()[:32]


_COMING_AGAIN = frozenset((TermKind.VERB, TermKind.ACTIVITY, TermKind.RELATED_ACTIVITY))
_known_key = lru_cache(maxsize=4096)(_key)


def agent_identity(agent: Mapping[str, Any]) -> str | None:
    """The one identifier of an Agent or identified Group as a text that is equal for equal ones; None for an anonymous group."""
    if "mbox" in agent:
        return f"mbox {lower_domain(agent['mbox'])}"
    if "mbox_sha1sum" in agent:
        return f"mbox_sha1sum {agent['mbox_sha1sum'].lower()}"
    if "openid" in agent:
        return f"openid {agent['openid']}"
    if "account" in agent:
        account = agent["account"]
        return f"account {msgspec.json.encode([account['homePage'], account['name']]).decode()}"
    return None


def lower_domain(mbox: str) -> str:
    """The domain of a mail address means the same in either case (2.3.1)."""
    name, at, domain = mbox.rpartition("@")
    return f"{name}{at}{domain.lower()}"


def statement_terms(statement: Mapping[str, Any], authority: Mapping[str, Any]) -> set[UUID]:
    """The terms of a valid statement itself, without those it has through the statement it refers to."""
    return {UUID(key) for key in (*own_keys(statement), *authority_keys(authority))}


def authority_keys(authority: Mapping[str, Any]) -> set[str]:
    """Under which keys whoever answers for a statement finds it."""
    return {term_key(TermKind.RELATED_AGENT, identity) for identity in _identities((authority,))}


def acting_keys(actor: Mapping[str, Any]) -> tuple[str | None, frozenset[str]]:
    """The key of a valid actor itself, and all keys under which a statement is found because of who acted."""
    identity = agent_identity(actor)
    if "member" not in actor and identity is not None:  # an agent; there are too many of them to be worth remembering
        own = _key(TermKind.AGENT, identity)
        return own, frozenset((own, _key(TermKind.RELATED_AGENT, identity)))
    keys = frozenset(_key(kind, one) for one in _identities((actor,)) for kind in (TermKind.AGENT, TermKind.RELATED_AGENT))
    return None if identity is None else _key(TermKind.AGENT, identity), keys


def own_keys(statement: Mapping[str, Any]) -> set[str]:
    """The keys (`term_key`) of a valid statement itself, without those of its authority."""
    target = statement["object"]
    keys = {term_key(TermKind.VERB, statement["verb"]["id"])}
    for identity in _identities((statement["actor"], *_acting(target))):
        keys.add(term_key(TermKind.AGENT, identity))
    if target.get("objectType", "Activity") == "Activity":
        keys.add(term_key(TermKind.ACTIVITY, target["id"]))
    registration = statement.get("context", {}).get("registration")
    if registration is not None:
        keys.add(term_key(TermKind.REGISTRATION, registration.lower()))
    events = [statement, target] if target.get("objectType") == "SubStatement" else [statement]
    for event in events:
        for identity in _identities(_related_agents(event)):
            keys.add(term_key(TermKind.RELATED_AGENT, identity))
        for iri in _related_activities(event):
            keys.add(term_key(TermKind.RELATED_ACTIVITY, iri))
    return keys


def _acting(target: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    return [target] if target.get("objectType") in ("Agent", "Group") else []


def _identities(agents: Iterable[Mapping[str, Any]]) -> set[str]:
    """Of these agents and groups and of the members of the groups."""
    everyone = [person for agent in agents for person in (agent, *agent.get("member", ()))]
    return {key for key in map(agent_identity, everyone) if key is not None}


def _related_agents(event: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    context = event.get("context", {})
    around = [context[key] for key in ("instructor", "team") if key in context]
    return [event["actor"], *_acting(event["object"]), *around, *partakers(context)]


def _related_activities(event: Mapping[str, Any]) -> list[str]:
    target = event["object"]
    found = [target["id"]] if target.get("objectType", "Activity") == "Activity" else []
    around = event.get("context", {}).get("contextActivities", {})
    for given in around.values():
        found += [activity["id"] for activity in (given if isinstance(given, list) else [given])]
    return found
