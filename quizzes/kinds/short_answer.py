"""A word or a short phrase, compared as Vietnamese is written."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds import words
from quizzes.kinds.answers import may_be_typed
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Segment


class ShortAnswer:
    name = "short_answer"
    interaction_type = "fill-in"
    shuffles_choices = False
    shuffles_parts = False
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        return words.word_problems(body, list(key))

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(answer) <= 1 and all(may_be_typed(text, words.LONGEST) for text in answer)

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(bool(answer) and words.same(body, answer[0], key))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        return {"": self.mark(body, key, answer) == 1}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {"": list(key)}

    def parts(self, body: Body) -> list[Part]:
        return [Part("", Control.TEXT, N_("Câu trả lời"), ours=True)]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "".join(answer)

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return [f"{{case_matters=false}}{text}" for text in key]
