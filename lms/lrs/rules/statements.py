"""A whole statement, and a statement within a statement (2.2–2.4)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from lms.kit.errors import N_
from lms.lrs.rules import values
from lms.lrs.rules.actors import check_actor, check_authority, check_group
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.objects import check_activity, check_reference

VOIDED = "http://adlnet.gov/expapi/verbs/voided"

_SUB_STATEMENT = frozenset(("objectType", "actor", "verb", "object", "result", "context", "timestamp", "attachments"))
_STATEMENT = (_SUB_STATEMENT - {"objectType"}) | {"id", "stored", "authority", "version"}
_RESULT = frozenset(("score", "success", "completion", "response", "duration", "extensions"))
_SCORE = frozenset(("scaled", "raw", "min", "max"))
_CONTEXT = frozenset(
    ("registration", "instructor", "team", "contextActivities", "revision", "platform", "language", "statement", "extensions")
)
_CONTEXT_ACTIVITIES = frozenset(("parent", "grouping", "category", "other"))
_ATTACHMENT = frozenset(("usageType", "display", "description", "contentType", "length", "sha2", "fileUrl"))


def check_statement(value: Any, path: str) -> dict[str, Any]:
    """Raises StatementFault naming the first place that breaks a rule; returns the statement."""
    statement = values.obj(value, path, _STATEMENT, required=("actor", "verb", "object"))
    if "id" in statement:
        values.uuid(statement["id"], f"{path}.id")
    if "stored" in statement:
        values.moment(statement["stored"], f"{path}.stored")
    if "authority" in statement:
        check_authority(statement["authority"], f"{path}.authority")
    if "version" in statement:
        values.version(statement["version"], f"{path}.version")
    _check_event(statement, path, within=False)
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


def _check_event(statement: dict[str, Any], path: str, *, within: bool) -> None:
    """What statements and statements within statements have in common."""
    check_actor(statement["actor"], f"{path}.actor")
    verb = values.obj(statement["verb"], f"{path}.verb", ("id", "display"), required=("id",))
    values.iri(verb["id"], f"{path}.verb.id")
    if "display" in verb:
        values.language_map(verb["display"], f"{path}.verb.display")
    about_activity = _check_object(statement["object"], f"{path}.object", within=within)
    if "result" in statement:
        _check_result(statement["result"], f"{path}.result")
    if "context" in statement:
        _check_context(statement["context"], f"{path}.context", about_activity=about_activity)
    if "timestamp" in statement:
        values.moment(statement["timestamp"], f"{path}.timestamp")
    if "attachments" in statement:
        _check_attachments(statement["attachments"], f"{path}.attachments")


def _check_object(value: Any, path: str, *, within: bool) -> bool:
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
            _check_event(value, path, within=True)
        case _:
            check_actor(value, path)
    return False


def _check_result(value: Any, path: str) -> None:
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


def _check_context(value: Any, path: str, *, about_activity: bool) -> None:
    context = values.obj(value, path, _CONTEXT)
    for key, check in _CONTEXT_PARTS.items():
        if key in context:
            check(context[key], f"{path}.{key}")
    for key in ("revision", "platform"):
        if key in context:
            values.text(context[key], f"{path}.{key}")
            if not about_activity:
                raise StatementFault(f"{path}.{key}", N_("%(path)s: chỉ dùng khi đối tượng là một hoạt động (Activity)"))


def _check_context_activities(value: Any, path: str) -> None:
    for key, given in values.obj(value, path, _CONTEXT_ACTIVITIES).items():
        where = f"{path}.{key}"
        if type(given) is dict:  # 2.4.6.2: one alone may stand without its array
            check_activity(given, where)
            continue
        for index, activity in enumerate(values.array(given, where)):
            check_activity(activity, f"{where}[{index}]")


_CONTEXT_PARTS: Mapping[str, Callable[[Any, str], object]] = {
    "registration": values.uuid,
    "instructor": check_actor,
    "team": check_group,
    "contextActivities": _check_context_activities,
    "language": values.language,
    "statement": check_reference,
    "extensions": values.extensions,
}


def _check_attachments(value: Any, path: str) -> None:
    for index, entry in enumerate(values.array(value, path)):
        where = f"{path}[{index}]"
        attachment = values.obj(entry, where, _ATTACHMENT, required=("usageType", "display", "contentType", "length", "sha2"))
        values.iri(attachment["usageType"], f"{where}.usageType")
        values.language_map(attachment["display"], f"{where}.display")
        if "description" in attachment:
            values.language_map(attachment["description"], f"{where}.description")
        values.media_type(attachment["contentType"], f"{where}.contentType")
        length = values.number(attachment["length"], f"{where}.length")
        if type(length) is not int or length < 0:
            raise StatementFault(f"{where}.length", N_("%(path)s: phải là số byte, số nguyên không âm"))
        values.sha2(attachment["sha2"], f"{where}.sha2")
        if "fileUrl" not in attachment:
            raise StatementFault(f"{where}.fileUrl", N_("%(path)s: tệp đính kèm gửi bằng JSON phải có địa chỉ tải tệp"))
        values.iri(attachment["fileUrl"], f"{where}.fileUrl")
