"""What the kinds with a list of authored options have in common."""

from __future__ import annotations

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Problem

MOST_OPTIONS = 12


def option_ids(body: Body) -> list[str]:
    return [option["id"] for option in body.get("options", [])]


def authored_choices(body: Body) -> list[Choice]:
    return [Choice(id=option["id"], text=option["text"]) for option in body["options"]]


def option_problems(body: Body, key: Answer) -> list[Problem]:
    """Faults of the options themselves and of a key that names options that are not there."""
    ids = option_ids(body)
    texts = [option.get("text", "").strip() for option in body.get("options", [])]
    found = []
    if not 2 <= len(ids) <= MOST_OPTIONS:
        found.append(Problem(N_("cần từ 2 đến %(most)s phương án, đang có %(count)s"), {"most": MOST_OPTIONS, "count": len(ids)}))
    if len(set(ids)) < len(ids):
        found.append(Problem(N_("hai phương án trùng mã")))
    if not all(texts):
        found.append(Problem(N_("có phương án để trống")))
    elif len({text.casefold() for text in texts}) < len(texts):
        found.append(Problem(N_("hai phương án có cùng nội dung")))
    if missing := [choice for choice in key if choice not in ids]:
        found.append(Problem(N_("đáp án %(missing)s không có trong các phương án"), {"missing": ", ".join(missing)}))
    if len(set(key)) < len(key):
        found.append(Problem(N_("đáp án bị lặp")))
    return found
