"""Several right options; the point is earned by exactly the right set, whatever the order of ticking."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Problem
from quizzes.kinds.options import authored_choices, option_ids, option_problems


class MultipleChoice:
    name = "multiple_choice"
    interaction_type = "choice"
    multiple = True
    shuffles = True

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = option_problems(body, key)
        if not key:
            found.append(Problem(N_("câu nhiều lựa chọn cần ít nhất một đáp án")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(set(answer)) == len(answer) and set(answer) <= set(option_ids(body))

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(set(answer) == set(key))

    def choices(self, body: Body) -> list[Choice]:
        return authored_choices(body)

    def response_pattern(self, answer: Answer) -> str:
        return "[,]".join(sorted(answer))
