"""Ruling on an item that is in papers already: proposed by one, decided by another, carried out paper by paper. Nothing is edited."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, func, select
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.jobs import Job, JobState, enqueue
from quizzes.kinds import MARKED_BY_HAND
from quizzes.models import Appeal, Item, ItemVersion, Round, Ruling, RulingEffect, RulingExcept
from quizzes.operations.appeals import settle_appeals_of_ruling
from quizzes.operations.bank import InvalidItemError, save_draft
from quizzes.operations.marks import RoundMarks, marking_turn, remark, stop_marking, try_hold
from quizzes.queries.items import draft_of
from quizzes.queries.marks import attempts_to_mark, concerns_round, holds
from quizzes.queries.rulings import RoundReached, RulingView, job_of, rounds_reached, rounds_with_version
from quizzes.rules.bank import ItemState
from quizzes.rules.marking import Cause, CauseKind, InForce, RulingKind, keys_under
from quizzes.rules.rounds import RoundState
from quizzes.rules.rulings import Proposal, RulingState, check_proposal, refuse_locked

FORESEE = "quizzes.foresee_ruling"
CARRY_OUT = "quizzes.carry_out_ruling"


def propose_ruling(session: Session, actor: Actor, proposal: Proposal, at: datetime) -> UUID:
    """Write a proposal down and have it looked at what it would do; nobody's mark moves yet.

    Raises NotFound, DomainError at the field, Conflict: another proposal about the version waits (`proposal_waits`), the rounds are locked.
    """
    assert actor.person_id is not None
    version = session.get(ItemVersion, proposal.item_version_id)
    if version is None:
        raise NotFound
    _check_rounds(session, version.id, proposal.round_id)
    if proposal.kind == RulingKind.WITHDRAWAL:
        proposal = _withdrawal(session, proposal)
    else:
        check_proposal(proposal, version.kind, version.body, _keys_now(session, version, proposal.round_id))
    ruling = Ruling(
        id=uuid7(),
        item_version_id=version.id,
        round_id=proposal.round_id,
        kind=proposal.kind.value,
        key=list(proposal.key),
        withdraws_id=proposal.withdraws_id,
        reason=proposal.reason,
        legal_basis=proposal.legal_basis or None,
        state=RulingState.PROPOSED,
        proposed_by=actor.person_id,
        proposed_at=at,
    )
    try:
        with session.begin_nested():
            session.add(ruling)
            session.flush()
    except IntegrityError as error:
        raise Conflict(N_("Đã có một đề nghị khác về câu này đang chờ duyệt. Xem đề nghị đó trước."), code="proposal_waits") from error
    _look_ahead(session, actor, ruling, at)
    audit.record(
        session,
        actor,
        "quizzes.propose_ruling",
        ruling.id,
        at,
        kind=ruling.kind,
        item_version=str(version.id),
        round=str(proposal.round_id) if proposal.round_id else None,
        reason=proposal.reason,
    )
    return ruling.id


def look_ahead_again(session: Session, actor: Actor, ruling_id: UUID, at: datetime) -> None:
    """Work out anew what a proposal would do. Raises NotFound, Conflict where it is decided or being worked out."""
    ruling = _proposed(session, ruling_id)
    if ruling.job_id is not None:
        state = session.scalar(select(Job.state).where(Job.id == ruling.job_id))
        if state in (JobState.QUEUED, JobState.RUNNING):
            raise Conflict(N_("Đang tính thử. Chờ xong rồi xem."), code="looking_ahead")
    _look_ahead(session, actor, ruling, at)


def approve_ruling(session: Session, actor: Actor, ruling_id: UUID, at: datetime, *, note: str | None = None) -> None:
    """Let a proposal hold from now on, and have the papers marked again. A new key also becomes a draft of the item's next version.

    Raises NotFound, Conflict: decided already, the same person, not worked out yet, a round locked meanwhile.
    """
    ruling = _proposed(session, ruling_id)
    if ruling.proposed_by == actor.person_id:
        raise Conflict(N_("Người đề nghị không tự duyệt. Nhờ người khác có quyền duyệt."), code="same_person")
    if ruling.foreseen is None:
        raise Conflict(N_("Chưa tính xong quyết định này làm thay đổi những gì. Chờ kết quả tính thử rồi duyệt."), code="not_foreseen")
    reached = [one for one in rounds_reached(session, ruling_id) if one.state != RoundState.DRAFT]
    session.execute(select(Round.id).where(Round.id.in_([one.id for one in reached])).order_by(Round.id).with_for_update()).all()
    stop_marking(session, [one.id for one in reached])
    _check_rounds(session, ruling.item_version_id, ruling.round_id)
    if ruling.round_id is None:
        locked = session.scalars(select(Round.id).where(Round.locked_at.is_not(None))).all()
        session.add_all(RulingExcept(ruling_id=ruling.id, round_id=round_id) for round_id in locked)
    ruling.state = RulingState.APPROVED
    ruling.decided_by = actor.person_id
    ruling.decided_at = at
    ruling.decision_note = note or None
    job = enqueue(session, CARRY_OUT, {"ruling": str(ruling.id)}, at=at, created_by=actor.person_id)
    session.flush()
    ruling.job_id = job.id
    session.flush()
    drafted = _next_version(session, actor, ruling, at)
    changed = {"before": {"ruling_state": "proposed"}, "after": {"ruling_state": "approved"}}
    totals = {name: ruling.foreseen.get(name) for name in ("changed", "people", "to_pass", "to_fail")}
    audit.record(session, actor, "quizzes.approve_ruling", ruling.id, at, foreseen=totals, next_version=drafted, **changed)


def refuse_ruling(session: Session, actor: Actor, ruling_id: UUID, note: str, at: datetime) -> None:
    """Say no to somebody else's proposal. Raises NotFound, DomainError, Conflict: decided already, the same person."""
    ruling = _proposed(session, ruling_id)
    if ruling.proposed_by == actor.person_id:
        raise Conflict(N_("Đề nghị của chính mình thì rút lại, không tự từ chối."), code="same_person")
    if not note:
        raise DomainError(N_("Chưa nêu lý do không duyệt."), code="missing", field="note")
    _end(session, ruling, RulingState.REFUSED, actor, at, note=note)
    changed = {"before": {"ruling_state": "proposed"}, "after": {"ruling_state": "refused"}}
    audit.record(session, actor, "quizzes.refuse_ruling", ruling.id, at, note=note, **changed)


