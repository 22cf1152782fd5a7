"""Statement templates as the profile specification means them, as far as our profile uses it: determining properties, and rules whose
locations are plain paths."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\['([^']*)'\]")


def matching(profile: Mapping[str, Any], statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The templates whose determining properties this statement has."""
    return [template for template in profile["templates"] if _is_determined(template, statement)]


def violations(template: Mapping[str, Any], statement: Mapping[str, Any]) -> list[str]:
    """Locations of the rules that a statement breaks."""
    return [rule["location"] for rule in template["rules"] if not _holds(rule, _values(statement, rule["location"]))]


def _is_determined(template: Mapping[str, Any], statement: Mapping[str, Any]) -> bool:
    parents = statement["context"].get("contextActivities", {}).get("parent", [])
    return (
        statement["verb"]["id"] == template["verb"]
        and statement["object"].get("definition", {}).get("type") == template["objectActivityType"]
        and set(template.get("contextParentActivityType", [])) <= {one["definition"]["type"] for one in parents}
    )


def _holds(rule: Mapping[str, Any], found: list[Any]) -> bool:
    if rule.get("presence") == "excluded":
        return not found
    if rule.get("presence") == "included" and not found:
        return False
    return (
        ("all" not in rule or all(value in rule["all"] for value in found))
        and ("any" not in rule or any(value in rule["any"] for value in found))
        and ("none" not in rule or not any(value in rule["none"] for value in found))
    )


def _values(statement: Any, location: str) -> list[Any]:
    here = statement
    for plain, quoted in _STEP.findall(location.removeprefix("$")):
        if not isinstance(here, Mapping) or (plain or quoted) not in here:
            return []
        here = here[plain or quoted]
    return [here]
