"""The common changes of organisation, one by one, for those who need no more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from uuid import UUID

from msgspec import UNSET
from sqlalchemy.orm import Session

from lms.agencies.operations.events import record_change
from lms.agencies.rules.events import NO_DECISION, Abolition, Amendment, Change, Code, Establishment, Merger, Recoding
from lms.agencies.rules.kinds import CodeScheme, Decision
from lms.kit.actors import SERVICE, Actor
from lms.kit.ids import uuid7


def establish_agency(
    session: Session,
    actor: Actor,
    *,
    name: str,
    kind: str,
    block: str,
    level: str,
    parent_id: UUID | None,
    on: date,
    at: datetime,
    code: str | None = None,
    short_name: str | None = None,
    decision: Decision = NO_DECISION,
) -> UUID:
    """A new agency from a day on; `code` in scheme qd20. Raises DomainError where the parent does not exist then,
    Conflict where the code is borne by another agency in these days."""
    agency_id = uuid7()
    details = Establishment(
        agency=agency_id,
        name=name,
        short_name=short_name,
        kind=kind,
        block=block,
        level=level,
        parent=parent_id,
        codes=(Code(CodeScheme.QD20.value, code),) if code is not None else (),
    )
    record_change(session, actor, Change(on, details, decision), at)
    return agency_id


def rename_agency(
    session: Session,
    actor: Actor,
    agency_id: UUID,
    *,
    name: str,
    on: date,
    at: datetime,
    short_name: str | None = None,
    decision: Decision = NO_DECISION,
) -> None:
    """Another name from a day on; without `short_name` the agency keeps the one it has. Raises DomainError."""
    details = Amendment(agency=agency_id, name=name, short_name=UNSET if short_name is None else short_name)
    record_change(session, actor, Change(on, details, decision), at)


def move_agency(
    session: Session,
    actor: Actor,
    agency_id: UUID,
    *,
    parent_id: UUID | None,
    on: date,
    at: datetime,
    decision: Decision = NO_DECISION,
) -> None:
    """Another parent from a day on, with all that is below. Raises DomainError: cycle, parent does not exist then."""
    record_change(session, actor, Change(on, Amendment(agency=agency_id, parent=parent_id), decision), at)


def abolish_agency(session: Session, actor: Actor, agency_id: UUID, *, on: date, at: datetime, decision: Decision = NO_DECISION) -> None:
    """The agency no longer exists from a day on, nor do its codes. Raises DomainError while anything is below it that day."""
    record_change(session, actor, Change(on, Abolition(agency=agency_id), decision), at)


def merge_agencies(
    session: Session,
    actor: Actor,
    predecessors: Sequence[UUID],
    *,
    into: UUID,
    on: date,
    at: datetime,
    decision: Decision = NO_DECISION,
) -> None:
    """The predecessors end on a day and live on in `into`, which takes over what was directly below them.

    Raises DomainError: merging into itself, an agency that does not exist that day, `into` below a predecessor.
    """
    record_change(session, actor, Change(on, Merger(agencies=tuple(predecessors), into=into), decision), at)


def assign_code(
    session: Session, agency_id: UUID, code: str, *, on: date, at: datetime, scheme: str = CodeScheme.QD20.value, actor: Actor = SERVICE
) -> None:
    """The agency bears a code from a day on, instead of those it had in the scheme. Raises Conflict where another bears it in these
    days, DomainError for a malformed one."""
    record_change(session, actor, Change(on, Recoding(agency=agency_id, scheme=scheme, code=code)), at)
