"""Pairs: each premise goes with one option; an option may serve several premises or none."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.answers import by_part, keyed, pattern, scoring_of, scoring_problems, share_of
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Segment
from quizzes.kinds.options import authored_choices, list_problems, option_ids


class Matching:
    name = "matching"
    interaction_type = "matching"
    shuffles_choices = True
    shuffles_parts = True
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = list_problems(body.get("premises", [])) + list_problems(body.get("options", [])) + scoring_problems(body)
        right = by_part(key)
        if right is None or set(right) != set(option_ids(body, "premises")):
            found.append(Problem(N_("mỗi vế trái cần đúng một đáp án")))
        elif not set(right.values()) <= set(option_ids(body)):
            found.append(Problem(N_("đáp án ghép với một vế phải không có")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        given = by_part(answer)
        return given is not None and set(given) <= set(option_ids(body, "premises")) and set(given.values()) <= set(option_ids(body))

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return share_of(self.right_parts(body, key, answer).values(), scoring_of(body))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        given = keyed(answer)
        return {part: given.get(part) == value for part, value in keyed(key).items()}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {part: [value] for part, value in keyed(key).items()}

    def parts(self, body: Body) -> list[Part]:
        choices = authored_choices(body)
        return [Part(one["id"], Control.LIST, one["text"], choices) for one in body["premises"]]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return pattern(keyed(answer))

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return [pattern(keyed(key))]
