"""An answer in the person's own words, marked by people along a rubric: criteria with the points each can earn.

`guidance` is for those who mark. `markers`: how many people mark each answer, one or two who do not see each other's points.
"""

from __future__ import annotations

from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.answers import may_be_typed
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Segment
from quizzes.kinds.options import ID, MOST_OPTIONS

LONGEST = 20_000
MOST_POINTS = 100


class Essay:
    name = "essay"
    interaction_type = "long-fill-in"
    shuffles_choices = False
    shuffles_parts = False
    marked_by_hand = True

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        rubric = body.get("rubric", [])
        ids = [str(criterion.get("id", "")) for criterion in rubric]
        found = []
        if key:
            found.append(Problem(N_("câu tự luận không có đáp án; hướng dẫn chấm nằm ở các tiêu chí (rubric)")))
        if not 1 <= len(ids) <= MOST_OPTIONS or len(set(ids)) < len(ids) or not all(ID.fullmatch(one) for one in ids):
            found.append(Problem(N_("cần từ 1 đến %(most)s tiêu chí chấm, mỗi tiêu chí một mã riêng"), {"most": MOST_OPTIONS}))
        if not all(str(one.get("text", "")).strip() and _is_points(one.get("points")) for one in rubric):
            found.append(Problem(N_("mỗi tiêu chí cần nội dung và số điểm nguyên từ 1 đến %(most)s"), {"most": MOST_POINTS}))
        if body.get("markers", 1) not in (1, 2):
            found.append(Problem(N_("số người chấm mỗi bài (markers) là 1 hoặc 2")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        return len(answer) <= 1 and all(may_be_typed(text, LONGEST) for text in answer)

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(0)  # until people have marked it; their share is kept with the answer

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        return {"": False}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        return {"": []}

    def parts(self, body: Body) -> list[Part]:
        return [Part("", Control.LONG_TEXT, N_("Bài viết"), longest=LONGEST, ours=True)]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        return "".join(answer)

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return []


def _is_points(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= MOST_POINTS
