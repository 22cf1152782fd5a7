"""Running text with gaps, written `{{1}}`: each a list to choose from, words, or a number. The key names a gap once for every way of
being right: `["1=b", "2=Nghị định", "2=NĐ", "3=15"]`."""

from __future__ import annotations

import re
from collections.abc import Mapping
from fractions import Fraction
from typing import Any

from lms.kit.errors import N_
from quizzes.kinds import numbers, words
from quizzes.kinds.answers import SIGN, by_part, keyed, may_be_typed, scoring_of, scoring_problems, share_of
from quizzes.kinds.base import Answer, Body, Control, Part, Problem, Segment
from quizzes.kinds.options import ID, MOST_OPTIONS, authored_choices, list_problems, option_ids

GAP = re.compile(r"\{\{([A-Za-z0-9_-]{1,20})\}\}")
LIST, WORDS, NUMBER = "list", "text", "number"
_CONTROLS = {LIST: Control.LIST, WORDS: Control.TEXT, NUMBER: Control.NUMBER}


class Cloze:
    name = "cloze"
    interaction_type = "fill-in"
    shuffles_choices = True
    shuffles_parts = False
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        gaps = body.get("gaps", [])
        ids = [str(gap.get("id", "")) for gap in gaps]
        found = scoring_problems(body)
        if not 1 <= len(ids) <= MOST_OPTIONS or len(set(ids)) < len(ids) or not all(ID.fullmatch(one) for one in ids):
            found.append(Problem(N_("cần từ 1 đến %(most)s chỗ trống, mỗi chỗ một mã riêng"), {"most": MOST_OPTIONS}))
        if sorted(GAP.findall(str(body.get("text", "")))) != sorted(ids):
            found.append(Problem(N_("mỗi chỗ trống phải có đúng một dấu {{mã}} trong đoạn văn")))
        accepted = _accepted(key)
        if set(accepted) != set(ids):
            found.append(Problem(N_("mỗi chỗ trống cần đáp án của nó")))
        for gap in gaps:
            found += _gap_problems(gap, accepted.get(str(gap.get("id", "")), []))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        given = by_part(answer)
        gaps = _gaps(body)
        return given is not None and set(given) <= set(gaps) and all(_accepts(gaps[part], value) for part, value in given.items())

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return share_of(self.right_parts(body, key, answer).values(), scoring_of(body))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        given, accepted = keyed(answer), _accepted(key)
        return {part: part in given and _right(gap, given[part], accepted[part]) for part, gap in _gaps(body).items()}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        gaps = _gaps(body)
        return {
            part: [numbers.written(gaps[part], values[0])] if gaps[part]["kind"] == NUMBER else values
            for part, values in _accepted(key).items()
        }

    def parts(self, body: Body) -> list[Part]:
        return [
            Part(
                gap["id"],
                _CONTROLS[gap["kind"]],
                choices=authored_choices(gap) if gap["kind"] == LIST else (),
                unit=gap.get("unit"),
            )
            for gap in body["gaps"]
        ]

    def text(self, body: Body) -> list[Segment]:
        pieces = GAP.split(body["text"])
        return [(piece,) if place % 2 else piece for place, piece in enumerate(pieces) if piece]

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        given = keyed(answer)
        return "[,]".join(given.get(part, "") for part in _gaps(body))

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        accepted = _accepted(key)
        return ["{case_matters=false}" + "[,]".join(accepted[part][0] for part in _gaps(body))]


def _gaps(body: Body) -> dict[str, Mapping[str, Any]]:
    return {gap["id"]: gap for gap in body["gaps"]}


def _accepted(key: Answer) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in key:
        part, _sign, value = text.partition(SIGN)
        found.setdefault(part, []).append(value)
    return found


def _gap_problems(gap: Mapping[str, Any], accepted: list[str]) -> list[Problem]:
    kind = gap.get("kind")
    if kind == LIST:
        found = list_problems(gap.get("options", []))
        if len(accepted) != 1 or accepted[0] not in option_ids(gap):
            found.append(Problem(N_("chỗ trống chọn từ danh sách cần đúng một đáp án có trong danh sách")))
        return found
    if kind == WORDS:
        return words.word_problems(gap, accepted)
    if kind == NUMBER:
        return numbers.number_problems(gap, accepted[0] if len(accepted) == 1 else "")
    return [Problem(N_("loại chỗ trống phải là list, text hoặc number"))]


def _accepts(gap: Mapping[str, Any], value: str) -> bool:
    if gap["kind"] == LIST:
        return value in option_ids(gap)
    return may_be_typed(value, words.LONGEST if gap["kind"] == WORDS else numbers.LONGEST)


def _right(gap: Mapping[str, Any], value: str, accepted: list[str]) -> bool:
    if gap["kind"] == LIST:
        return value == accepted[0]
    if gap["kind"] == WORDS:
        return words.same(gap, value, accepted)
    return numbers.near(gap, accepted[0], numbers.typed_number(value))
