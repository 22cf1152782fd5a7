"""Where the keys of a paper stand, and how far that is from even."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from math import ceil

from quizzes.rules.assembly.limits import AssemblyLimits
from quizzes.rules.assembly.pool import is_letter

TRUE_FALSE = ("true", "false")
LEAST_ALLOWED = 2  # of two or three items two may well agree


def key_excess(keys: Mapping[str, int], limits: AssemblyLimits) -> int:
    """By how many items the keys of a paper are above what is allowed at one place. `keys`: class of key → items."""
    letters = [count for key, count in keys.items() if is_letter(key)]
    answers = [keys.get(key, 0) for key in TRUE_FALSE]
    return _excess(letters, limits.key_limit) + _excess(answers, limits.true_limit)


def _excess(counts: list[int], per_cent: int) -> int:
    allowed = max(LEAST_ALLOWED, ceil(sum(counts) * per_cent / 100))
    return sum(max(0, count - allowed) for count in counts)


def count_keys(keys: list[str | None]) -> Counter[str]:
    return Counter(key for key in keys if key is not None)
