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
from quizzes.interchange.yaml_kinds import FORMS, Form, WrittenWrongError, is_text, read_picture
from quizzes.kinds.base import Problem
from quizzes.rules.bank import ItemDraft

LARGEST = 2 * 1024 * 1024
OF_EVERY_KIND = {
    "code",
    "kind",
    "level",
    "competency",
    "lesson",
    "stem",
    "key",
    "explanation",
    "legal_basis",
    "valid_from",
    "valid_to",
    "picture",
}
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9.-]{0,63}")
_LOADER: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
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
        document = yaml.load(content.decode("utf-8-sig"), Loader=_LOADER)  # noqa: S506 - safe, with or without the C library
    except UnicodeDecodeError:
        return _refused(N_("tệp không phải UTF-8; lưu lại với bảng mã UTF-8"))
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        return _refused(N_("không đọc được YAML ở dòng %(line)s: %(reason)s"), line=line, reason=error.problem or "")
    except (yaml.YAMLError, RecursionError, ValueError) as error:
        return _refused(N_("không đọc được YAML: %(reason)s"), reason=str(error)[:200])
    if not isinstance(document, Mapping) or not isinstance(document.get("items"), list) or not is_text(document.get("topic")):
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


def _item(raw: Any, topic: str) -> tuple[ItemDraft | None, list[Problem]]:
    """The item and what is wrong with the way it is written; what is wrong with the item itself is its own rule."""
    if not isinstance(raw, Mapping):
        return None, [Problem(N_("mục này không phải một câu hỏi"))]
    form = FORMS.get(raw["kind"]) if is_text(raw.get("kind")) else None
    problems = _field_problems(raw, form)
    if problems or form is None:
        return None, problems or [Problem(N_("không có loại câu hỏi “%(kind)s”"), {"kind": clean(raw["kind"])[:40]})]
    try:
        written = form.read(raw)
        picture = read_picture(raw)
    except WrittenWrongError as wrong:
        return None, [wrong.problem]
    return ItemDraft(
        code=raw["code"],
        topic=topic,
        kind=clean(raw["kind"]),
        level=clean(raw["level"]),
        stem=clean(raw["stem"]),
        body=written.body | picture,
        key=written.key,
        explanation=clean(raw["explanation"]),
        whys=written.whys,
        legal_basis=clean(raw["legal_basis"]) if raw.get("legal_basis") else None,
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        competency=clean(raw["competency"]) if raw.get("competency") else None,
        lesson=_ORDINAL.sub("", clean(raw["lesson"]), count=1) if raw.get("lesson") else None,
    ), []


def _field_problems(raw: Mapping[str, Any], form: Form | None) -> list[Problem]:
    problems = []
    allowed = OF_EVERY_KIND | (form.fields if form else raw.keys())
    if unknown := sorted(str(name) for name in raw if name not in allowed):
        problems.append(Problem(N_("không có trường “%(names)s”"), {"names": ", ".join(unknown)}))
    for name in ("code", "kind", "level", "stem", "explanation"):
        if not is_text(raw.get(name)):
            problems.append(Problem(N_("thiếu “%(name)s” (phải là chữ)"), {"name": name}))
    for name in ("competency", "lesson", "legal_basis"):
        if raw.get(name) is not None and not is_text(raw[name]):
            problems.append(Problem(N_("“%(name)s” phải là chữ"), {"name": name}))
    for name in ("valid_from", "valid_to"):
        if raw.get(name) is not None and type(raw[name]) is not date:
            problems.append(Problem(N_("“%(name)s” phải là ngày viết dạng 2026-07-01"), {"name": name}))
    if is_text(raw.get("code")) and not _CODE.fullmatch(raw["code"]):
        problems.append(Problem(N_("mã câu hỏi chỉ gồm chữ không dấu, số, dấu chấm và gạch nối")))
    return problems
