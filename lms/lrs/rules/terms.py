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
    """The same verbs and activities come again and again; long values are not worth remembering."""
    return (_known_term if len(value) < 200 else _term)(kind, value)


def _term(kind: TermKind, value: str) -> UUID:
    return UUID(bytes=sha256(f"{kind}\0{value}".encode()).digest()[:16])


_known_term = lru_cache(maxsize=4096)(_term)


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
    target = statement["object"]
    terms = {term(TermKind.VERB, statement["verb"]["id"])}
    for key in _identities((statement["actor"], *_acting(target))):
        terms.add(term(TermKind.AGENT, key))
    if target.get("objectType", "Activity") == "Activity":
        terms.add(term(TermKind.ACTIVITY, target["id"]))
    registration = statement.get("context", {}).get("registration")
    if registration is not None:
        terms.add(term(TermKind.REGISTRATION, registration.lower()))
    events = [statement, target] if target.get("objectType") == "SubStatement" else [statement]
    for event in events:
        for key in _identities((authority, *_related_agents(event))):
            terms.add(term(TermKind.RELATED_AGENT, key))
        for iri in _related_activities(event):
            terms.add(term(TermKind.RELATED_ACTIVITY, iri))
    return terms


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
