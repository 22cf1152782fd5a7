"""Reading rulings on items: what is proposed, whom it reaches, and what it would do before it is approved."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, select, tuple_
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person
from lms.kit.actors import NotFound
from lms.kit.jobs import Job
from quizzes.models import Attempt, Form, FormSlot, Item, ItemVersion, Regrade, Round, Ruling, RulingEffect
from quizzes.queries.marks import concerns_round
from quizzes.rules.rulings import RulingState

PAGE = 50
_Proposer, _Decider = aliased(Person), aliased(Person)


@dataclass(frozen=True, slots=True)
class RulingView:
    """A ruling with its item and who had a hand in it."""

    id: UUID
    item_version_id: UUID
    round_id: UUID | None
    kind: str
    key: list[str]
    withdraws_id: UUID | None
    reason: str
    legal_basis: str | None
    state: str
    proposed_by: UUID
    proposed_at: datetime
    decided_by: UUID | None
    decided_at: datetime | None
    decision_note: str | None
    foreseen: dict[str, Any] | None
    job_id: UUID | None
    carried_out_at: datetime | None
    code: str
    number: int
    item_kind: str
    stem: str
    body: dict[str, Any]
    item_key: list[str]
    round_code: str | None
    round_title: str | None
    proposer: str
    decider: str | None


_OWN = [getattr(Ruling, name) for name in list(RulingView.__dataclass_fields__)[:17]]


def _rulings() -> Select[Any]:
    return (
        select(
            *_OWN,
            Item.code,
            ItemVersion.number,
            ItemVersion.kind.label("item_kind"),
            ItemVersion.stem,
            ItemVersion.body,
            ItemVersion.key.label("item_key"),
            Round.code.label("round_code"),
            Round.title.label("round_title"),
            _Proposer.full_name.label("proposer"),
            _Decider.full_name.label("decider"),
        )
        .join(ItemVersion, ItemVersion.id == Ruling.item_version_id)
        .join(Item, Item.id == ItemVersion.item_id)
        .outerjoin(Round, Round.id == Ruling.round_id)
        .join(_Proposer, _Proposer.id == Ruling.proposed_by)
        .outerjoin(_Decider, _Decider.id == Ruling.decided_by)
    )


def ruling(session: Session, ruling_id: UUID) -> RulingView:
    """Raises NotFound."""
    row = session.execute(_rulings().where(Ruling.id == ruling_id)).one_or_none()
    if row is None:
        raise NotFound
    return RulingView(*row)


def rulings(session: Session, *, waiting: bool, before: UUID | None = None, limit: int = PAGE) -> list[RulingView]:
    """Those that wait for the second person, or all that are settled, newest first; `before` is the last one of the page before."""
    state = Ruling.state == RulingState.PROPOSED
    query = _rulings().where(state if waiting else ~state).order_by(Ruling.id.desc()).limit(limit)
    if before is not None:
        query = query.where(Ruling.id < before)
    return [RulingView(*row) for row in session.execute(query)]


def rulings_of_version(session: Session, version_id: UUID) -> list[RulingView]:
    """All about one item version, newest first."""
    return [RulingView(*row) for row in session.execute(_rulings().where(Ruling.item_version_id == version_id).order_by(Ruling.id.desc()))]


def count_waiting(session: Session) -> int:
    return session.scalar(select(func.count()).where(Ruling.state == RulingState.PROPOSED)) or 0


def unfinished_rulings(session: Session, round_id: UUID) -> int:
    """Rulings that reach a round and are proposed, or approved and not carried out: it should not be locked before they are done."""
    pending = and_(Ruling.state.in_((RulingState.PROPOSED, RulingState.APPROVED)), Ruling.carried_out_at.is_(None))
    used = select(FormSlot.item_version_id).join(Form, Form.id == FormSlot.form_id).where(Form.round_id == round_id)
    query = select(func.count()).select_from(Ruling).join(Round, Round.id == round_id)
    return session.scalar(query.where(pending, concerns_round(), Ruling.item_version_id.in_(used))) or 0


@dataclass(frozen=True, slots=True)
class RoundReached:
    """A round whose papers have the item."""

    id: UUID
    code: str
    title: str
    activity: str
    counting: str
    state: str
    locked_at: datetime | None
    attempts: int


def rounds_with_version(session: Session, version_id: UUID) -> list[RoundReached]:
    """Every round that has the item version in a form, with its marked attempts on such forms; the newest first."""
    forms = (
        select(Form.id, Form.round_id).join(FormSlot, FormSlot.form_id == Form.id).where(FormSlot.item_version_id == version_id).subquery()
    )
    columns = (Round.id, Round.code, Round.title, Round.activity, Round.counting, Round.state, Round.locked_at)
    rows = session.execute(
        select(*columns, func.count(Attempt.id))
        .join(forms, forms.c.round_id == Round.id)
        .outerjoin(Attempt, and_(Attempt.form_id == forms.c.id, Attempt.score.is_not(None)))
        .group_by(*columns)
        .order_by(Round.opens_at.desc())
    )
    return [RoundReached(*row) for row in rows]


def rounds_reached(session: Session, ruling_id: UUID) -> list[RoundReached]:
    """The rounds a ruling reaches."""
    row = session.execute(select(Ruling.item_version_id).where(Ruling.id == ruling_id)).one_or_none()
    if row is None:
        raise NotFound
    reached = set(session.scalars(select(Round.id).join(Ruling, concerns_round()).where(Ruling.id == ruling_id)))
    return [one for one in rounds_with_version(session, row.item_version_id) if one.id in reached]


def concerned_attempts(session: Session, version_id: UUID, round_id: UUID, size: int, after: tuple[UUID, UUID] | None = None) -> list[Any]:
    """A batch of marked attempts of a round whose paper has the item version, as (form, id), in that order: one batch needs few papers."""
    query = (
        select(Attempt.form_id, Attempt.id, Attempt.person_id)
        .join(FormSlot, and_(FormSlot.form_id == Attempt.form_id, FormSlot.item_version_id == version_id))
        .where(Attempt.round_id == round_id, Attempt.score.is_not(None))
        .order_by(Attempt.form_id, Attempt.id)
        .limit(size)
    )
    if after is not None:
        query = query.where(tuple_(Attempt.form_id, Attempt.id) > tuple_(*after))
    return list(session.execute(query).all())


@dataclass(frozen=True, slots=True)
class Effect:
    """One attempt whose mark moves."""

    attempt_id: UUID
    person_id: UUID
    full_name: str
    staff_code: str
    round_code: str
    number: int
    score_before: Decimal
    score_after: Decimal
    passed_before: bool
    passed_after: bool


def effects(session: Session, ruling_id: UUID, *, after: UUID | None = None, limit: int = PAGE) -> list[Effect]:
    """The attempts a ruling was foreseen to move, those whose pass changes among them marked by their own values; by attempt id."""
    query = (
        select(
            RulingEffect.attempt_id,
            Attempt.person_id,
            Person.full_name,
            Person.staff_code,
            Round.code,
            Attempt.number,
            RulingEffect.score_before,
            RulingEffect.score_after,
            RulingEffect.passed_before,
            RulingEffect.passed_after,
        )
        .join(Attempt, Attempt.id == RulingEffect.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .join(Person, Person.id == Attempt.person_id)
        .where(RulingEffect.ruling_id == ruling_id)
        .order_by(RulingEffect.attempt_id)
        .limit(limit)
    )
    if after is not None:
        query = query.where(RulingEffect.attempt_id > after)
    rows: Iterable[Any] = session.execute(query)
    return [Effect(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class EffectTotals:
    changed: int
    up: int
    down: int
    to_pass: int
    to_fail: int


def effect_totals(session: Session, ruling_id: UUID) -> EffectTotals:
    def how_many(condition: ColumnElement[bool]) -> ColumnElement[int]:
        return func.count().filter(condition)

    row = session.execute(
        select(
            func.count(),
            how_many(RulingEffect.score_after > RulingEffect.score_before),
            how_many(RulingEffect.score_after < RulingEffect.score_before),
            how_many(and_(RulingEffect.passed_after, ~RulingEffect.passed_before)),
            how_many(and_(RulingEffect.passed_before, ~RulingEffect.passed_after)),
        ).where(RulingEffect.ruling_id == ruling_id)
    ).one()
    return EffectTotals(*row)


def effects_of_round(
    session: Session, ruling_id: UUID, round_id: UUID, size: int
) -> Iterator[dict[UUID, dict[UUID, tuple[Decimal, bool]]]]:
    """The foreseen marks of attempts that count, by person and attempt, some people at a time."""
    after: UUID | None = None
    while True:
        people = (
            select(Attempt.person_id)
            .join(RulingEffect, RulingEffect.attempt_id == Attempt.id)
            .where(RulingEffect.ruling_id == ruling_id, Attempt.round_id == round_id, Attempt.counts)
            .distinct()
            .order_by(Attempt.person_id)
            .limit(size)
        )
        if after is not None:
            people = people.where(Attempt.person_id > after)
        chosen = list(session.scalars(people))
        if not chosen:
            return
        after = chosen[-1]
        found: dict[UUID, dict[UUID, tuple[Decimal, bool]]] = {person: {} for person in chosen}
        for person_id, attempt_id, score, passed in session.execute(
            select(Attempt.person_id, Attempt.id, RulingEffect.score_after, RulingEffect.passed_after)
            .join(RulingEffect, RulingEffect.attempt_id == Attempt.id)
            .where(RulingEffect.ruling_id == ruling_id, Attempt.round_id == round_id, Attempt.counts, Attempt.person_id.in_(chosen))
        ):
            found[person_id][attempt_id] = (score, passed)
        yield found


@dataclass(frozen=True, slots=True)
class JobView:
    """How far the job behind a ruling is."""

    state: str
    done: int
    total: int
    error: str | None

    @property
    def reason(self) -> str:
        """Why it stopped, for people: a refusal as it is, of a fault in the programme its last line alone; the log has the rest."""
        return (self.error or "").strip().rpartition("\n")[2]


def job_of(session: Session, job_id: UUID | None) -> JobView | None:
    if job_id is None:
        return None
    row = session.execute(select(Job.state, Job.progress_done, Job.progress_total, Job.error).where(Job.id == job_id)).one_or_none()
    return None if row is None else JobView(*row)


def marks_moved_by(session: Session, cause_id: UUID) -> int:
    """How many marks a decision led to."""
    return session.scalar(select(func.count()).where(Regrade.cause_id == cause_id)) or 0


def versions_ruled_on(session: Session, versions: Sequence[UUID]) -> set[UUID]:
    return set(session.scalars(select(Ruling.item_version_id).where(Ruling.item_version_id.in_(versions))))


@dataclass(frozen=True, slots=True)
class VersionToRule:
    """An item version as a proposal shows it."""

    id: UUID
    code: str
    number: int
    kind: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    state: str


_VERSION = (
    ItemVersion.id,
    Item.code,
    ItemVersion.number,
    ItemVersion.kind,
    ItemVersion.stem,
    ItemVersion.body,
    ItemVersion.key,
    ItemVersion.state,
)


def version_to_rule(session: Session, version_id: UUID) -> VersionToRule:
    """Raises NotFound."""
    row = session.execute(select(*_VERSION).join(Item, Item.id == ItemVersion.item_id).where(ItemVersion.id == version_id)).one_or_none()
    if row is None:
        raise NotFound
    return VersionToRule(*row)


def versions_in_papers(session: Session, code: str) -> list[VersionToRule]:
    """The versions of an item that stand in papers, newest first."""
    used = select(FormSlot.item_version_id)
    query = select(*_VERSION).join(Item, Item.id == ItemVersion.item_id).where(Item.code == code, ItemVersion.id.in_(used))
    return [VersionToRule(*row) for row in session.execute(query.order_by(ItemVersion.number.desc()))]
