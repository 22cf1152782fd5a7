"""A statement that is true or false. Its two options are ours and keep their places."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Problem

TRUE, FALSE = "true", "false"


class TrueFalse:
    name = "true_false"
    interaction_type = "true-false"
    multiple = False
    shuffles = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = []
        if body.get("options"):
            found.append(Problem(N_("câu đúng – sai không có phương án riêng")))
        if list(key) not in ([TRUE], [FALSE]):
            found.append(Problem(N_("đáp án của câu đúng – sai là true hoặc false")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return list(answer) in ([], [TRUE], [FALSE])

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(list(answer) == list(key))

    def choices(self, body: Body) -> list[Choice]:
        return [Choice(id=TRUE, text=N_("Đúng"), ours=True), Choice(id=FALSE, text=N_("Sai"), ours=True)]

    def response_pattern(self, answer: Answer) -> str:
        return "".join(answer)
