"""Several statements about one situation, each true or false."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.answers import by_part, keyed, pattern, scoring_of, scoring_problems, share_of
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Segment
from quizzes.kinds.options import list_problems, option_ids
from quizzes.kinds.true_false import FALSE, TRUE, TRUE_OR_FALSE


class StatementGroup:
    name = "statement_group"
    interaction_type = "matching"
    shuffles_choices = False
    shuffles_parts = True
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = list_problems(body.get("statements", [])) + scoring_problems(body)
        right = by_part(key)
        if right is None or set(right) != set(option_ids(body, "statements")) or not set(right.values()) <= {TRUE, FALSE}:
            found.append(Problem(N_("mỗi nhận định cần đúng một đáp án: true hoặc false")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        given = by_part(answer)
        return given is not None and set(given) <= set(option_ids(body, "statements")) and set(given.values()) <= {TRUE, FALSE}

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return share_of(self.right_parts(body, key, answer).values(), scoring_of(body))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        given = keyed(answer)
        return {part: given.get(part) == value for part, value in keyed(key).items()}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {part: [value] for part, value in keyed(key).items()}

    def parts(self, body: Body) -> list[Part]:
        return [Part(one["id"], Control.ONE, one["text"], TRUE_OR_FALSE) for one in body["statements"]]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return option_ids(body, "statements")

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return pattern(keyed(answer))

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return [pattern(keyed(key))]
