"""Statement templates and patterns as the profile specification means them: determining properties, rules at JSONPath locations (children,
quoted children, array members, stars, unions by a bar), patterns matched greedily."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

_STEP = re.compile(r"\.([A-Za-z0-9_]+)|\['([^']*)'\]|\[(\d+)\]|(\[\*\]|\.\*)")
_PATH = re.compile(rf"\$(?:{_STEP.pattern})+")

DETERMINING = {
    "contextParentActivityType": "parent",
    "contextGroupingActivityType": "grouping",
    "contextCategoryActivityType": "category",
    "contextOtherActivityType": "other",
}
KINDS = ("alternates", "optional", "oneOrMore", "sequence", "zeroOrMore")
_NOTHING = object()  # of a selector that finds nothing at a location


def is_path(text: str) -> bool:
    """Is this a location a template may name? Filters and scripts are not."""
    return all(_PATH.fullmatch(part.strip()) for part in text.split("|"))


def matching(profile: Mapping[str, Any], statement: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The templates whose determining properties this statement has."""
    return [template for template in profile["templates"] if _is_determined(template, statement)]


def violations(template: Mapping[str, Any], statement: Mapping[str, Any]) -> list[str]:
    """Locations of the rules that a statement breaks."""
    return [rule["location"] for rule in template["rules"] if not _holds(rule, _selected(statement, rule))]


def _is_determined(template: Mapping[str, Any], statement: Mapping[str, Any]) -> bool:
    around = statement["context"].get("contextActivities", {})
    return (
        statement["verb"]["id"] == template["verb"]
        and statement["object"].get("definition", {}).get("type") == template["objectActivityType"]
        and all(
            set(template.get(name, [])) <= {one.get("definition", {}).get("type") for one in around.get(place, [])}
            for name, place in DETERMINING.items()
        )
    )


def _holds(rule: Mapping[str, Any], found: list[Any]) -> bool:
    matchable = [value for value in found if value is not _NOTHING]
    presence = rule.get("presence")
    if presence == "excluded" and matchable:
        return False
    if presence == "included" and (not found or len(matchable) < len(found)):
        return False
    if presence == "recommended" and not found:
        return True
    return (
        ("all" not in rule or all(value in rule["all"] for value in found))
        and ("any" not in rule or any(value in rule["any"] for value in matchable))
        and ("none" not in rule or not any(value in rule["none"] for value in matchable))
    )


def _selected(statement: Mapping[str, Any], rule: Mapping[str, Any]) -> list[Any]:
    found = _values(statement, rule["location"])
    if "selector" not in rule:
        return found
    return [chosen for value in found for chosen in (_values(value, rule["selector"]) or [_NOTHING])]


def _values(statement: Any, location: str) -> list[Any]:
    return [value for path in location.split("|") for value in _at(statement, path.strip())]


def _at(statement: Any, path: str) -> list[Any]:
    here = [statement]
    for plain, quoted, index, star in _STEP.findall(path.removeprefix("$")):
        if star:
            here = [child for value in here for child in _children(value)]
        elif index:
            here = [value[int(index)] for value in here if isinstance(value, list) and int(index) < len(value)]
        else:
            here = [value[plain or quoted] for value in here if isinstance(value, Mapping) and (plain or quoted) in value]
    return here


def _children(value: Any) -> Iterable[Any]:
    return value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()


def follows(profile: Mapping[str, Any], statements: Sequence[Mapping[str, Any]]) -> list[str]:
    """The primary patterns that these statements of one registration follow to the end, in the order of their timestamps."""
    in_order = sorted(statements, key=lambda one: str(one["timestamp"]))
    templates = [{found["id"] for found in matching(profile, one)} for one in in_order]
    parts = {pattern["id"]: pattern for pattern in profile["patterns"]}
    return [one["id"] for one in profile["patterns"] if one["primary"] and _left(parts, templates, one["id"]) == []]


def _left(parts: Mapping[str, Any], given: list[set[str]], name: str) -> list[set[str]] | None:
    """What is left of the statements after this part of a pattern, which takes as much as it can; None where it does not match."""
    if name not in parts:
        return given[1:] if given and name in given[0] else None
    pattern = parts[name]
    (kind,) = pattern.keys() & set(KINDS)
    if kind == "sequence":
        left: list[set[str]] | None = given
        for part in pattern[kind]:
            left = None if left is None else _left(parts, left, part)
        return left
    if kind == "alternates":
        ways = [left for part in pattern[kind] if (left := _left(parts, given, part)) is not None]
        return min(ways, key=len) if ways else None
    if kind == "optional":
        once = _left(parts, given, pattern[kind])
        return given if once is None else once
    here, times = given, 0
    while (after := _left(parts, here, pattern[kind])) is not None and len(after) < len(here):
        here, times = after, times + 1
    return None if kind == "oneOrMore" and not times else here
