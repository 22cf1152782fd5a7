"""Who holds which role over what, on which days."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person, Posting, RoleGrant, SignIn
from lms.accounts.rules import roles as rules
from lms.agencies.models import AgencyClosure
from lms.agencies.queries import agency_names, within
from lms.kit.actors import Everywhere, NotFound, Role, Scope
from lms.kit.vietnamese import clean

DELEGATIONS = 200  # of one person, given and received


@dataclass(frozen=True, slots=True)
class GrantRow:
    """A role of a person; `valid_to` is the first day on which it no longer holds. `delegated_from`: the name of who handed it on."""

    id: UUID
    role: Role
    agency_id: UUID | None
    agency_name: str | None
    valid_from: date
    valid_to: date
    delegated_from: str | None = None
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DelegationRow:
    """A role handed on: `other` is the one it went to, or came from. `effective`: today it opens doors."""

    id: UUID
    role: Role
    agency_name: str | None
    other: str
    valid_from: date
    valid_to: date
    reason: str
    effective: bool


@dataclass(frozen=True, slots=True)
class ReviewRow:
    """A privileged role and what tells whether it is still needed."""

    id: UUID
    person_id: UUID
    full_name: str
    staff_code: str
    sort_key: str
    role: Role
    agency_id: UUID | None
    agency_name: str | None
    valid_from: date
    valid_to: date
    delegated: bool
    last_sign_in: datetime | None
    reviewed_at: datetime | None


def effective(on: Any, grant: type[RoleGrant] = RoleGrant) -> ColumnElement[bool]:
    """Does a grant open doors on a day? Its span covers the day, and where it was handed on, the one who did holds the role that day over
    the same agency or one above it. `on` may be a parameter."""
    own = aliased(RoleGrant)
    above = select(AgencyClosure.ancestor_id).where(
        AgencyClosure.ancestor_id == own.agency_id,
        AgencyClosure.descendant_id == grant.agency_id,
        AgencyClosure.valid_from <= on,
        AgencyClosure.valid_to > on,
    )
    held = (
        select(own.id)
        .where(
            own.person_id == grant.delegated_from,
            own.role == grant.role,
            own.delegated_from.is_(None),
            own.valid_from <= on,
            own.valid_to > on,
            or_(own.agency_id.is_(None), above.correlate(own, grant).exists()),
        )
        .correlate(grant)
    )
    return and_(grant.valid_from <= on, grant.valid_to > on, or_(grant.delegated_from.is_(None), held.exists()))


def grants_of_person(session: Session, person_id: UUID, on: date) -> list[GrantRow]:
    """Roles a person holds on a day or will hold, own and on somebody's behalf. Two statements."""
    giver = aliased(Person)
    rows = session.execute(
        select(RoleGrant, giver.full_name)
        .outerjoin(giver, giver.id == RoleGrant.delegated_from)
        .where(RoleGrant.person_id == person_id, RoleGrant.valid_to > on, or_(RoleGrant.valid_from > on, effective(on)))
        .order_by(RoleGrant.role, RoleGrant.valid_from, RoleGrant.id)
    ).all()
    names = agency_names(session, {grant.agency_id for grant, _ in rows if grant.agency_id}, on)
    return [
        GrantRow(
            grant.id,
            Role(grant.role),
            grant.agency_id,
            names.get(grant.agency_id) if grant.agency_id else None,
            grant.valid_from,
            grant.valid_to,
            name,
            grant.reason,
        )
        for grant, name in rows
    ]


def own_grants(session: Session, person_id: UUID, on: date) -> list[GrantRow]:
    """Roles a person may hand to a substitute on a day: delegable ones, held in their own right. Two statements."""
    rows = (
        session.execute(
            select(RoleGrant)
            .where(
                RoleGrant.person_id == person_id,
                RoleGrant.role.in_([role.value for role in rules.DELEGABLE]),
                RoleGrant.delegated_from.is_(None),
                RoleGrant.valid_from <= on,
                RoleGrant.valid_to > on,
            )
            .order_by(RoleGrant.role, RoleGrant.id)
        )
        .scalars()
        .all()
    )
    names = agency_names(session, {row.agency_id for row in rows if row.agency_id}, on)
    return [
        GrantRow(row.id, Role(row.role), row.agency_id, names.get(row.agency_id) if row.agency_id else None, row.valid_from, row.valid_to)
        for row in rows
    ]


def delegations_given(session: Session, person_id: UUID, on: date) -> list[DelegationRow]:
    """Roles a person handed on, newest first, those over included. Two statements."""
    return _delegations(session, RoleGrant.delegated_from == person_id, RoleGrant.person_id, on)


