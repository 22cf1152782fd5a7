"""People who go from one agency to another at the agencies' own request: one side asks, the other decides."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import Session

from lms.accounts.models import Person, Posting, TransferRequest
from lms.accounts.operations.postings import held_posts, transfer_posts
from lms.accounts.queries.transfers import is_stale, primary_on
from lms.accounts.rules import transfers as rules
from lms.accounts.rules.transfers import Kind, State
from lms.agencies.models import AgencyVersion
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean

MOVED_MEANWHILE = N_("Người này đã chuyển vị trí sau khi đề nghị được gửi, nên đề nghị không còn đúng; nếu còn cần, hãy gửi lại.")


@dataclass(frozen=True, slots=True)
class Wish:
    """What one side asks for: from day `on` the person belongs to `to_agency_id` (None: not known)."""

    person_id: UUID
    kind: Kind
    to_agency_id: UUID | None
    on: date
    note: str = ""


def request_transfer(session: Session, actor: Actor, wish: Wish, *, today: date, at: datetime) -> UUID:
    """Put a request before the other side; its id. Whether the actor may speak for the asking agency is the caller's to check. Raises
    NotFound; Conflict where a request about the person waits already, or they are where they should go; DomainError for a wrong day."""
    primary = next((post for post in held_posts(session, wish.person_id) if post.is_primary and post.holds(today)), None)
    if primary is None and wish.kind is Kind.NOT_OURS:
        raise NotFound
    if primary is not None and primary.agency_id == wish.to_agency_id:
        raise Conflict(N_("Người này đang ở chính cơ quan đó."), code="already_there", field="agency")
    rules.check_day(wish.on, primary.valid_from if primary else None, today)
    request_id = uuid7()
    values = {
        "person_id": wish.person_id,
        "kind": wish.kind.value,
        "from_agency_id": primary.agency_id if primary else None,
        "to_agency_id": wish.to_agency_id,
        "effective_on": wish.on,
        "note": clean(wish.note)[:500] or None,
    }
    try:
        with session.begin_nested():
            session.execute(
                insert(TransferRequest).values(
                    id=request_id, state=State.PENDING.value, requested_by=actor.person_id, requested_at=at, **values
                )
            )
    except IntegrityError as error:
        raise Conflict(N_("Đang có một đề nghị chờ duyệt về người này; chờ kết quả, hoặc rút đề nghị đó."), code="request_waits") from error
    audit.record(session, actor, "accounts.request_transfer", wish.person_id, at, request=str(request_id), **_told(values))
    return request_id


def approve_transfer(
    session: Session, actor: Actor, request_id: UUID, *, today: date, at: datetime, to_agency_id: UUID | None = None
) -> State:
    """Do what was asked: the old post ends, the new one begins, roles left behind end. `to_agency_id`: where the person goes, for a
    request that does not say; None then means that they leave without a new post. A request overtaken by events is closed instead;
    the state says which. Raises NotFound, Conflict (decided meanwhile), DomainError."""
    request = _pending(session, request_id)
    if _is_stale(session, request, today):
        close_request(session, actor, request, MOVED_MEANWHILE, at)
        return State.CLOSED
    target = request.to_agency_id or to_agency_id
    if target is not None and not _exists(session, target, request.effective_on):
        raise DomainError(
            N_("Cơ quan tiếp nhận không có vào ngày chuyển; từ chối đề nghị này và gửi lại."), code="no_agency", field="agency"
        )
    if request.from_agency_id is None and target is not None and not held_posts(session, request.person_id):
        raise DomainError(N_("Người này chưa từng có vị trí công tác; hãy thêm vị trí cho họ."), code="no_posting", field="on")
    transfer_posts(session, actor, request.person_id, target, on=request.effective_on, at=at)
    _decide(session, actor, request, State.APPROVED, at=at)
    if target != request.to_agency_id:
        session.execute(update(TransferRequest).where(TransferRequest.id == request_id).values(to_agency_id=target))
    return State.APPROVED


def refuse_transfer(session: Session, actor: Actor, request_id: UUID, reason: str, *, at: datetime) -> None:
    """Raises NotFound, Conflict (decided meanwhile), DomainError where no reason is given."""
    if not clean(reason):
        raise DomainError(N_("Chưa nhập lý do không duyệt"), code="reason_missing", field="reason")
    _decide(session, actor, _pending(session, request_id), State.REFUSED, at=at, reason=clean(reason)[:500])


def withdraw_transfer(session: Session, actor: Actor, request_id: UUID, *, at: datetime) -> None:
    """Raises NotFound, Conflict (decided meanwhile)."""
    _decide(session, actor, _pending(session, request_id), State.WITHDRAWN, at=at)


def close_request(session: Session, actor: Actor, request: TransferRequest, reason: str, at: datetime) -> None:
    """Close a request that makes no sense any more, saying why (a sentence marked with N_())."""
    _decide(session, actor, request, State.CLOSED, at=at, reason=reason)


def close_stale_requests(session: Session, actor: Actor, *, today: date, at: datetime) -> int:
    """Close what waits though the person has moved meanwhile; how many. One statement finds them."""
    stale = session.scalars(
        select(TransferRequest)
        .outerjoin(Posting, primary_on(TransferRequest.person_id, today))
        .where(TransferRequest.state == State.PENDING.value, is_stale())
        .with_for_update(of=TransferRequest, skip_locked=True)
        .execution_options(populate_existing=True)
    ).all()
    for request in stale:
        close_request(session, actor, request, MOVED_MEANWHILE, at)
    return len(stale)


def _pending(session: Session, request_id: UUID) -> TransferRequest:
    """The request, locked after its person: whoever merges persons locks in the same order. What somebody decided while this one waited
    is seen, whatever the session has read before."""
    person_id = session.scalar(select(TransferRequest.person_id).where(TransferRequest.id == request_id))
    session.execute(select(Person.id).where(Person.id == person_id).with_for_update())
    locked = select(TransferRequest).where(TransferRequest.id == request_id).with_for_update()
    request = session.execute(locked.execution_options(populate_existing=True)).scalar_one_or_none()
    if request is None:
        raise NotFound
    if request.state != State.PENDING.value:
        raise Conflict(N_("Đề nghị này vừa được giải quyết."), code="decided")
    return request


def _is_stale(session: Session, request: TransferRequest, today: date) -> bool:
    primary = next((post for post in held_posts(session, request.person_id) if post.is_primary and post.holds(today)), None)
    return (primary.agency_id if primary else None) != request.from_agency_id


def _exists(session: Session, agency_id: UUID, on: date) -> bool:
    found = select(AgencyVersion.id).where(
        AgencyVersion.agency_id == agency_id,
        AgencyVersion.valid_from <= on,
        AgencyVersion.valid_to > on,
        AgencyVersion.superseded_at.is_(None),
    )
    return session.scalar(found.limit(1)) is not None


def _decide(session: Session, actor: Actor, request: TransferRequest, state: State, *, at: datetime, reason: str | None = None) -> None:
    request.state, request.reason, request.decided_by, request.decided_at = state.value, reason, actor.person_id, at
    session.flush()
    audit.record(
        session,
        actor,
        f"accounts.transfer_{state.value}",
        request.person_id,
        at,
        request=str(request.id),
        reason=reason,
        before={"state": State.PENDING.value},
        after={"state": state.value},
    )


def _told(values: Mapping[str, object]) -> dict[str, str]:
    return {name: value if isinstance(value, str) else str(value) for name, value in values.items() if value is not None}


def note_lookup(session: Session, actor: Actor, by: str, found: Sequence[UUID], at: datetime) -> None:
    """Write down that somebody looked for a person of another agency: by what (never the value), and whom they found."""
    subject = str(found[0]) if len(found) == 1 else "-"
    audit.record(session, actor, "accounts.look_up_to_claim", subject, at, by=by, found=[str(each) for each in found])
