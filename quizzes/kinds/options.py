"""What the kinds with lists of authored options have in common."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Problem

MOST_OPTIONS = 12
# Ids stand in form fields, in answers before the sign “=” and in xAPI patterns.
ID = re.compile(r"[A-Za-z0-9_-]{1,20}")


def option_ids(body: Body, where: str = "options") -> list[str]:
    return [option["id"] for option in body.get(where, [])]


def authored_choices(body: Body, where: str = "options") -> tuple[Choice, ...]:
    return tuple(Choice(id=option["id"], text=option["text"]) for option in body[where])


def option_problems(body: Body, key: Answer) -> list[Problem]:
    """Faults of the options themselves and of a key that names options that are not there."""
    found = list_problems(body.get("options", []))
    ids = option_ids(body)
    if missing := [choice for choice in key if choice not in ids]:
        found.append(Problem(N_("đáp án %(missing)s không có trong các phương án"), {"missing": ", ".join(missing)}))
    if len(set(key)) < len(key):
        found.append(Problem(N_("đáp án bị lặp")))
    return found


def list_problems(options: Sequence[Mapping[str, Any]], most: int = MOST_OPTIONS) -> list[Problem]:
    """Faults of a list of things with `id` and `text`."""
    ids = [str(option.get("id", "")) for option in options]
    texts = [str(option.get("text", "")).strip() for option in options]
    found = []
    if not 2 <= len(ids) <= most:
        found.append(Problem(N_("cần từ 2 đến %(most)s phương án, đang có %(count)s"), {"most": most, "count": len(ids)}))
    if bad := [one for one in ids if not ID.fullmatch(one)]:
        found.append(Problem(N_("mã phương án “%(bad)s” chỉ được gồm chữ không dấu, số và gạch nối"), {"bad": ", ".join(bad)[:80]}))
    if len(set(ids)) < len(ids):
        found.append(Problem(N_("hai phương án trùng mã")))
    if not all(texts):
        found.append(Problem(N_("có phương án để trống")))
    elif len({text.casefold() for text in texts}) < len(texts):
        found.append(Problem(N_("hai phương án có cùng nội dung")))
    return found