def take_back_proposal(session: Session, actor: Actor, ruling_id: UUID, at: datetime) -> None:
    """The one who proposed thinks better of it. Raises NotFound, Conflict: decided already, somebody else's."""
    ruling = _proposed(session, ruling_id)
    if ruling.proposed_by != actor.person_id:
        raise Conflict(N_("Chỉ người đề nghị rút lại được đề nghị."), code="not_yours")
    _end(session, ruling, RulingState.TAKEN_BACK, actor, at)
    changed = {"before": {"ruling_state": "proposed"}, "after": {"ruling_state": "taken_back"}}
    audit.record(session, actor, "quizzes.take_back_ruling", ruling.id, at, **changed)


def resume_ruling(session: Session, actor: Actor, ruling_id: UUID, at: datetime) -> None:
    """Mark on where the job that carried out an approved ruling stopped for good. Raises NotFound, Conflict: nothing stopped."""
    ruling = session.scalars(
        select(Ruling).where(Ruling.id == ruling_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if ruling is None:
        raise NotFound
    stopped = ruling.state == RulingState.APPROVED and ruling.carried_out_at is None
    if stopped:
        last = job_of(session, ruling.job_id)
        stopped = last is None or last.state == JobState.FAILED
    if not stopped:
        raise Conflict(N_("Việc chấm lại đang chạy hoặc đã xong. Tải lại trang để xem."), code="not_stopped")
    job = enqueue(session, CARRY_OUT, {"ruling": str(ruling.id)}, at=at, created_by=actor.person_id)
    session.flush()
    ruling.job_id = job.id
    audit.record(session, actor, "quizzes.resume_ruling", ruling.id, at)


def remark_batch(session: Session, actor: Actor, ruling: RulingView, round_id: UUID, attempts: list[Any], *, at: datetime) -> list[UUID]:
    """Mark a batch of a round's attempts again, as (form, id, person). Returns those that somebody else holds just now: they are for later,
    one by one, so that nobody waits for anybody crosswise."""
    turn = marking_turn(session, round_id)
    refuse_if_locked(turn)
    held = try_hold(session, round_id, {attempt_id: person_id for _, attempt_id, person_id in attempts})
    remark(session, actor, turn, attempts_to_mark(session, sorted(held)), cause_of(ruling), at)
    return [attempt_id for _, attempt_id, _ in attempts if attempt_id not in held]


def refuse_if_locked(turn: RoundMarks) -> None:
    if turn.state == RoundState.LOCKED:
        refuse_locked([turn.code])


def cause_of(ruling: RulingView) -> Cause:
    """As those whose mark moves read it."""
    return Cause(CauseKind.RULING, ruling.id, ruling.reason)


def finish_ruling(session: Session, actor: Actor, ruling_id: UUID, moved: int, at: datetime) -> None:
    """The last paper is marked again. Doing it twice changes nothing."""
    ruling = session.scalars(select(Ruling).where(Ruling.id == ruling_id).with_for_update()).one()
    if ruling.carried_out_at is None:
        ruling.carried_out_at = at
        session.flush()
        settle_appeals_of_ruling(session, actor, ruling, at)
        audit.record(session, actor, "quizzes.carry_out_ruling", ruling_id, at, marks=moved)


def store_foreseen(session: Session, ruling_id: UUID, foreseen: dict[str, Any]) -> bool:
    """Keep what a proposal would do; False where it was decided meanwhile."""
    ruling = session.scalars(
        select(Ruling).where(Ruling.id == ruling_id, Ruling.state == RulingState.PROPOSED).with_for_update()
    ).one_or_none()
    if ruling is None:
        return False
    ruling.foreseen = foreseen
    session.flush()
    return True


def clear_foreseen(session: Session, ruling_id: UUID) -> bool:
    """Begin looking ahead; False where the proposal was decided meanwhile."""
    ruling = session.scalars(
        select(Ruling).where(Ruling.id == ruling_id, Ruling.state == RulingState.PROPOSED).with_for_update()
    ).one_or_none()
    if ruling is None:
        return False
    session.execute(delete(RulingEffect).where(RulingEffect.ruling_id == ruling_id))
    ruling.foreseen = None
    session.flush()
    return True


def _look_ahead(session: Session, actor: Actor, ruling: Ruling, at: datetime) -> None:
    ruling.foreseen = None
    job = enqueue(session, FORESEE, {"ruling": str(ruling.id)}, at=at, created_by=actor.person_id)
    session.flush()
    ruling.job_id = job.id
    session.flush()


def _proposed(session: Session, ruling_id: UUID) -> Ruling:
    """Hold a proposal until the commit: of two who decide at once the second hears what the first decided."""
    ruling = session.scalars(
        select(Ruling).where(Ruling.id == ruling_id).with_for_update().execution_options(populate_existing=True)
    ).one_or_none()
    if ruling is None:
        raise NotFound
    if ruling.state != RulingState.PROPOSED:
        raise Conflict(N_("Đề nghị này đã có người quyết định trước. Tải lại trang để xem."), code="decided")
    return ruling


def _end(session: Session, ruling: Ruling, state: RulingState, actor: Actor, at: datetime, *, note: str | None = None) -> None:
    ruling.state = state
    ruling.decided_by = actor.person_id
    ruling.decided_at = at
    ruling.decision_note = note
    for appeal in session.scalars(select(Appeal).where(Appeal.ruling_id == ruling.id, Appeal.state == "ruled")):
        appeal.state = "open"  # its ruling is not to be: it waits for another decision
        appeal.ruling_id = None
    session.flush()


def _check_rounds(session: Session, version_id: UUID, round_id: UUID | None) -> list[RoundReached]:
    """The rounds a ruling would reach. Raises NotFound for a round without the item, Conflict where the results are locked."""
    used = rounds_with_version(session, version_id)
    named = [one for one in used if round_id is None or one.id == round_id]
    if round_id is not None and not named:
        raise NotFound
    free = [one for one in named if one.locked_at is None and one.state != RoundState.LOCKED]
    if named and not free:
        refuse_locked([one.code for one in named])
    return free


def _keys_now(session: Session, version: ItemVersion, round_id: UUID | None) -> list[list[str]]:
    """The keys that hold for a version. Raises Conflict where it is void."""
    query = select(Ruling.kind, Ruling.key).where(Ruling.item_version_id == version.id, holds()).order_by(Ruling.decided_at, Ruling.id)
    if round_id is not None:
        query = query.join(Round, Round.id == round_id).where(concerns_round())
    keys = keys_under(list(version.key), [InForce(kind, key) for kind, key in session.execute(query)])
    if keys is None:
        raise Conflict(N_("Câu này đã bị hủy. Muốn quyết định khác, rút lại quyết định hủy trước."), code="void")
    return keys


def _withdrawal(session: Session, proposal: Proposal) -> Proposal:
    """A withdrawal reaches as far as what it withdraws. Raises NotFound, Conflict where that does not hold (any more)."""
    earlier = session.scalars(
        select(Ruling).where(Ruling.id == proposal.withdraws_id, Ruling.item_version_id == proposal.item_version_id)
    ).one_or_none()
    if earlier is None:
        raise NotFound
    if session.scalar(select(func.count()).where(Ruling.id == earlier.id, holds())) == 0:
        raise Conflict(N_("Quyết định này không còn hiệu lực nên không rút được nữa."), code="not_in_force")
    if earlier.carried_out_at is None:
        raise Conflict(N_("Đang chấm lại theo quyết định này. Chờ xong rồi rút."), code="under_way")
    if not proposal.reason:
        raise DomainError(N_("Chưa nêu lý do: người có bài thay đổi điểm sẽ đọc lý do này."), code="missing", field="reason")
    return replace(proposal, round_id=earlier.round_id, key=())


def _next_version(session: Session, actor: Actor, ruling: Ruling, at: datetime) -> str:
    """A new key begins the item's next version as a draft, for later papers; what came of it, for the audit. Where somebody is working on
    the item already, that work is left alone."""
    version = session.get(ItemVersion, ruling.item_version_id)
    assert version is not None
    if ruling.kind != RulingKind.NEW_KEY or version.kind in MARKED_BY_HAND:
        return "none"
    rows = session.execute(select(ItemVersion.number, ItemVersion.state).where(ItemVersion.item_id == version.item_id))
    states = {number: state for number, state in rows}  # noqa: C416 - rows are no pairs to dict
    if max(states) != version.number or states[version.number] not in (ItemState.APPROVED, ItemState.RETIRED):
        return "in_work"
    code = session.scalars(select(Item.code).where(Item.id == version.item_id)).one()
    draft, number = draft_of(session, code, version.number)
    try:
        with session.begin_nested():
            save_draft(session, actor, replace(draft, key=list(ruling.key)), at, base=number, change_note=ruling.reason[:200])
    except (InvalidItemError, Conflict):
        return "refused"
    return "drafted"
