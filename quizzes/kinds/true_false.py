"""A statement that is true or false. Its two options are ours and keep their places."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Control, Part, Problem, Segment

TRUE, FALSE = "true", "false"
TRUE_OR_FALSE = (Choice(id=TRUE, text=N_("Đúng"), ours=True), Choice(id=FALSE, text=N_("Sai"), ours=True))


class TrueFalse:
    name = "true_false"
    interaction_type = "true-false"
    shuffles_choices = False
    shuffles_parts = False
    marked_by_hand = False

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

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        return {"": self.mark(body, key, answer) == 1}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {"": list(key)}

    def parts(self, body: Body) -> list[Part]:
        return [Part("", Control.ONE, choices=TRUE_OR_FALSE)]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "".join(answer)

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return ["".join(key)]
