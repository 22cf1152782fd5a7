"""Requests to hand people over, as each side sees them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, case, func, or_, select
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.accounts.models import Person, Posting, TransferRequest
from lms.accounts.rules.transfers import Kind, State
from lms.agencies.queries import agency_names, within
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.audit import AuditEntry


@dataclass(frozen=True, slots=True)
class TransferRow:
    """A request; `may_decide`, `may_withdraw`: whether it is for the one who looks to do so. `stale`: the person moved meanwhile."""

    id: UUID
    kind: Kind
    state: State
    person_id: UUID
    full_name: str
    staff_code: str
    from_name: str | None
    to_name: str | None
    effective_on: date
    note: str | None
    reason: str | None
    requested_at: datetime
    decided_at: datetime | None
    may_decide: bool
    may_withdraw: bool
    stale: bool


def transfer_rows(session: Session, scope: Scope, on: date, *, waiting: bool, limit: int = 100) -> list[TransferRow]:
    """The requests that concern the scope, from either side: those that wait, the oldest first, or those that do not, the latest first.
    Two statements."""
    statement = _concerning(scope, on)
    if waiting:
        statement = statement.where(TransferRequest.state == State.PENDING.value).order_by(TransferRequest.requested_at, TransferRequest.id)
    else:
        statement = statement.where(TransferRequest.state != State.PENDING.value).order_by(
            TransferRequest.decided_at.desc(), TransferRequest.id
        )
    return _rows(session, statement.limit(limit), on)


def transfer_row(session: Session, scope: Scope, request_id: UUID, on: date) -> TransferRow:
    """One request. Raises NotFound where neither side lies in the scope."""
    rows = _rows(session, _concerning(scope, on).where(TransferRequest.id == request_id), on)
    if not rows:
        raise NotFound
    return rows[0]


def waiting_transfers(session: Session, scope: Scope, on: date) -> int:
    """How many requests wait for a decision from this scope. One statement."""
    return (
        session.scalar(
            select(func.count()).select_from(TransferRequest).where(TransferRequest.state == State.PENDING.value, _decides(scope, on))
        )
        or 0
    )


def recent_lookups(session: Session, person_id: UUID | None, since: datetime) -> int:
    """How often someone looked for people of other agencies, in order to claim them, since a moment."""
    return (
        session.scalar(
            select(func.count())
            .select_from(AuditEntry)
            .where(AuditEntry.action == "accounts.look_up_to_claim", AuditEntry.actor_id == person_id, AuditEntry.at >= since)
        )
        or 0
    )


def primary_on(person_id: InstrumentedAttribute[UUID], on: date) -> ColumnElement[bool]:
    """The condition that a row of Posting is the primary post of a person on a day."""
    return and_(Posting.person_id == person_id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on)


def is_stale() -> ColumnElement[bool]:
    """The condition that a request's person is not where they were, Posting being joined by `primary_on`."""
    return or_(
        and_(TransferRequest.from_agency_id.is_(None), Posting.id.is_not(None)),
        and_(TransferRequest.from_agency_id.is_not(None), or_(Posting.id.is_(None), Posting.agency_id != TransferRequest.from_agency_id)),
    )


def _decides(scope: Scope, on: date) -> ColumnElement[bool]:
    """Is it this scope that decides? The whole province decides about everything."""
    return or_(
        and_(TransferRequest.kind == Kind.CLAIM.value, within(TransferRequest.from_agency_id, scope, on)),
        and_(TransferRequest.kind == Kind.NOT_OURS.value, within(TransferRequest.to_agency_id, scope, on)),
    )


def _asks(scope: Scope, on: date) -> ColumnElement[bool]:
    return or_(
        and_(TransferRequest.kind == Kind.CLAIM.value, within(TransferRequest.to_agency_id, scope, on)),
        and_(TransferRequest.kind == Kind.NOT_OURS.value, within(TransferRequest.from_agency_id, scope, on)),
    )


def _concerning(scope: Scope, on: date) -> Select[Any]:
    # A condition that is NULL for an unknown agency is not true: it is read as “no”.
    statement = (
        select(
            TransferRequest,
            Person.full_name,
            Person.staff_code,
            case((_decides(scope, on), 1), else_=0).label("decides"),
            case((_asks(scope, on), 1), else_=0).label("asks"),
            case((is_stale(), 1), else_=0).label("stale"),
        )
        .join(Person, Person.id == TransferRequest.person_id)
        .outerjoin(Posting, primary_on(TransferRequest.person_id, on))
    )
    return statement if isinstance(scope, Everywhere) else statement.where(or_(_decides(scope, on), _asks(scope, on)))


def _rows(session: Session, statement: Select[Any], on: date) -> list[TransferRow]:
    found = session.execute(statement).all()
    agencies = {agency for row in found for agency in (row[0].from_agency_id, row[0].to_agency_id) if agency}
    names = agency_names(session, agencies, on)
    return [
        TransferRow(
            id=request.id,
            kind=Kind(request.kind),
            state=State(request.state),
            person_id=request.person_id,
            full_name=full_name,
            staff_code=staff_code,
            from_name=names.get(request.from_agency_id),
            to_name=names.get(request.to_agency_id),
            effective_on=request.effective_on,
            note=request.note,
            reason=request.reason,
            requested_at=request.requested_at,
            decided_at=request.decided_at,
            may_decide=bool(decides) and request.state == State.PENDING,
            may_withdraw=bool(asks) and request.state == State.PENDING,
            stale=bool(stale) and request.state == State.PENDING,
        )
        for request, full_name, staff_code, decides, asks, stale in found
    ]
