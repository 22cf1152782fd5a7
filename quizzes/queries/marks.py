"""Marks that stand: the first one, or what superseded it. Whoever shows or counts a mark asks here.

select(Attempt.id, standing_score, standing_passed).outerjoin(Regrade, is_standing())
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.kit.actors import NotFound
from quizzes.kinds import KINDS
from quizzes.models import Attempt, Form, FormSlot, ItemVersion, Regrade, Response, Round, Ruling, RulingExcept
from quizzes.rules.marking import Candidate, CauseKind, InForce, RulingKind, points_from_store
from quizzes.rules.sitting import AttemptState, Marked

standing_score: ColumnElement[Decimal] = func.coalesce(Regrade.score, Attempt.score)
standing_passed: ColumnElement[bool] = func.coalesce(Regrade.passed, Attempt.passed)


def is_standing() -> ColumnElement[bool]:
    """The condition that joins an attempt (outer) with the later mark that stands for it; most have none."""
    return and_(Regrade.attempt_id == Attempt.id, Regrade.superseded_by.is_(None))


def holds(as_if: UUID | None = None) -> ColumnElement[bool]:
    """Is a ruling approved and not withdrawn since? `as_if`: a proposed one that is to be looked at as if it were approved."""
    later = aliased(Ruling)
    withdrawn = exists().where(later.withdraws_id == Ruling.id, _approved(later, as_if))
    return and_(_approved(Ruling, as_if), Ruling.kind != RulingKind.WITHDRAWAL, ~withdrawn)


def _approved(ruling: Any, as_if: UUID | None) -> ColumnElement[bool]:
    approved: ColumnElement[bool] = ruling.state == "approved"
    return approved if as_if is None else or_(approved, ruling.id == as_if)


def concerns_round() -> ColumnElement[bool]:
    """Does a ruling reach a round? Its own; one for all rounds those whose results were not locked when it was approved, and while it is
    proposed those that are not locked now."""
    left_out = exists().where(RulingExcept.ruling_id == Ruling.id, RulingExcept.round_id == Round.id)
    of_all = or_(and_(Ruling.state == "approved", ~left_out), and_(Ruling.state != "approved", Round.locked_at.is_(None)))
    return or_(Ruling.round_id == Round.id, and_(Ruling.round_id.is_(None), of_all))


def rulings_of_forms(session: Session, forms: Collection[UUID], as_if: UUID | None = None) -> dict[UUID, dict[int, list[InForce]]]:
    """The rulings that hold, by form and slot, in the order in which they were approved; `as_if` would be the last of them."""
    rows = session.execute(
        select(FormSlot.form_id, FormSlot.slot, Ruling.kind, Ruling.key, Ruling.reason)
        .join(Form, Form.id == FormSlot.form_id)
        .join(Round, Round.id == Form.round_id)
        .join(Ruling, and_(Ruling.item_version_id == FormSlot.item_version_id, concerns_round()))
        .where(FormSlot.form_id.in_(forms), holds(as_if))
        .order_by(Ruling.decided_at.is_(None), Ruling.decided_at, Ruling.id)
    )
    found: dict[UUID, dict[int, list[InForce]]] = defaultdict(lambda: defaultdict(list))
    for form_id, slot, *ruled in rows:
        found[form_id][slot].append(InForce(*ruled))
    return found


def has_ruling() -> ColumnElement[bool]:
    """Was an item version ever ruled on? Cheap to ask for each question of a paper: hardly any was."""
    return exists().where(Ruling.item_version_id == ItemVersion.id, Ruling.state == "approved")


@dataclass(frozen=True, slots=True)
class Standing:
    """The mark of an attempt that stands, with what it was made of. `points` by slot is empty where it is still the first mark."""

    score: Decimal
    passed: bool
    regrade_id: UUID | None
    points: dict[int, Fraction]
    given: dict[int, Fraction]
    answers: dict[int, list[str]]


@dataclass(frozen=True, slots=True)
class ToMark:
    """A finished attempt with its paper as it is to be marked now, and the mark that stands."""

    id: UUID
    person_id: UUID
    number: int
    counts: bool
    submitted_at: datetime
    pass_mark: Decimal
    standing: Standing
    paper: list[Marked]


def attempts_to_mark(session: Session, attempt_ids: Sequence[UUID], as_if: UUID | None = None) -> list[ToMark]:
    """Finished attempts with all that their mark is made of: keys, rulings that hold (`as_if`: one more, proposed), answers that count,
    points people gave. Attempts that have no mark yet are left out. Four queries for any number."""
    attempts = session.execute(
        select(
            Attempt.id,
            Attempt.person_id,
            Attempt.number,
            Attempt.counts,
            Attempt.submitted_at,
            Round.pass_mark,
            Attempt.form_id,
            standing_score.label("score"),
            standing_passed.label("passed"),
            Regrade.id.label("regrade_id"),
            Regrade.points,
            Regrade.given,
            Regrade.answers,
        )
        .join(Round, Round.id == Attempt.round_id)
        .outerjoin(Regrade, is_standing())
        .where(Attempt.id.in_(attempt_ids), Attempt.score.is_not(None))
        .order_by(Attempt.id)
    ).all()
    papers = papers_of_forms(session, {row.form_id for row in attempts}, as_if)
    responses: dict[UUID, dict[int, Any]] = defaultdict(dict)
    for row in session.execute(
        select(Response.attempt_id, Response.slot, Response.answer, Response.points).where(Response.attempt_id.in_(attempt_ids))
    ):
        responses[row.attempt_id][row.slot] = row
    found = []
    for row in attempts:
        standing = Standing(
            score=row.score,
            passed=row.passed,
            regrade_id=row.regrade_id,
            points=points_from_store(row.points or {}),
            given=points_from_store(row.given or {}),
            answers={int(slot): list(answer) for slot, answer in (row.answers or {}).items()},
        )
        paper = answered(papers[row.form_id], responses[row.id], standing)
        found.append(ToMark(row.id, row.person_id, row.number, row.counts, row.submitted_at, row.pass_mark, standing, paper))
    return found


def papers_of_forms(session: Session, forms: Collection[UUID], as_if: UUID | None = None) -> dict[UUID, list[Marked]]:
    """The questions of forms with keys and the rulings that hold, without answers; two queries."""
    rows = session.execute(
        select(FormSlot.form_id, FormSlot.slot, ItemVersion.kind, ItemVersion.body, ItemVersion.key)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(FormSlot.form_id.in_(forms))
        .order_by(FormSlot.form_id, FormSlot.slot)
    ).all()
    rulings = rulings_of_forms(session, forms, as_if) if forms else {}
    papers: dict[UUID, list[Marked]] = {}
    for form_id, slot, kind, body, key in rows:
        papers.setdefault(form_id, []).append(Marked(slot, kind, body, key, [], tuple(rulings.get(form_id, {}).get(slot, ()))))
    return papers


def answered(paper: Iterable[Marked], responses: Mapping[int, Any], standing: Standing) -> list[Marked]:
    """A paper with the answers that count, and the points people gave: those of a decision, else those an essay was first marked with."""
    filled = []
    for question in paper:
        response = responses.get(question.slot)
        given = standing.given.get(question.slot)
        if given is None and KINDS[question.kind].marked_by_hand and response is not None and response.points is not None:
            given = Fraction(response.points)
        answer = standing.answers.get(question.slot) or (response.answer if response is not None else [])
        filled.append(Marked(question.slot, question.kind, question.body, question.key, list(answer), question.rulings, given))
    return filled


def candidates(session: Session, round_id: UUID, people: Collection[UUID]) -> dict[UUID, list[Candidate]]:
    """The marked attempts of people at a round that count for anything, with the marks that stand."""
    rows: Iterable[Any] = session.execute(
        select(Attempt.person_id, Attempt.id, Attempt.number, standing_score, standing_passed, Attempt.submitted_at)
        .outerjoin(Regrade, is_standing())
        .where(
            Attempt.round_id == round_id,
            Attempt.person_id.in_(people),
            Attempt.counts,
            Attempt.state.in_((AttemptState.SUBMITTED, AttemptState.EXPIRED)),
        )
    )
    found: dict[UUID, list[Candidate]] = defaultdict(list)
    for person_id, *values in rows:
        found[person_id].append(Candidate(*values))
    return dict(found)


def regrade(session: Session, regrade_id: UUID) -> Regrade:
    """A later mark, whether it still stands or not. Raises NotFound."""
    row = session.get(Regrade, regrade_id)
    if row is None:
        raise NotFound
    return row


@dataclass(frozen=True, slots=True)
class MarkChange:
    """A later mark as the person reads it: when, why, what it was before and what it became."""

    at: datetime
    cause: str
    reason: str
    before: Decimal
    after: Decimal
    passed_before: bool
    passed_after: bool


def told(changes: Iterable[MarkChange], *, keys_are_secret: bool) -> list[MarkChange]:
    """What the person may read of them while others still sit: why an item was ruled on would tell its key, so the reason is left out."""
    return [replace(one, reason="") if keys_are_secret and one.cause == CauseKind.RULING else one for one in changes]


def history_of_mark(session: Session, attempt_id: UUID) -> list[MarkChange]:
    """The changes of an attempt's mark, the earliest first."""
    first = session.execute(select(Attempt.score, Attempt.passed).where(Attempt.id == attempt_id)).one_or_none()
    rows = session.execute(
        select(Regrade.recorded_at, Regrade.cause, Regrade.reason, Regrade.score, Regrade.passed)
        .where(Regrade.attempt_id == attempt_id)
        .order_by(Regrade.recorded_at, Regrade.id)
    ).all()
    if first is None or first.score is None or first.passed is None:
        return []
    changes = []
    before, passed_before = first.score, first.passed
    for at, cause, reason, score, passed in rows:
        changes.append(MarkChange(at, cause, reason, before, score, passed_before, passed))
        before, passed_before = score, passed
    return changes
