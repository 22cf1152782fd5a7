"""Reading sittings. A person's attempt is sought by id and person together: another's is not found."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from quizzes.kinds import KINDS
from quizzes.kinds.answers import in_words
from quizzes.models import Attempt, Form, FormSlot, Item, ItemVersion, Regrade, Response, Round
from quizzes.queries.marks import has_ruling, is_standing, papers_of_forms, rulings_of_forms, standing_passed, standing_score
from quizzes.rules.marking import RulingKind, ShownRuling, points_from_store
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import Marked, Stored, Visible, seconds_left, visible


@dataclass(frozen=True, slots=True)
class AttemptView:
    """An attempt with what its pages need of its round. `score` and `passed` stand now, `first_…` is what it was first marked with.
    `extra_seconds`: time this person was granted on top."""

    id: UUID
    round_id: UUID
    person_id: UUID
    form_id: UUID
    number: int
    seed: int
    takeover: int
    started_at: datetime
    deadline: datetime
    accepts_until: datetime
    state: str
    submitted_at: datetime | None
    score: Decimal | None
    passed: bool | None
    receipt: str | None
    waiting_since: datetime | None
    round_code: str
    quarter: str
    title: str
    round_state: str
    closes_at: datetime
    feedback_policy: str
    pass_mark: Decimal
    attempts_allowed: int
    supervised: bool
    first_score: Decimal | None
    first_passed: bool | None
    extra_seconds: int

    def visible(self, at: datetime) -> Visible:
        return visible(self.state, self.feedback_policy, self.round_state, self.closes_at, at)

    def keys_are_secret(self, at: datetime) -> bool:
        """Must nothing that tells a key be shown yet, to this person or for the sake of others who still sit?"""
        return not self.visible(at).key and self.round_state not in (RoundState.CLOSED, RoundState.LOCKED)

    def seconds_left(self, at: datetime) -> int:
        return seconds_left(self.deadline, max(at, self.started_at))

    def seconds_to_start(self, at: datetime) -> int:
        """How long the clock still waits to be started by hand; 0 once it runs."""
        return seconds_left(self.started_at, at) if self.waiting_since is not None else 0


_STANDING: dict[str, Any] = {"score": standing_score, "passed": standing_passed}
_ATTEMPT: list[Any] = [
    *(_STANDING.get(name, getattr(Attempt, name)) for name in list(AttemptView.__dataclass_fields__)[:16]),
    Round.code,
    Round.quarter,
    Round.title,
    Round.state,
    func.coalesce(Round.extended_until, Round.closes_at),  # the last window's end: no key before
    Round.feedback_policy,
    Round.pass_mark,
    Round.attempts_allowed,
    Round.supervised,
    Attempt.score,
    Attempt.passed,
    Attempt.extra_seconds,
]


def attempt_of(session: Session, attempt_id: UUID, person_id: UUID | None) -> AttemptView:
    """This person's attempt. Raises NotFound, also for another's."""
    return _attempt(session, and_(Attempt.id == attempt_id, Attempt.person_id == person_id))


def attempt_by_id(session: Session, attempt_id: UUID) -> AttemptView:
    """An attempt whoever it belongs to: for the service itself, never for a page. Raises NotFound."""
    return _attempt(session, Attempt.id == attempt_id)


def _attempt(session: Session, condition: ColumnElement[bool]) -> AttemptView:
    query = select(*_ATTEMPT).join(Round, Round.id == Attempt.round_id).outerjoin(Regrade, is_standing()).where(condition)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound
    return AttemptView(*row)


@dataclass(frozen=True, slots=True)
class Question:
    """A question of a paper as one may see it while answering: nothing of it depends on the key."""

    slot: int
    kind: str
    stem: str
    body: dict[str, Any]


def paper(session: Session, form_id: UUID) -> dict[int, Question]:
    """A form's questions by slot, without keys."""
    rows = session.execute(
        select(FormSlot.slot, ItemVersion.kind, ItemVersion.stem, ItemVersion.body)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .where(FormSlot.form_id == form_id)
    )
    return {row.slot: Question(*row) for row in rows}


def stored(session: Session, attempt_id: UUID) -> dict[int, Stored]:
    """What is stored, by slot."""
    rows = session.execute(
        select(Response.slot, Response.takeover, Response.sequence, Response.answer, Response.flagged, Response.saved_at)
        .where(Response.attempt_id == attempt_id)
        .order_by(Response.slot)
    )
    return {row.slot: Stored(*row) for row in rows}


