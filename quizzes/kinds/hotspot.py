"""A place on a picture. The places are marked with letters and named, so that the question can be answered by keyboard, by ear and
without JavaScript as well as by pointing. `spots` are the places: each an id, a text, a shape and its coordinates."""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.base import Answer, Body, Choice, Control, Part, Problem, Segment
from quizzes.kinds.options import list_problems, option_ids
from quizzes.kinds.pictures import LETTERS, picture_problems, shape_problems


class Hotspot:
    name = "hotspot"
    interaction_type = "choice"
    shuffles_choices = False
    shuffles_parts = False
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        spots = body.get("spots", [])
        found = list_problems(spots)
        if not body.get("picture"):
            found.append(Problem(N_("câu chọn vùng trên hình cần một hình")))
        elif not picture_problems(body):  # what is wrong with the picture itself is told for items of every kind
            found += shape_problems(body, spots)
        if len(key) != 1 or key[0] not in [spot.get("id") for spot in spots]:
            found.append(Problem(N_("cần đúng một vùng đáp án có trên hình")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(answer) <= 1 and all(spot in option_ids(body, "spots") for spot in answer)

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(list(answer) == list(key))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        return {"": self.mark(body, key, answer) == 1}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {"": list(key)}

    def parts(self, body: Body) -> list[Part]:
        choices = tuple(Choice(spot["id"], f"{LETTERS[number]}. {spot['text']}") for number, spot in enumerate(body["spots"]))
        return [Part("", Control.ONE, choices=choices)]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return option_ids(body, "spots")

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "".join(answer)

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return ["".join(key)]
