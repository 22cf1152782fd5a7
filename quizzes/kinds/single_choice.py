"""One right option among several."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Problem
from quizzes.kinds.options import authored_choices, option_ids, option_problems


class SingleChoice:
    name = "single_choice"
    interaction_type = "choice"
    multiple = False
    shuffles = True

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = option_problems(body, key)
        if len(key) != 1:
            found.append(Problem(N_("câu một lựa chọn cần đúng một đáp án, đang có %(count)s"), {"count": len(key)}))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(answer) <= 1 and all(choice in option_ids(body) for choice in answer)

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(list(answer) == list(key))

    def choices(self, body: Body) -> list[Choice]:
        return authored_choices(body)

    def response_pattern(self, answer: Answer) -> str:
        return "".join(answer)
