"""Several right options. All or nothing; or a share for each right one, wrong ones counting for nothing or taking a share back.

With shares, ticking everything must not pay: under `partial` a tick too many than there are right options earns nothing at all, under
`penalty` each wrong tick takes the share of one wrong option back.
"""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.answers import scoring_of, scoring_problems
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Scoring, Segment
from quizzes.kinds.options import authored_choices, option_ids, option_problems


class MultipleChoice:
    name = "multiple_choice"
    interaction_type = "choice"
    shuffles_choices = True
    shuffles_parts = False
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = option_problems(body, key) + scoring_problems(body, Scoring)
        if not key:
            found.append(Problem(N_("câu nhiều lựa chọn cần ít nhất một đáp án")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(set(answer)) == len(answer) and set(answer) <= set(option_ids(body))

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        ticked, right = set(answer), set(key)
        scoring = scoring_of(body)
        if scoring is Scoring.ALL or ticked == right:
            return Fraction(ticked == right)
        earned = Fraction(len(ticked & right), len(right))
        if scoring is Scoring.PARTIAL:
            return earned if len(ticked) <= len(right) else Fraction(0)
        wrong = len(option_ids(body)) - len(right)
        return max(Fraction(0), earned - Fraction(len(ticked - right), wrong)) if wrong else earned

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        return {"": self.mark(body, key, answer) == 1}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {"": list(key)}

    def parts(self, body: Body) -> list[Part]:
        return [Part("", Control.SEVERAL, choices=authored_choices(body))]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return option_ids(body)

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "[,]".join(sorted(answer))

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return ["[,]".join(sorted(key))]
