"""Words as people type them, and when they are the same: case, spacing and where a tone is written never matter (hòa, hoà); an item
may say that diacritics do not matter either."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from lms.kit.errors import N_
from lms.kit.vietnamese import clean, fold, same_name_key
from quizzes.kinds.base import Problem

LONGEST = 200
MOST = 20
KEPT, IGNORED = "kept", "ignored"
_ENDS = " .,;:!?…\"'“”‘’()[]"


def same(spec: Mapping[str, Any], typed: str, accepted: Iterable[str]) -> bool:
    form = fold if spec.get("diacritics", KEPT) == IGNORED else same_name_key
    wanted = form(clean(typed).strip(_ENDS))
    return bool(wanted) and any(wanted == form(clean(text).strip(_ENDS)) for text in accepted)


def word_problems(spec: Mapping[str, Any], accepted: list[str]) -> list[Problem]:
    """What makes a part to be filled with words unusable."""
    found = []
    if not 1 <= len(accepted) <= MOST or not all(clean(text).strip(_ENDS) for text in accepted):
        found.append(Problem(N_("cần từ 1 đến %(most)s cách trả lời được chấp nhận, không để trống"), {"most": MOST}))
    if any(len(text) > LONGEST for text in accepted):
        found.append(Problem(N_("đáp án dài nhất %(longest)s ký tự"), {"longest": LONGEST}))
    if spec.get("diacritics", KEPT) not in (KEPT, IGNORED):
        found.append(Problem(N_("“diacritics” phải là kept hoặc ignored")))
    return found
