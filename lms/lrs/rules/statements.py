"""A whole statement, and a statement within a statement (2.2–2.4), by the rules of the version in which it is sent."""

from __future__ import annotations

from typing import Any

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.actors import check_actor, check_authority
from lms.lrs.rules.attachments import check_attachments
from lms.lrs.rules.context import check_context
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.objects import check_activity, check_reference
from lms.lrs.rules.versions import Version

VOIDED = "http://adlnet.gov/expapi/verbs/voided"

_SUB_STATEMENT = frozenset(("objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"))
_STATEMENT = (_SUB_STATEMENT - {"objectType"}) | {"id", "stored", "authority", "version"}
_RESULT = frozenset(("score", "success", "completion", "response", "duration", "extensions"))
_SCORE = frozenset(("scaled", "raw", "min", "max"))


def check_statement(value: Any, path: str, version: Version) -> dict[str, Any]:
    """Raises StatementFault naming the first place that breaks a rule of the version it was sent in; returns the statement."""
    statement = values.obj(value, path, _STATEMENT, required=("actor", "verb", "object"))
    if "id" in statement:
        values.uuid(statement["id"], f"{path}.id")
    if "stored" in statement:
        values.moment(statement["stored"], f"{path}.stored", spaced=version is Version.V2)
    if "authority" in statement:
        check_authority(statement["authority"], f"{path}.authority")
    if "version" in statement:
        values.version(statement["version"], f"{path}.version", version)
    _check_event(statement, path, version, within=False)
    if is_voider(statement) and statement["object"].get("objectType") != "StatementRef":
        raise StatementFault(f"{path}.object", N_("%(path)s: phát biểu hủy phải trỏ tới phát biểu khác bằng StatementRef"))
    return statement


def is_voider(statement: dict[str, Any]) -> bool:
    """Does this (checked) statement void another?"""
    return bool(statement["verb"]["id"] == VOIDED)


def target_of(statement: dict[str, Any]) -> str | None:
    """The id of the statement that is this one's object, if it is one."""
    target = statement["object"]
    return target["id"] if target.get("objectType") == "StatementRef" else None


def _check_event(statement: dict[str, Any], path: str, version: Version, *, within: bool) -> None:
    """What statements and statements within statements have in common."""
    check_actor(statement["actor"], f"{path}.actor")
    check_verb(statement["verb"], f"{path}.verb")
    about_activity = _check_object(statement["object"], f"{path}.object", version, within=within)
    if "result" in statement:
        check_result(statement["result"], f"{path}.result")
    if "context" in statement:
        check_context(statement["context"], f"{path}.context", version, about_activity=about_activity)
    if "timestamp" in statement:
        values.moment(statement["timestamp"], f"{path}.timestamp", spaced=version is Version.V2)
    if "attachments" in statement:
        check_attachments(statement["attachments"], f"{path}.attachments")


def _check_object(value: Any, path: str, version: Version, *, within: bool) -> bool:
    """Returns whether it is an Activity."""
    kind = values.obj(value, path).get("objectType", "Activity")
    allowed = ("Activity", "Agent", "Group", "StatementRef") if within else ("Activity", "Agent", "Group", "StatementRef", "SubStatement")
    match values.one_of(kind, f"{path}.objectType", allowed):
        case "Activity":
            check_activity(value, path)
            return True
        case "StatementRef":
            check_reference(value, path)
        case "SubStatement":
            values.obj(value, path, _SUB_STATEMENT, required=("actor", "verb", "object"))
            _check_event(value, path, version, within=True)
        case _:
            check_actor(value, path)
    return False


def check_verb(value: Any, path: str) -> dict[str, Any]:
    verb = values.obj(value, path, ("id", "display"), required=("id",))
    values.iri(verb["id"], f"{path}.id")
    if "display" in verb:
        values.language_map(verb["display"], f"{path}.display")
    return verb


def check_result(value: Any, path: str) -> None:
    result = values.obj(value, path, _RESULT)
    if "score" in result:
        _check_score(result["score"], f"{path}.score")
    for key in ("success", "completion"):
        if key in result:
            values.boolean(result[key], f"{path}.{key}")
    if "response" in result:
        values.text(result["response"], f"{path}.response")
    if "duration" in result:
        values.duration(result["duration"], f"{path}.duration")
    if "extensions" in result:
        values.extensions(result["extensions"], f"{path}.extensions")


def _check_score(value: Any, path: str) -> None:
    score = values.obj(value, path, _SCORE)
    for key, points in score.items():
        values.number(points, f"{path}.{key}")
    if not -1 <= score.get("scaled", 0) <= 1:
        raise StatementFault(f"{path}.scaled", N_("%(path)s: phải nằm trong khoảng từ -1 đến 1"))
    low, high, raw = score.get("min"), score.get("max"), score.get("raw")
    if low is not None and high is not None and low >= high:
        raise StatementFault(f"{path}.min", N_("%(path)s: phải nhỏ hơn max"))
    if raw is not None and ((low is not None and raw < low) or (high is not None and raw > high)):
        raise StatementFault(f"{path}.raw", N_("%(path)s: phải nằm giữa min và max"))