@dataclass(frozen=True, slots=True)
class Explained:
    """A question after the sitting: with key and explanations. Only for those `Visible.key` lets see it."""

    slot: int
    code: str
    version: int
    kind: str
    topic: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    explanation: str
    whys: dict[str, str]
    legal_basis: str | None
    course: str | None
    lesson: str | None
    answer: list[str]
    points: Decimal | None
    saved_at: datetime | None
    rulings: tuple[ShownRuling, ...] = ()


def explained(session: Session, attempt_id: UUID, form_id: UUID) -> dict[int, Explained]:
    """A form's questions with keys, explanations and this attempt's answers, by slot."""
    rows = session.execute(
        select(
            FormSlot.slot,
            Item.code,
            ItemVersion.number.label("version"),
            ItemVersion.kind,
            ItemVersion.topic,
            ItemVersion.stem,
            ItemVersion.body,
            ItemVersion.key,
            ItemVersion.explanation,
            ItemVersion.whys,
            ItemVersion.legal_basis,
            ItemVersion.course,
            ItemVersion.lesson,
            Response.answer,
            Response.points,
            Response.saved_at,
        )
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .outerjoin(Response, and_(Response.attempt_id == attempt_id, Response.slot == FormSlot.slot))
        .where(FormSlot.form_id == form_id)
        .order_by(FormSlot.slot)
    )
    return {row.slot: Explained(**{**row._mapping, "answer": row.answer or []}) for row in rows}


def as_they_stand(session: Session, attempt: AttemptView, questions: Mapping[int, Explained]) -> dict[int, Explained]:
    """Explained questions with the points, and answers that came late, that count now, and what was ruled on their items; two queries."""
    later = session.scalars(select(Regrade).where(Regrade.attempt_id == attempt.id, Regrade.superseded_by.is_(None))).one_or_none()
    rulings = rulings_of_forms(session, [attempt.form_id]).get(attempt.form_id, {})
    points = points_from_store(later.points) if later is not None else {}
    answers = later.answers if later is not None else {}
    shown = {}
    for slot, question in questions.items():
        ruled = rulings.get(slot, [])
        share = points.get(slot)
        if share is None and any(one.kind == RulingKind.VOID for one in ruled):
            share = Fraction(1)
        shown[slot] = replace(
            question,
            points=question.points if share is None else Decimal(share.numerator) / share.denominator,
            answer=list(answers.get(str(slot), question.answer)),
            rulings=tuple(
                ShownRuling(one.kind, in_words(KINDS[question.kind].parts(question.body), one.key) if one.key else "", one.reason)
                for one in ruled
            ),
        )
    return shown


def questions_to_mark(session: Session, attempt_id: UUID, form_id: UUID) -> list[Marked]:
    """Every question of the form with its key, the rulings that hold for it and the answer that stands; a second look only where an
    item of the paper was ruled on."""
    rows = session.execute(
        select(FormSlot.slot, ItemVersion.kind, ItemVersion.body, ItemVersion.key, Response.answer, has_ruling())
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .outerjoin(Response, and_(Response.attempt_id == attempt_id, Response.slot == FormSlot.slot))
        .where(FormSlot.form_id == form_id)
        .order_by(FormSlot.slot)
    ).all()
    rulings = rulings_of_forms(session, [form_id]).get(form_id, {}) if any(ruled for *_, ruled in rows) else {}
    return [Marked(slot, kind, body, key, answer or [], tuple(rulings.get(slot, ()))) for slot, kind, body, key, answer, _ in rows]


def papers_of_round(session: Session, round_id: UUID) -> dict[UUID, list[Marked]]:
    """All forms of a round with their keys, what was ruled on their items, and without answers, by form id."""
    return papers_of_forms(session, session.scalars(select(Form.id).where(Form.round_id == round_id).order_by(Form.number)).all())


def overdue_attempts(session: Session, at: datetime, limit: int) -> list[UUID]:
    """Open attempts that take no more answers, those waiting longest first; ones another worker holds are left to it."""
    return list(
        session.scalars(
            select(Attempt.id)
            .where(Attempt.state == "open", Attempt.accepts_until <= at)
            .order_by(Attempt.accepts_until)
            .limit(limit)
            .with_for_update(skip_locked=True)
        )
    )
