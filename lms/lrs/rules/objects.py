"""What a statement is about when it is an Activity or a reference to another statement (2.4.4)."""

from __future__ import annotations

from typing import Any

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.faults import StatementFault

COMPONENT_LISTS = ("choices", "scale", "source", "target", "steps")
INTERACTION_TYPES = frozenset(
    ("true-false", "choice", "fill-in", "long-fill-in", "matching", "performance", "sequencing", "likert", "numeric", "other")
)
_DEFINITION = frozenset(
    ("name", "description", "type", "moreInfo", "extensions", "interactionType", "correctResponsesPattern", *COMPONENT_LISTS)
)


def check_activity(value: Any, path: str) -> None:
    activity = values.obj(value, path, ("objectType", "id", "definition"), required=("id",))
    values.one_of(activity.get("objectType", "Activity"), f"{path}.objectType", ("Activity",))
    values.iri(activity["id"], f"{path}.id")
    if "definition" in activity:
        _check_definition(activity["definition"], f"{path}.definition")


def check_reference(value: Any, path: str) -> None:
    """A StatementRef."""
    reference = values.obj(value, path, ("objectType", "id"), required=("objectType", "id"))
    values.one_of(reference["objectType"], f"{path}.objectType", ("StatementRef",))
    values.uuid(reference["id"], f"{path}.id")


def _check_definition(value: Any, path: str) -> None:
    definition = values.obj(value, path, _DEFINITION)
    for key in ("name", "description"):
        if key in definition:
            values.language_map(definition[key], f"{path}.{key}")
    for key in ("type", "moreInfo"):
        if key in definition:
            values.iri(definition[key], f"{path}.{key}")
    if "extensions" in definition:
        values.extensions(definition["extensions"], f"{path}.extensions")
    _check_interaction(definition, path)


def _check_interaction(definition: dict[str, Any], path: str) -> None:
    if "interactionType" in definition:
        values.one_of(definition["interactionType"], f"{path}.interactionType", INTERACTION_TYPES)
    elif "correctResponsesPattern" in definition or any(key in definition for key in COMPONENT_LISTS):
        raise StatementFault(f"{path}.interactionType", N_("%(path)s: hoạt động tương tác phải nêu loại tương tác"))
    if "correctResponsesPattern" in definition:
        where = f"{path}.correctResponsesPattern"
        for index, pattern in enumerate(values.array(definition["correctResponsesPattern"], where)):
            values.text(pattern, f"{where}[{index}]")
    for key in COMPONENT_LISTS:
        if key in definition:
            _check_components(definition[key], f"{path}.{key}")


def _check_components(value: Any, path: str) -> None:
    seen: set[str] = set()
    for index, entry in enumerate(values.array(value, path)):
        where = f"{path}[{index}]"
        component = values.obj(entry, where, ("id", "description"), required=("id",))
        if values.text(component["id"], f"{where}.id") in seen:
            raise StatementFault(f"{where}.id", N_("%(path)s: mã thành phần bị trùng trong danh sách"))
        seen.add(component["id"])
        if "description" in component:
            values.language_map(component["description"], f"{where}.description")
