"""Taking people off a frozen list with reason and evidence, and putting them on it again. The department decides, an agency proposes for
its own."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Select, select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound, Scope
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.results.operations import change_expectation
from quizzes.models import Attempt, ListProposal, Round
from quizzes.operations.rounds import locked_round
from quizzes.queries.audience import listed_person
from quizzes.rules.audience import EXCLUSION_NAMES
from quizzes.rules.rounds import RoundState, refuse_locked
from quizzes.rules.sitting import AttemptState

PENDING, ACCEPTED, REFUSED, WITHDRAWN = "pending", "accepted", "refused", "withdrawn"


def exclude_person(
    session: Session, actor: Actor, round_id: UUID, person_id: UUID, *, because: str | None, evidence: str, at: datetime
) -> bool:
    """Take somebody off the list for a reason (a key of EXCLUSION_NAMES), or put them on it again (None). Whether anything changed.

    Results stay what they are; an excluded person's are not counted. Raises NotFound, Conflict for a draft, a locked round, or while the
    person is sitting, DomainError without reason or evidence.
    """
    held = locked_round(session, round_id)
    _check(held, because, evidence)
    sitting = select(Attempt.id).where(Attempt.round_id == round_id, Attempt.person_id == person_id, Attempt.state == AttemptState.OPEN)
    if because is not None and session.scalar(sitting) is not None:
        raise Conflict(N_("Người này đang làm bài. Chờ bài kết thúc rồi quyết định."), code="sitting")
    changed = change_expectation(session, actor, held.activity, person_id, excluded_because=because, evidence=evidence.strip(), at=at)
    pending = session.scalars(_pending(round_id).where(ListProposal.person_id == person_id)).all()
    for proposal in pending:  # what was asked for is decided by doing it, or its opposite
        proposal.state = ACCEPTED if proposal.because == because else REFUSED
        proposal.decided_by, proposal.decided_at = actor.person_id, at
    session.flush()
    if changed:
        action = "quizzes.include_person" if because is None else "quizzes.exclude_person"
        audit.record(session, actor, action, held.code, at, person=str(person_id), because=because, evidence=evidence.strip())
    return changed


def propose_exclusion(
    session: Session, actor: Actor, scope: Scope, round_id: UUID, person_id: UUID, *, because: str | None, evidence: str, at: datetime
) -> UUID:
    """Ask that somebody of one's own agency be taken off the list, or be put on it again. Asking anew replaces what waits.

    Raises NotFound (also for people outside the scope), Conflict, DomainError.
    """
    held = locked_round(session, round_id)
    _check(held, because, evidence)
    person = listed_person(session, held, scope, person_id)
    if person is None:
        raise NotFound
    if person.excluded_because == because:
        raise Conflict(N_("Danh sách đã ghi đúng như đề nghị."), code="as_asked")
    for waiting in session.scalars(_pending(round_id).where(ListProposal.person_id == person_id)).all():
        waiting.state, waiting.decided_at = WITHDRAWN, at
    session.flush()
    proposal = ListProposal(
        id=uuid7(),
        round_id=round_id,
        person_id=person_id,
        because=because,
        evidence=evidence.strip(),
        state=PENDING,
        proposed_by=actor.person_id,
        proposed_at=at,
    )
    session.add(proposal)
    session.flush()
    audit.record(
        session, actor, "quizzes.propose_exclusion", held.code, at, person=str(person_id), because=because, evidence=evidence.strip()
    )
    return proposal.id


def decide_proposal(session: Session, actor: Actor, proposal_id: UUID, *, accept: bool, answer: str, at: datetime) -> None:
    """The department's word. Who proposed cannot decide. Raises NotFound, Conflict."""
    proposal = session.scalar(select(ListProposal).where(ListProposal.id == proposal_id).with_for_update())
    if proposal is None:
        raise NotFound
    if proposal.state != PENDING:
        raise Conflict(N_("Đề nghị này đã được xử lý."), code="decided")
    if proposal.proposed_by is not None and proposal.proposed_by == actor.person_id:
        raise Conflict(N_("Người đề nghị không tự duyệt đề nghị của mình."), code="own_proposal")
    proposal.state = ACCEPTED if accept else REFUSED
    proposal.decided_by, proposal.decided_at, proposal.answer = actor.person_id, at, answer.strip() or None
    session.flush()
    if accept:
        exclude_person(session, actor, proposal.round_id, proposal.person_id, because=proposal.because, evidence=proposal.evidence, at=at)
    else:
        audit.record(session, actor, "quizzes.refuse_exclusion", proposal.round_id, at, person=str(proposal.person_id), answer=answer)


def _pending(round_id: UUID) -> Select[ListProposal]:
    return select(ListProposal).where(ListProposal.round_id == round_id, ListProposal.state == PENDING)


def _check(held: Round, because: str | None, evidence: str) -> None:
    refuse_locked(held.state)
    if held.state == RoundState.DRAFT:
        raise Conflict(N_("Danh sách chưa chốt. Sửa đối tượng hoặc danh sách cán bộ trước khi mở."), code="round_draft")
    if because is not None and because not in EXCLUSION_NAMES:
        raise DomainError(N_("Chọn một lý do trong danh sách."), code="reason", field="because")
    if not evidence.strip():
        raise DomainError(N_("Ghi minh chứng: số quyết định, giấy tờ hoặc người xác nhận."), code="evidence", field="evidence")
