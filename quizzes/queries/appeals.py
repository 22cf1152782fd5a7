"""Reading appeals: a person's own, the queue of those who decide, and the whole log of a sitting that is disputed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from fractions import Fraction
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person
from lms.kit.actors import NotFound
from lms.kit.audit import AuditEntry
from quizzes.models import Appeal, Attempt, FormSlot, Item, ItemVersion, Response, Round
from quizzes.queries.marks import Standing, attempts_to_mark
from quizzes.rules.appeals import WAITING
from quizzes.rules.sitting import Marked

PAGE = 50
_Proposer, _Decider = aliased(Person), aliased(Person)


@dataclass(frozen=True, slots=True)
class AppealView:
    """An appeal with its sitting and who has a hand in it."""

    id: UUID
    attempt_id: UUID
    slot: int
    text: str
    state: str
    filed_at: datetime
    due_at: datetime
    points: dict[str, Any] | None
    answer: str | None
    proposed_by: UUID | None
    proposed_at: datetime | None
    ruling_id: UUID | None
    decided_by: UUID | None
    decided_at: datetime | None
    person_id: UUID
    full_name: str
    staff_code: str
    number: int
    form_id: UUID
    seed: int
    receipt: str | None
    round_code: str
    title: str
    proposer: str | None
    decider: str | None


def _appeals() -> Select[Any]:
    own = [getattr(Appeal, name) for name in list(AppealView.__dataclass_fields__)[:14]]
    return (
        select(
            *own,
            Attempt.person_id,
            Person.full_name,
            Person.staff_code,
            Attempt.number,
            Attempt.form_id,
            Attempt.seed,
            Attempt.receipt,
            Round.code,
            Round.title,
            _Proposer.full_name.label("proposer"),
            _Decider.full_name.label("decider"),
        )
        .join(Attempt, Attempt.id == Appeal.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .join(Person, Person.id == Attempt.person_id)
        .outerjoin(_Proposer, _Proposer.id == Appeal.proposed_by)
        .outerjoin(_Decider, _Decider.id == Appeal.decided_by)
    )


def appeal(session: Session, appeal_id: UUID) -> AppealView:
    """Raises NotFound."""
    row = session.execute(_appeals().where(Appeal.id == appeal_id)).one_or_none()
    if row is None:
        raise NotFound
    return AppealView(*row)


def appeals(session: Session, *, waiting: bool, after: UUID | None = None, limit: int = PAGE) -> list[AppealView]:
    """Those that wait, the oldest first, or those that are settled, the newest first."""
    query = _appeals().limit(limit)
    if waiting:
        query = query.where(Appeal.state.in_(WAITING)).order_by(Appeal.id)
        query = query if after is None else query.where(Appeal.id > after)
    else:
        query = query.where(Appeal.state.not_in(WAITING)).order_by(Appeal.id.desc())
        query = query if after is None else query.where(Appeal.id < after)
    return [AppealView(*row) for row in session.execute(query)]


def appeals_of_attempt(session: Session, attempt_id: UUID) -> list[AppealView]:
    return [AppealView(*row) for row in session.execute(_appeals().where(Appeal.attempt_id == attempt_id).order_by(Appeal.id))]


def count_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).where(Appeal.state.in_(WAITING))) or 0


def appeals_waiting(session: Session, round_id: UUID) -> int:
    """How many appeals of a round wait for their answer."""
    query = select(func.count()).select_from(Appeal).join(Attempt, Attempt.id == Appeal.attempt_id)
    return session.scalar(query.where(Attempt.round_id == round_id, Appeal.state.in_(WAITING))) or 0


@dataclass(frozen=True, slots=True)
class AppealWindow:
    """What of an attempt and its round decides whether one may appeal."""

    attempt_id: UUID
    person_id: UUID
    form_id: UUID
    seed: int
    attempt_state: str
    round_state: str
    appeals_from: datetime | None
    appeals_until: datetime | None


def appeal_window(session: Session, attempt_id: UUID, person_id: UUID | None) -> AppealWindow:
    """Raises NotFound, also for another's attempt."""
    row = session.execute(
        select(
            Attempt.id,
            Attempt.person_id,
            Attempt.form_id,
            Attempt.seed,
            Attempt.state,
            Round.state.label("round_state"),
            Round.appeals_from,
            Round.appeals_until,
        )
        .join(Round, Round.id == Attempt.round_id)
        .where(Attempt.id == attempt_id, Attempt.person_id == person_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    return AppealWindow(*row)


def slots_of_form(session: Session, form_id: UUID) -> list[int]:
    return list(session.scalars(select(FormSlot.slot).where(FormSlot.form_id == form_id).order_by(FormSlot.slot)))


def version_at(session: Session, attempt_id: UUID, slot: int) -> UUID | None:
    """The item version that stands at a slot of an attempt's paper."""
    query = select(FormSlot.item_version_id).join(Attempt, Attempt.form_id == FormSlot.form_id)
    return session.scalar(query.where(Attempt.id == attempt_id, FormSlot.slot == slot))


@dataclass(frozen=True, slots=True)
class LogLine:
    """A question of a disputed paper: what was answered when and from which device in turn, by which key, worth what now."""

    slot: int
    code: str
    version: int
    version_id: UUID
    kind: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    answer: list[str]
    saved_at: datetime | None
    takeover: int | None
    sequence: int | None
    first_points: Decimal | None
    points: Fraction
    ruled: bool


@dataclass(frozen=True, slots=True)
class SittingLog:
    """All that is kept about a sitting."""

    started_at: datetime
    deadline: datetime
    submitted_at: datetime | None
    state: str
    first_score: Decimal | None
    standing: Standing
    lines: list[LogLine]
    events: list[tuple[datetime, str, str]]


def sitting_log(session: Session, attempt_id: UUID) -> SittingLog:
    """Raises NotFound for one without a mark."""
    found = attempts_to_mark(session, [attempt_id])
    if not found:
        raise NotFound
    marked: dict[int, Marked] = {question.slot: question for question in found[0].paper}
    rows: Iterable[Any] = session.execute(
        select(
            FormSlot.slot,
            Item.code,
            ItemVersion.number,
            ItemVersion.id,
            ItemVersion.kind,
            ItemVersion.stem,
            ItemVersion.body,
            ItemVersion.key,
            Response.saved_at,
            Response.takeover,
            Response.sequence,
            Response.points,
        )
        .join(Attempt, Attempt.form_id == FormSlot.form_id)
        .join(ItemVersion, ItemVersion.id == FormSlot.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .outerjoin(Response, and_(Response.attempt_id == Attempt.id, Response.slot == FormSlot.slot))
        .where(Attempt.id == attempt_id)
        .order_by(FormSlot.slot)
    )
    lines = []
    for row in rows:
        question = marked[row.slot]
        values: list[Any] = [*row[:8], question.answer, *row[8:], question.points, bool(question.rulings)]
        lines.append(LogLine(*values))
    head = session.execute(
        select(Attempt.started_at, Attempt.deadline, Attempt.submitted_at, Attempt.state, Attempt.score).where(Attempt.id == attempt_id)
    ).one()
    events: Iterable[Any] = session.execute(
        select(AuditEntry.at, AuditEntry.action, AuditEntry.actor_name)
        .where(AuditEntry.subject == str(attempt_id))
        .order_by(AuditEntry.at, AuditEntry.id)
        .limit(200)
    )
    return SittingLog(*head, found[0].standing, lines, [tuple(row) for row in events])
