"""In which context something happened (2.4.6; IEEE 9274.1.1 4.2.2.5, which adds agents and groups with the parts they had in it)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.actors import check_actor, check_agent, check_group
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.objects import check_activity, check_reference
from lms.lrs.rules.versions import Version

# Lists of agents and groups of version 2.0: what each entry is called, and under which key it names whom it is about.
PARTAKERS: Mapping[str, tuple[str, str]] = {"contextAgents": ("contextAgent", "agent"), "contextGroups": ("contextGroup", "group")}

_V1 = frozenset(("registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement", "extensions"))
_KNOWN = {Version.V1: _V1, Version.V2: _V1 | PARTAKERS.keys()}
_CONTEXT_ACTIVITIES = frozenset(("parent", "grouping", "category", "other"))
_CHECKS = {"agent": check_agent, "group": check_group}


def check_context(value: Any, path: str, version: Version, *, about_activity: bool) -> None:
    context = values.obj(value, path, _KNOWN[version])
    for key, given in context.items():
        where = f"{path}.{key}"
        if key in PARTAKERS:
            _check_partakers(given, where, *PARTAKERS[key])
        else:
            _PARTS[key](given, where)
    if not about_activity:
        for key in ("revision", "platform"):
            if key in context:
                raise StatementFault(f"{path}.{key}", N_("%(path)s: chỉ dùng khi đối tượng là một hoạt động (Activity)"))


def partakers(context: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """The agents and groups of the two lists of a valid context."""
    return [entry[who] for key, (_kind, who) in PARTAKERS.items() for entry in context.get(key, ())]


def _check_partakers(value: Any, path: str, kind: str, who: str) -> None:
    for index, entry in enumerate(values.array(value, path)):
        where = f"{path}[{index}]"
        partaker = values.obj(entry, where, ("objectType", who, "relevantTypes"), required=("objectType", who))
        values.one_of(partaker["objectType"], f"{where}.objectType", (kind,))
        _CHECKS[who](partaker[who], f"{where}.{who}")
        if "relevantTypes" in partaker:
            _check_relevant_types(partaker["relevantTypes"], f"{where}.relevantTypes")


def _check_relevant_types(value: Any, path: str) -> None:
    if not values.array(value, path):
        raise StatementFault(path, N_("%(path)s: phải có ít nhất một loại, hoặc bỏ hẳn thuộc tính này"))
    for index, kind in enumerate(value):
        values.iri(kind, f"{path}[{index}]")


def _check_context_activities(value: Any, path: str) -> None:
    for key, given in values.obj(value, path, _CONTEXT_ACTIVITIES).items():
        where = f"{path}.{key}"
        if type(given) is dict:  # 2.4.6.2: one alone may stand without its array
            check_activity(given, where)
            continue
        for index, activity in enumerate(values.array(given, where)):
            check_activity(activity, f"{where}[{index}]")


_PARTS: Mapping[str, Callable[[Any, str], object]] = {
    "registration": values.uuid,
    "instructor": check_actor,
    "team": check_group,
    "contextActivities": _check_context_activities,
    "revision": values.text,
    "platform": values.text,
    "language": values.language,
    "statement": check_reference,
    "extensions": values.extensions,
}
