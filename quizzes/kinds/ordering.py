"""Steps to be put in order. Each step is given its place, so that an order half made is kept and needs no dragging.

In parts, what follows what counts: an order that is right but for one step moved keeps the point of all other neighbours.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise

from lms.kit.errors import N_
from quizzes.kinds.answers import by_part, keyed, scoring_of, scoring_problems, share_of
from quizzes.kinds.base import Answer, Body, Choice, Control, Part, Problem, Segment
from quizzes.kinds.options import list_problems, option_ids


class Ordering:
    name = "ordering"
    interaction_type = "sequencing"
    shuffles_choices = False
    shuffles_parts = True
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        found = list_problems(body.get("steps", [])) + scoring_problems(body)
        places = by_part(key)
        ids = option_ids(body, "steps")
        if places is None or set(places) != set(ids) or set(places.values()) != set(_places(body)):
            found.append(Problem(N_("đáp án cần đủ các bước, mỗi bước một vị trí khác nhau từ 1 đến %(count)s"), {"count": len(ids)}))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        given = by_part(answer)
        return given is not None and set(given) <= set(option_ids(body, "steps")) and set(given.values()) <= set(_places(body))

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        right, given = _in_order(key), _in_order(answer)
        if sorted(given) != sorted(right) or len(set(keyed(answer).values())) < len(given):
            return Fraction(0)
        neighbours = set(pairwise(given))
        return share_of([pair in neighbours for pair in pairwise(right)], scoring_of(body))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        given = keyed(answer)
        return {part: given.get(part) == value for part, value in keyed(key).items()}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {part: [value] for part, value in keyed(key).items()}

    def parts(self, body: Body) -> list[Part]:
        choices = tuple(Choice(place, place) for place in _places(body))
        return [Part(one["id"], Control.LIST, one["text"], choices) for one in body["steps"]]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "[,]".join(_in_order(answer))

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return ["[,]".join(_in_order(key))]


def _places(body: Body) -> list[str]:
    return [str(place) for place in range(1, len(body.get("steps", [])) + 1)]


def _in_order(answer: Answer) -> list[str]:
    return [step for step, _place in sorted(keyed(answer).items(), key=lambda one: (int(one[1]), one[0]))]
