"""One right option among several."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Segment
from quizzes.kinds.options import authored_choices, option_ids, option_problems


class SingleChoice:
    name = "single_choice"
    interaction_type = "choice"
    shuffles_choices = True
    shuffles_parts = False
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = option_problems(body, key)
        if len(key) != 1:
            found.append(Problem(N_("câu một lựa chọn cần đúng một đáp án, đang có %(count)s"), {"count": len(key)}))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(answer) <= 1 and all(choice in option_ids(body) for choice in answer)

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(list(answer) == list(key))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        return {"": self.mark(body, key, answer) == 1}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {"": list(key)}

    def parts(self, body: Body) -> list[Part]:
        return [Part("", Control.ONE, choices=authored_choices(body))]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return option_ids(body)

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "".join(answer)

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return ["".join(key)]
