"""A number with a tolerance. Its unit is fixed and shown, or chosen among several that convert into one another."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

from lms.kit.errors import N_
from quizzes.kinds.answers import by_part, keyed, may_be_typed
from quizzes.kinds.base import Answer, Body, Choice, Control, Part, Problem, Segment
from quizzes.kinds.numbers import LONGEST, bounds, exact, near, number_problems, typed_number, written
from quizzes.kinds.options import list_problems, option_ids

VALUE, UNIT = "value", "unit"


class Numeric:
    """With `units` (each an id, a text and a factor to the unit of the key) the answer has two parts, value and unit."""

    name = "numeric"
    interaction_type = "numeric"
    shuffles_choices = False
    shuffles_parts = False
    marked_by_hand = False

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        if len(key) != 1:
            return [Problem(N_("câu điền số cần đúng một đáp án"))]
        found = number_problems(body, key[0])
        if units := body.get("units"):
            found += list_problems(units)
            factors = [exact(str(unit.get("factor", ""))) for unit in units]
            if not all(factor is not None and factor > 0 for factor in factors):
                found.append(Problem(N_("mỗi đơn vị cần một hệ số quy đổi (factor) lớn hơn 0")))
            elif 1 not in factors:
                found.append(Problem(N_("đáp án tính theo đơn vị có hệ số 1; chưa có đơn vị nào như vậy")))
        return found

    def accepts(self, body: Body, answer: Answer) -> bool:
        if not body.get("units"):
            return len(answer) <= 1 and all(may_be_typed(text, LONGEST) for text in answer)
        given = by_part(answer)
        if given is None or not set(given) <= {VALUE, UNIT}:
            return False
        return may_be_typed(given.get(VALUE, ""), LONGEST) and (UNIT not in given or given[UNIT] in option_ids(body, "units"))

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        return Fraction(near(body, key[0], self._value(body, answer)))

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        right = self.mark(body, key, answer) == 1
        return {part.id: right for part in self.parts(body)}

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        if not body.get("units"):
            return {"": [written(body, key[0])]}
        return {VALUE: [written(body, key[0])], UNIT: [unit["id"] for unit in body["units"] if Decimal(str(unit["factor"])) == 1]}

    def parts(self, body: Body) -> list[Part]:
        if units := body.get("units"):
            choices = tuple(Choice(unit["id"], unit["text"]) for unit in units)
            return [Part(VALUE, Control.NUMBER, N_("Giá trị"), ours=True), Part(UNIT, Control.LIST, N_("Đơn vị tính"), choices, ours=True)]
        return [Part("", Control.NUMBER, N_("Giá trị"), unit=body.get("unit"), ours=True)]

    def text(self, body: Body) -> list[Segment]:
        return []

    def to_be_explained(self, body: Body) -> list[str]:
        return []

    def response_pattern(self, body: Body, answer: Answer) -> str:
        value = self._value(body, answer)
        return "" if value is None else f"{value.normalize():f}"

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        return ["[:]".join(bounds(body, key[0]))]

    def _value(self, body: Body, answer: Answer) -> Decimal | None:
        """What was answered in the unit of the key; None while a part is missing or is no number."""
        if not answer:
            return None
        if not body.get("units"):
            return typed_number(answer[0])
        given = keyed(answer)
        value = typed_number(given.get(VALUE, ""))
        factors = {unit["id"]: Decimal(str(unit["factor"])) for unit in body["units"]}
        return value * factors[given[UNIT]] if value is not None and UNIT in given else None
