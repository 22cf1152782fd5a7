"""The Person object of the agents resource (Communication 2.4): an agent of which each property is a list."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lms.lrs.rules.actors import IDENTIFIERS
from lms.lrs.rules.terms import agent_identity


def person(agents: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """All that these agents, who are one person, are called; the first comes first, nothing comes twice."""
    result: dict[str, Any] = {"objectType": "Person"}
    for agent in agents:
        for key in ("name", *IDENTIFIERS):
            if key in agent and agent[key] not in result.setdefault(key, []):
                result[key].append(agent[key])
    return {key: value for key, value in result.items() if value}


def mentions(statement: Mapping[str, Any], identity: str) -> list[Mapping[str, Any]]:
    """Where a statement's actor or object, or a member of either, is somebody (`terms.agent_identity`)."""
    actor, target = statement["actor"], statement["object"]
    named = [actor, target] if target.get("objectType") in ("Agent", "Group") else [actor]
    everyone = [agent for one in named for agent in (one, *one.get("member", ()))]
    return [agent for agent in everyone if agent.get("objectType", "Agent") == "Agent" and agent_identity(agent) == identity]
