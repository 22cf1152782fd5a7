"""Reading what people have to mark. Who wrote an answer is never among it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound, Scope
from quizzes.models import Attempt, EssayAnswer, EssayMark, FormSlot, ItemVersion, Response, Round
from quizzes.rules.essays import EssayState, Given, may_mark

CANDIDATES = 20


@dataclass(frozen=True, slots=True)
class Progress:
    """How far the marking of a round is: answers by whose turn it is."""

    round_code: str
    title: str
    first: int
    second: int
    third: int
    done: int

    @property
    def total(self) -> int:
        return self.first + self.second + self.third + self.done


@dataclass(frozen=True, slots=True)
class ToMark:
    """An answer as those see it who mark. `given`: the marks two people gave, shown only to the one who decides between them."""

    id: UUID
    round_code: str
    title: str
    state: EssayState
    stem: str
    body: dict[str, Any]
    answer: str
    given: tuple[Given, ...]

    @property
    def rubric(self) -> list[dict[str, Any]]:
        return self.body["rubric"]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class Criterion:
    """What an answer earned for one criterion."""

    text: str
    points: Fraction
    most: int


@dataclass(frozen=True, slots=True)
class EssayResult:
    """A marked answer as its writer sees it."""

    criteria: list[Criterion]
    comments: list[str]


def _waiting() -> ColumnElement[bool]:
    return EssayAnswer.state != EssayState.DONE


def essays_waiting(session: Session, _scope: Scope, _at: datetime) -> int:
    """How many answers wait for somebody."""
    return session.scalar(select(func.count()).select_from(EssayAnswer).where(_waiting())) or 0


def marking_progress(session: Session, round_code: str | None = None) -> list[Progress]:
    """Rounds with answers to be marked, the latest first."""

    def count(state: EssayState) -> ColumnElement[int]:
        return func.count().filter(EssayAnswer.state == state)

    statement = (
        select(Round.code, Round.title, *(count(state) for state in EssayState))
        .join(EssayAnswer, EssayAnswer.round_id == Round.id)
        .group_by(Round.id, Round.code, Round.title, Round.opens_at)
        .order_by(Round.opens_at.desc(), Round.code)
    )
    if round_code is not None:
        statement = statement.where(Round.code == round_code)
    return [Progress(*tuple(row)) for row in session.execute(statement)]


def next_essays(session: Session, round_code: str, person_id: UUID | None) -> list[UUID]:
    """Some answers this person may mark now, those waiting for a decision first. Several, so that two people who mark at once can be
    given different ones."""
    mine = select(EssayMark.essay_id).where(EssayMark.marker_id == person_id)
    statement = (
        select(EssayAnswer.id)
        .join(Attempt, Attempt.id == EssayAnswer.attempt_id)
        .join(Round, Round.id == EssayAnswer.round_id)
        .where(Round.code == round_code, _waiting(), Attempt.person_id != person_id, EssayAnswer.id.not_in(mine))
        .order_by(EssayAnswer.state.desc(), EssayAnswer.id)
        .limit(CANDIDATES)
    )
    return list(session.scalars(statement))


def essay_to_mark(session: Session, essay_id: UUID, person_id: UUID | None) -> ToMark:
    """An answer for one who may mark it now. Raises NotFound for one's own, one marked by this person before, and one that is done."""
    row = session.execute(
        select(
            EssayAnswer.id,
            Round.code,
            Round.title,
            EssayAnswer.state,
            ItemVersion.stem,
            ItemVersion.body,
            Response.answer,
            Attempt.person_id,
        )
        .join(Attempt, Attempt.id == EssayAnswer.attempt_id)
        .join(Round, Round.id == EssayAnswer.round_id)
        .join(FormSlot, (FormSlot.form_id == Attempt.form_id) & (FormSlot.slot == EssayAnswer.slot))
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .join(Response, (Response.attempt_id == Attempt.id) & (Response.slot == EssayAnswer.slot))
        .where(EssayAnswer.id == essay_id, _waiting())
    ).one_or_none()
    given = marks_given(session, essay_id)
    if row is None or not may_mark(person_id, row.person_id, [one.marker_id for one in given]):
        raise NotFound
    state = EssayState(row.state)
    return ToMark(
        id=row.id,
        round_code=row.code,
        title=row.title,
        state=state,
        stem=row.stem,
        body=row.body,
        answer="".join(row.answer),
        given=tuple(given) if state == EssayState.THIRD else (),
    )


def is_done(session: Session, essay_id: UUID) -> bool:
    return session.scalar(select(EssayAnswer.state).where(EssayAnswer.id == essay_id)) == EssayState.DONE


def marks_given(session: Session, essay_id: UUID) -> list[Given]:
    """What people gave for an answer, in the order of their places."""
    rows = session.execute(
        select(EssayMark.place, EssayMark.marker_id, EssayMark.share, EssayMark.points, EssayMark.comment)
        .where(EssayMark.essay_id == essay_id)
        .order_by(EssayMark.place)
    )
    return [Given(*row) for row in rows]


def essay_results(session: Session, attempt_id: UUID, rubrics: Mapping[int, list[dict[str, Any]]]) -> dict[int, EssayResult]:
    """What the marked answers of an attempt earned by criterion, by slot: the decision where there was one, else the mean of the marks."""
    rows = session.execute(
        select(EssayAnswer.slot, EssayMark.place, EssayMark.points, EssayMark.comment)
        .join(EssayMark, EssayMark.essay_id == EssayAnswer.id)
        .where(EssayAnswer.attempt_id == attempt_id, EssayAnswer.state == EssayState.DONE)
        .order_by(EssayAnswer.slot, EssayMark.place)
    )
    marks: dict[int, list[Any]] = defaultdict(list)
    for row in rows:
        marks[row.slot].append(row)
    found = {}
    for slot, given in marks.items():
        counting = given[2:] or given
        criteria = [
            Criterion(one["text"], Fraction(sum(mark.points[one["id"]] for mark in counting), len(counting)), one["points"])
            for one in rubrics.get(slot, [])
        ]
        found[slot] = EssayResult(criteria, [mark.comment for mark in counting if mark.comment])
    return found
