"""Blocks of a draft and make-up sittings of a round."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, func, insert, select
from sqlalchemy.orm import Session

from lms.agencies.queries import versions_on
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.results.models import Expectation, Outcome
from quizzes.models import Attempt, BlockRule, MakeUp, MakeUpPlace, Round, RoundBlock
from quizzes.operations.rounds import locked_round, refuse_unless_draft
from quizzes.queries.audience import counted_roster
from quizzes.rules.audience import AudienceRule
from quizzes.rules.rounds import Purpose, RoundState, refuse_locked
from quizzes.rules.windows import Span, Unit, even_spans, spread_units, units

MOST_BLOCKS = 60
MOST_ATTEMPTS = 20


def spread_blocks(session: Session, actor: Actor, round_id: UUID, *, blocks: int, capacity: int, zone: ZoneInfo, at: datetime) -> list[int]:
    """Cut a draft's window into blocks and spread the agencies of its audience over them, larger ones parted where they are too large.
    Replaces what was there. Returns how many people each block holds.

    Raises NotFound, Conflict for a round that is no draft, DomainError where the capacity cannot be kept.
    """
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    if not 2 <= blocks <= MOST_BLOCKS:
        raise DomainError(N_("Số ca phải từ 2 đến %(most)s."), code="blocks", field="blocks", most=MOST_BLOCKS)
    if capacity < 1:
        raise DomainError(N_("Sức chứa một ca phải từ 1 người."), code="capacity", field="capacity")
    rule = AudienceRule.from_json(held.audience)
    people = dict(counted_roster(session, rule, held.cutoff_day, purpose=held.purpose, course=held.course).by_agency)
    parts = _units(session, held, people, capacity)
    filled = spread_units(parts, blocks, capacity)
    spans = even_spans(Span(held.opens_at, held.closes_at), blocks, zone)
    remove_blocks(session, round_id)
    rows = [
        {"id": uuid7(), "round_id": round_id, "number": number, "opens_at": span.opens_at, "closes_at": span.closes_at}
        for number, span in enumerate(spans, start=1)
    ]
    session.execute(insert(RoundBlock), rows)
    rules = [
        {"round_id": round_id, "agency_id": unit.root, "block_id": row["id"], "alone": unit.alone}
        for row, block in zip(rows, filled, strict=True)
        for unit in block
    ]
    if rules:
        session.execute(insert(BlockRule), rules)
    loads = [sum(unit.people for unit in block) for block in filled]
    audit.record(session, actor, "quizzes.spread_blocks", held.code, at, blocks=blocks, capacity=capacity, loads=loads)
    return loads


def _units(session: Session, held: Round, people: Mapping[UUID, int], capacity: int) -> list[Unit[UUID]]:
    """The tree of the cut-off day, parted. The root is never a unit of its own: everybody in one block is no spreading."""
    versions = versions_on(session, held.cutoff_day)
    children: dict[UUID | None, list[UUID]] = defaultdict(list)
    for agency_id, version in sorted(versions.items(), key=lambda one: (one[1].sort_key, str(one[0]))):
        children[version.parent_id if version.parent_id in versions else None].append(agency_id)
    tops: list[UUID] = []
    alone: list[Unit[UUID]] = []
    for root in children[None]:
        if children[root]:
            if people.get(root):
                alone.append(Unit(root, people[root], alone=True))
            tops += children[root]
        else:
            tops.append(root)
    below = {agency: found for agency, found in children.items() if agency is not None}
    return alone + units(tops, below, people, capacity)


def set_block(session: Session, actor: Actor, round_id: UUID, *, number: int, span: Span, agencies: Collection[UUID], at: datetime) -> None:
    """Change a block's times and the agencies (each with all below it) named for it; an agency named here leaves the block it was in. A
    new number adds a block.

    Raises NotFound, Conflict for a round that is no draft, DomainError.
    """
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    if span.opens_at >= span.closes_at:
        raise DomainError(N_("Giờ đóng phải sau giờ mở."), code="window", field="closes_at")
    if span.opens_at < held.opens_at or span.closes_at > held.closes_at:
        raise DomainError(N_("Ca phải nằm trong thời gian mở của kỳ kiểm tra."), code="outside", field="opens_at")
    if not 1 <= number <= MOST_BLOCKS:
        raise DomainError(N_("Số ca phải từ 2 đến %(most)s."), code="blocks", field="number", most=MOST_BLOCKS)
    block = session.scalar(select(RoundBlock).where(RoundBlock.round_id == round_id, RoundBlock.number == number))
    before: dict[str, Any] | None = None
    if block is None:
        block = RoundBlock(id=uuid7(), round_id=round_id, number=number, opens_at=span.opens_at, closes_at=span.closes_at)
        session.add(block)
    else:
        before = {"opens_at": block.opens_at.isoformat(), "closes_at": block.closes_at.isoformat()}
        block.opens_at, block.closes_at = span.opens_at, span.closes_at
    session.flush()
    kept = {rule.agency_id: rule.alone for rule in session.scalars(select(BlockRule).where(BlockRule.block_id == block.id))}
    session.execute(delete(BlockRule).where(BlockRule.block_id == block.id))
    named = list(dict.fromkeys(agencies))
    if named:
        session.execute(delete(BlockRule).where(BlockRule.round_id == round_id, BlockRule.agency_id.in_(named)))
        rows = [{"round_id": round_id, "agency_id": one, "block_id": block.id, "alone": kept.get(one, False)} for one in named]
        session.execute(insert(BlockRule), rows)
    after = {"opens_at": span.opens_at.isoformat(), "closes_at": span.closes_at.isoformat()}
    audit.record(session, actor, "quizzes.set_block", held.code, at, number=number, agencies=len(named), before=before, after=after)


def drop_blocks(session: Session, actor: Actor, round_id: UUID, at: datetime) -> None:
    """Everybody may sit in the whole window again. Raises NotFound, Conflict for a round that is no draft."""
    held = locked_round(session, round_id)
    refuse_unless_draft(held)
    remove_blocks(session, round_id)
    audit.record(session, actor, "quizzes.drop_blocks", held.code, at)


def remove_blocks(session: Session, round_id: UUID) -> None:
    session.execute(delete(BlockRule).where(BlockRule.round_id == round_id))
    session.execute(delete(RoundBlock).where(RoundBlock.round_id == round_id))


def add_make_up(session: Session, actor: Actor, round_id: UUID, span: Span, *, attempts_allowed: int, reason: str, at: datetime) -> UUID:
    """Plan a make-up sitting (đợt vét) of a round that was opened; one that is closed opens again for those who will be admitted.

    Raises NotFound, Conflict for a draft or a locked round, DomainError.
    """
    held = locked_round(session, round_id)
    refuse_locked(held.state)
    if held.state == RoundState.DRAFT or held.purpose == Purpose.PRACTICE:
        raise Conflict(N_("Kiểm tra bổ sung chỉ lập cho kỳ đã mở."), code="round_draft")
    if span.opens_at >= span.closes_at:
        raise DomainError(N_("Giờ đóng phải sau giờ mở."), code="window", field="closes_at")
    if span.opens_at < held.opens_at or span.closes_at <= at:
        raise DomainError(N_("Đợt bổ sung phải ở sau giờ mở của kỳ và chưa qua."), code="outside", field="opens_at")
    if not 1 <= attempts_allowed <= MOST_ATTEMPTS:
        raise DomainError(N_("Số lượt làm bài phải từ 1 đến 20."), code="attempts_allowed", field="attempts_allowed")
    if not reason.strip():
        raise DomainError(N_("Ghi lý do lập đợt bổ sung."), code="no_reason", field="reason")
    make_up_id = uuid7()
    values = {"round_id": round_id, "opens_at": span.opens_at, "closes_at": span.closes_at, "created_at": at, "reason": reason}
    session.add(MakeUp(id=make_up_id, attempts_allowed=attempts_allowed, **values))
    before = held.state
    if held.state == RoundState.CLOSED:
        held.state = RoundState.OPEN
        held.closed_at = None
    session.flush()
    _extend(session, held)
    changed = {"before": {"round_state": before}, "after": {"round_state": held.state}}
    audit.record(
        session,
        actor,
        "quizzes.add_make_up",
        held.code,
        at,
        opens_at=span.opens_at.isoformat(),
        closes_at=span.closes_at.isoformat(),
        attempts_allowed=attempts_allowed,
        reason=reason,
        **changed,
    )
    return make_up_id


def admit_people(session: Session, actor: Actor, make_up_id: UUID, people: Mapping[UUID, str], at: datetime) -> int:
    """Admit people of the round's list to a make-up sitting, each with a reason that is kept. Who is admitted to one of the round's already
    is moved here unless that one has begun. Who is excused (miễn, hoãn) stays so in the list: that is undone there. Returns how many were
    admitted.

    Raises NotFound, Conflict where the sitting is over, DomainError for people who are not on the list.
    """
    make_up, held = _make_up(session, make_up_id)
    refuse_locked(held.state)
    if make_up.closes_at <= at:
        raise Conflict(N_("Đợt bổ sung này đã kết thúc."), code="make_up_over")
    listed: set[UUID] = set()
    for some in _batches(list(people)):
        listed |= set(
            session.scalars(select(Expectation.person_id).where(Expectation.activity == held.activity, Expectation.person_id.in_(some)))
        )
    if unknown := people.keys() - listed:
        text = N_("%(count)s người không có tên trong danh sách đã chốt của kỳ kiểm tra.")
        raise DomainError(text, code="not_listed", field="people", count=len(unknown))
    begun = set(
        session.scalars(
            select(MakeUpPlace.person_id)
            .join(MakeUp, MakeUp.id == MakeUpPlace.make_up_id)
            .where(MakeUpPlace.round_id == held.id, MakeUp.opens_at <= at)
        )
    )
    admitted = {person: reason for person, reason in people.items() if person not in begun}
    for some in _batches(list(admitted)):
        session.execute(delete(MakeUpPlace).where(MakeUpPlace.round_id == held.id, MakeUpPlace.person_id.in_(some)))
    rows = [
        {"round_id": held.id, "person_id": person, "make_up_id": make_up_id, "reason": reason, "admitted_at": at}
        for person, reason in admitted.items()
    ]
    if rows:
        session.execute(insert(MakeUpPlace), rows)
    audit.record(session, actor, "quizzes.admit_people", held.code, at, make_up=str(make_up_id), people=sorted(map(str, admitted)))
    return len(admitted)


def admit_missing(session: Session, actor: Actor, make_up_id: UUID, *, failed: bool, at: datetime) -> int:
    """Admit everybody who is expected and has no result, and with `failed` those who did not pass. Returns how many."""
    _, held = _make_up(session, make_up_id)
    standing = (Outcome.activity == Expectation.activity) & (Outcome.person_id == Expectation.person_id) & Outcome.superseded_by.is_(None)
    rows = session.execute(
        select(Expectation.person_id, Outcome.passed)
        .outerjoin(Outcome, standing)
        .where(Expectation.activity == held.activity, Expectation.excluded_because.is_(None))
    ).all()
    reasons = {person: N_("Chưa làm bài") for person, passed in rows if passed is None}
    if failed:
        reasons |= {person: N_("Chưa đạt") for person, passed in rows if passed is False}
    return admit_people(session, actor, make_up_id, reasons, at) if reasons else 0


def cancel_make_up(session: Session, actor: Actor, make_up_id: UUID, at: datetime) -> None:
    """Take a make-up sitting back that nobody has sat. Raises NotFound, Conflict."""
    make_up, held = _make_up(session, make_up_id)
    refuse_locked(held.state)
    sat = select(func.count()).select_from(Attempt).join(MakeUpPlace, MakeUpPlace.person_id == Attempt.person_id)
    sat = sat.where(MakeUpPlace.make_up_id == make_up_id, Attempt.round_id == held.id, Attempt.started_at >= make_up.opens_at)
    if session.scalar(sat):
        raise Conflict(N_("Đã có người làm bài trong đợt bổ sung này."), code="make_up_sat")
    session.execute(delete(MakeUpPlace).where(MakeUpPlace.make_up_id == make_up_id))
    session.delete(make_up)
    session.flush()
    _extend(session, held)
    audit.record(session, actor, "quizzes.cancel_make_up", held.code, at, make_up=str(make_up_id))


def _make_up(session: Session, make_up_id: UUID) -> tuple[MakeUp, Round]:
    make_up = session.get(MakeUp, make_up_id)
    if make_up is None:
        raise NotFound
    return make_up, locked_round(session, make_up.round_id)


def _extend(session: Session, held: Round) -> None:
    """The round's last end, as far as make-up sittings push it out."""
    last = session.scalar(select(func.max(MakeUp.closes_at)).where(MakeUp.round_id == held.id))
    held.extended_until = last if last is not None and last > held.closes_at else None
    session.flush()


def _batches(ids: Sequence[UUID], size: int = 500) -> list[Sequence[UUID]]:
    return [ids[start : start + size] for start in range(0, len(ids), size)]
