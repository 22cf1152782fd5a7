"""questions.yaml (docs/authoring.md): a topic and its items. Reads text, gives items or everything that is wrong with it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

import yaml

from lms.kit.errors import N_
from lms.kit.vietnamese import clean
from quizzes.kinds.base import Problem
from quizzes.kinds.true_false import FALSE, TRUE, TrueFalse
from quizzes.rules.bank import ItemDraft

LARGEST = 2 * 1024 * 1024
ALLOWED = {
    "code", "kind", "level", "competency", "lesson", "stem", "options", "key", "explanation", "legal_basis", "valid_from", "valid_to",
}  # fmt: skip
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
_ORDINAL = re.compile(r"[0-9]{2}-")


@dataclass(frozen=True, slots=True)
class Fault:
    """What is wrong, and in which item of the file (its code, or its place when it has none; None: the file itself)."""

    item: str | None
    problem: Problem


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file's items, or its faults: with one fault no item of the file is good to use."""

    items: tuple[ItemDraft, ...]
    faults: tuple[Fault, ...]


def parse(content: bytes) -> Parsed:
    """Read a questions.yaml. Never raises for what the file holds."""
    if len(content) > LARGEST:
        return _refused(N_("tệp lớn hơn %(megabytes)s MB"), megabytes=LARGEST // 2**20)
    try:
        document = yaml.safe_load(content.decode("utf-8-sig"))
    except UnicodeDecodeError:
        return _refused(N_("tệp không phải UTF-8; lưu lại với bảng mã UTF-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _refused(N_("không đọc được YAML ở dòng %(line)s: %(reason)s"), line=line, reason=error.problem or "")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return _refused(N_("không đọc được YAML: %(reason)s"), reason=str(error)[:200])
    if not isinstance(document, Mapping) or not isinstance(document.get("items"), list) or not _is_text(document.get("topic")):
        return _refused(N_("tệp cần có “topic” và danh sách “items”"))
    items: list[ItemDraft] = []
    faults: list[Fault] = []
    seen: set[str] = set()
    for place, raw in enumerate(document["items"], start=1):
        name = str(raw["code"])[:80] if isinstance(raw, Mapping) and raw.get("code") else f"#{place}"
        draft, problems = _item(raw, clean(document["topic"]))
        if draft is not None:
            if draft.code in seen:
                problems.append(Problem(N_("mã câu hỏi bị lặp trong tệp")))
            seen.add(draft.code)
            problems.extend(draft.problems())
            items.append(draft)
        faults.extend(Fault(name, problem) for problem in problems)
    return Parsed(items=() if faults else tuple(items), faults=tuple(faults))


def _refused(message: str, **values: Any) -> Parsed:
    return Parsed(items=(), faults=(Fault(None, Problem(message, values)),))


def _is_text(value: Any) -> bool:
    return isinstance(value, str) and "\x00" not in value and bool(clean(value))


def _item(raw: Any, topic: str) -> tuple[ItemDraft | None, list[Problem]]:
    """The item and what is wrong with the way it is written; what is wrong with the item itself is its own rule."""
    if not isinstance(raw, Mapping):
        return None, [Problem(N_("mục này không phải một câu hỏi"))]
    problems = _field_problems(raw)
    options, option_problems = _options(raw.get("options"))
    key, key_problems = _key(raw.get("key"), raw.get("kind"))
    problems += option_problems + key_problems
    if problems:
        return None, problems
    return ItemDraft(
        code=raw["code"],
        topic=topic,
        kind=clean(raw["kind"]),
        level=clean(raw["level"]),
        stem=clean(raw["stem"]),
        body={"options": [{"id": option["id"], "text": clean(option["text"])} for option in options]} if options else {},
        key=key,
        explanation=clean(raw["explanation"]),
        whys={option["id"]: clean(option["why"]) for option in options if option.get("why")},
        legal_basis=clean(raw["legal_basis"]) if raw.get("legal_basis") else None,
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        competency=clean(raw["competency"]) if raw.get("competency") else None,
        lesson=_ORDINAL.sub("", clean(raw["lesson"]), count=1) if raw.get("lesson") else None,
    ), []


def _field_problems(raw: Mapping[str, Any]) -> list[Problem]:
    problems = []
    if unknown := sorted(str(name) for name in raw if name not in ALLOWED):
        problems.append(Problem(N_("không có trường “%(names)s”"), {"names": ", ".join(unknown)}))
    for name in ("code", "kind", "level", "stem", "explanation"):
        if not _is_text(raw.get(name)):
            problems.append(Problem(N_("thiếu “%(name)s” (phải là chữ)"), {"name": name}))
    for name in ("competency", "lesson", "legal_basis"):
        if raw.get(name) is not None and not _is_text(raw[name]):
            problems.append(Problem(N_("“%(name)s” phải là chữ"), {"name": name}))
    for name in ("valid_from", "valid_to"):
        if raw.get(name) is not None and type(raw[name]) is not date:
            problems.append(Problem(N_("“%(name)s” phải là ngày viết dạng 2026-07-01"), {"name": name}))
    if _is_text(raw.get("code")) and not _CODE.fullmatch(raw["code"]):
        problems.append(Problem(N_("mã câu hỏi chỉ gồm chữ không dấu, số, dấu chấm và gạch nối")))
    return problems


def _options(raw: Any) -> tuple[list[dict[str, str]], list[Problem]]:
    if raw is None:
        return [], []
    if not isinstance(raw, list):
        return [], [Problem(N_("“options” phải là danh sách"))]
    for option in raw:
        if not isinstance(option, Mapping) or not all(_is_text(option.get(name)) for name in ("id", "text", "why")):
            return [], [Problem(N_("mỗi phương án cần “id”, “text” và “why” là chữ"))]
    return raw, []


def _key(raw: Any, kind: Any) -> tuple[list[str], list[Problem]]:
    if kind == TrueFalse.name:
        if not isinstance(raw, bool):
            return [], [Problem(N_("đáp án của câu đúng – sai là true hoặc false"))]
        return [TRUE if raw else FALSE], []
    if not isinstance(raw, list) or not all(_is_text(choice) for choice in raw):
        return [], [Problem(N_("“key” phải là danh sách mã phương án, ví dụ [b]"))]
    return sorted(raw), []