def delegations_received(session: Session, person_id: UUID, on: date) -> list[DelegationRow]:
    """Roles a person holds or held on somebody's behalf, newest first. Two statements."""
    return _delegations(session, RoleGrant.person_id == person_id, RoleGrant.delegated_from, on)


def substitute(session: Session, typed: str) -> UUID | None:
    """The person of a staff code as somebody types it; None where there is none."""
    code = clean(typed).upper().replace(" ", "")
    return session.scalar(select(Person.id).where(Person.staff_code == code))


def holds_post_in(session: Session, person_id: UUID, scope: Scope, on: date) -> bool:
    """Has a person a post within a scope on a day?"""
    return (
        session.scalar(
            select(Posting.id)
            .where(Posting.person_id == person_id, Posting.valid_from <= on, Posting.valid_to > on, within(Posting.agency_id, scope, on))
            .limit(1)
        )
        is not None
    )


def grants_to_review(
    session: Session, scope: Scope, on: date, *, overdue: bool = False, after: tuple[str, UUID] | None = None, limit: int = 50
) -> list[ReviewRow]:
    """Privileged roles over agencies within a scope that hold on a day or will, by name of the holder. Two statements. `overdue`: only
    those at which nobody has looked for six months."""
    last = select(func.max(SignIn.created_at)).where(SignIn.person_id == RoleGrant.person_id).correlate(RoleGrant).scalar_subquery()
    statement = (
        select(RoleGrant, Person.full_name, Person.staff_code, Person.sort_key, last.label("last_sign_in"))
        .join(Person, Person.id == RoleGrant.person_id)
        .where(*_reviewable(scope, on, overdue=overdue))
        .order_by(Person.sort_key, RoleGrant.id)
        .limit(limit)
    )
    if after is not None:
        key, grant_id = after
        statement = statement.where(or_(Person.sort_key > key, and_(Person.sort_key == key, RoleGrant.id > grant_id)))
    rows = session.execute(statement).all()
    names = agency_names(session, {row.RoleGrant.agency_id for row in rows if row.RoleGrant.agency_id}, on)
    return [
        ReviewRow(
            grant.id,
            grant.person_id,
            full_name,
            staff_code,
            sort_key,
            Role(grant.role),
            grant.agency_id,
            names.get(grant.agency_id) if grant.agency_id else None,
            grant.valid_from,
            grant.valid_to,
            grant.delegated_from is not None,
            last_sign_in,
            grant.reviewed_at,
        )
        for grant, full_name, staff_code, sort_key, last_sign_in in rows
    ]


def count_overdue_reviews(session: Session, scope: Scope, on: date) -> int:
    """How many privileged roles within a scope nobody has looked at for six months."""
    return session.scalar(select(func.count()).select_from(RoleGrant).where(*_reviewable(scope, on, overdue=True))) or 0


def reviewable_grant(session: Session, scope: Scope, grant_id: UUID, on: date) -> UUID:
    """The holder of a grant that may be reviewed within a scope. Raises NotFound for any other."""
    person_id = session.scalar(select(RoleGrant.person_id).where(RoleGrant.id == grant_id, *_reviewable(scope, on)))
    if person_id is None:
        raise NotFound
    return person_id


def _reviewable(scope: Scope, on: date, *, overdue: bool = False) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = [RoleGrant.valid_to > on]
    if not isinstance(scope, Everywhere):
        conditions.append(within(RoleGrant.agency_id, scope, on))  # a role over the whole province lies in no scope but the whole
    if overdue:
        since = on - rules.REVIEW_INTERVAL
        before = datetime.combine(since + timedelta(days=1), time.min, UTC)
        conditions.append(or_(RoleGrant.reviewed_at < before, and_(RoleGrant.reviewed_at.is_(None), RoleGrant.valid_from <= since)))
    return conditions


def _delegations(session: Session, condition: ColumnElement[bool], other: Any, on: date) -> list[DelegationRow]:
    statement = (
        select(RoleGrant, Person.full_name, effective(on).label("effective"))
        .join(Person, Person.id == other)
        .where(condition, RoleGrant.delegated_from.is_not(None))
        .order_by(RoleGrant.valid_from.desc(), RoleGrant.id.desc())
        .limit(DELEGATIONS)
    )
    rows: Sequence[Any] = session.execute(statement).all()
    names = agency_names(session, {grant.agency_id for grant, _, _ in rows if grant.agency_id}, on)
    return [
        DelegationRow(
            grant.id,
            Role(grant.role),
            names.get(grant.agency_id) if grant.agency_id else None,
            name,
            grant.valid_from,
            grant.valid_to,
            grant.reason or "",
            bool(is_effective),
        )
        for grant, name, is_effective in rows
    ]
