"""A question after the sitting, put in words: what was answered, what was right, and why."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext as _

from courses.queries import LessonLink
from quizzes.api import choice_text, picture_json
from quizzes.kinds import KINDS
from quizzes.kinds.answers import values_by_part
from quizzes.kinds.base import Answer, Control, Part
from quizzes.queries.attempts import Explained
from quizzes.queries.essays import EssayResult
from quizzes.rules.sitting import parts_for

TICKED = (Control.ONE, Control.SEVERAL)


@dataclass(frozen=True, slots=True)
class Row:
    """A part of a question: what was answered there, in words."""

    label: str
    given: str
    right: str
    is_right: bool


@dataclass(frozen=True, slots=True)
class Shown:
    """How a question with its key is shown: as a list of options, or part by part."""

    choices: list[dict[str, str]]
    rows: list[Row]
    whys: list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Line:
    """A question of the result page."""

    number: int
    question: Explained
    shown: Shown
    lesson: LessonLink | None
    picture: dict[str, Any] | None = None
    essay: EssayResult | None = None

    @property
    def right(self) -> bool:
        return self.question.points == 1

    @property
    def partly(self) -> bool:
        return self.question.points is not None and 0 < self.question.points < 1


def line_of(
    number: int,
    question: Explained,
    seed: int,
    lessons: Mapping[tuple[str, str], LessonLink],
    essay: EssayResult | None = None,
) -> Line:
    parts = parts_for(question.kind, question.body, seed, question.slot)
    return Line(
        number=number,
        question=question,
        shown=shown_with_key(question.kind, question.body, question.key, parts=parts, whys=question.whys, answer=question.answer),
        lesson=lessons.get((question.course or "", question.lesson or "")),
        picture=picture_json(question.body).get("picture"),
        essay=essay,
    )


def shown_with_key(
    kind: str, body: dict[str, Any], key: Answer, *, parts: Sequence[Part], whys: Mapping[str, str], answer: Answer | None = None
) -> Shown:
    """The question with its key; with `answer`, only the reasons that concern what was answered or is right."""
    rules = KINDS[kind]
    if len(parts) == 1 and parts[0].control in TICKED:
        choices = [{"id": choice.id, "text": choice_text(choice)} for choice in parts[0].choices]
        told = {choice.id for choice in parts[0].choices} if answer is None else {*answer, *key}
        return Shown(choices, [], [(one["text"], whys[one["id"]]) for one in choices if one["id"] in told and one["id"] in whys])
    given, right = values_by_part(parts, answer or []), rules.right_values(body, key)
    verdicts = rules.right_parts(body, key, answer or [])
    rows = [
        Row(
            label=_label(part),
            given=_in_words(part, given.get(part.id, [])),
            right=_in_words(part, right.get(part.id, [])),
            is_right=verdicts[part.id],
        )
        for part in parts
    ]
    return Shown([], rows, [(_label(part), whys[part.id]) for part in parts if part.id in whys])


def _label(part: Part) -> str:
    if part.label:
        return str(_(part.label)) if part.ours else part.label
    return str(_("Chỗ trống %(id)s", id=part.id)) if part.id else ""


def _in_words(part: Part, values: Sequence[str]) -> str:
    texts = {choice.id: choice_text(choice) for choice in part.choices}
    said = [texts.get(value, value) for value in values]
    return str(_(" hoặc ")).join(said)
