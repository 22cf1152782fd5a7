"""Giving and taking roles."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import RoleGrant
from lms.accounts.rules import roles as rules
from lms.agencies.models import FOREVER, AgencyClosure
from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor, NotFound, Role
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7

_BATCH = 500  # people in one IN list


def grant_role(session: Session, actor: Actor, person_id: UUID, role: Role, agency_id: UUID | None, *, on: date, at: datetime) -> UUID:
    """Give a role over an agency's subtree (None: the whole province) from day `on`; the grant's id. Giving it twice changes nothing.
    Raises AccessDenied for a role above the actor's own, DomainError where the role needs an agency."""
    if not rules.may_give(actor.grants, role):
        raise AccessDenied
    if role is Role.LEARNER:
        raise DomainError(N_("Ai có tài khoản cũng là học viên; không cần giao vai trò này."), code="learner_is_everyone", field="role")
    if role in rules.NEEDS_AGENCY and agency_id is None:
        raise DomainError(N_("Chọn cơ quan mà vai trò này phụ trách."), code="agency_missing", field="agency")
    held = session.scalar(
        select(RoleGrant.id).where(
            RoleGrant.person_id == person_id,
            RoleGrant.role == role.value,
            RoleGrant.agency_id.is_(None) if agency_id is None else RoleGrant.agency_id == agency_id,
            RoleGrant.valid_to == FOREVER,
        )
    )
    if held is not None:
        return held
    grant_id = uuid7()
    session.execute(
        insert(RoleGrant).values(
            id=grant_id,
            person_id=person_id,
            role=role.value,
            agency_id=agency_id,
            valid_from=on,
            valid_to=FOREVER,
            granted_by=actor.person_id,
        )
    )
    audit.record(session, actor, "accounts.grant_role", person_id, at, role=role.value, agency=str(agency_id) if agency_id else None)
    return grant_id


def revoke_role(session: Session, actor: Actor, grant_id: UUID, *, on: date, at: datetime) -> None:
    """Take a role away from day `on`. Raises NotFound where there is none, AccessDenied for a role above the actor's own."""
    row = session.execute(select(RoleGrant).where(RoleGrant.id == grant_id, RoleGrant.valid_to > on)).scalar_one_or_none()
    if row is None:
        raise NotFound
    if not rules.may_give(actor.grants, Role(row.role)):
        raise AccessDenied
    _end(session, actor, row, on=on, at=at)


def end_roles_left_behind(session: Session, actor: Actor, moved: Mapping[UUID, UUID], *, on: date, at: datetime) -> None:
    """Who moves to another agency keeps no role over agencies it is not part of: they end on day `on`. `moved`: person → new agency.
    Roles over the whole province belong to no agency and stay."""
    people = list(moved)
    for start in range(0, len(people), _BATCH):
        part = people[start : start + _BATCH]
        held = session.scalars(
            select(RoleGrant).where(RoleGrant.person_id.in_(part), RoleGrant.agency_id.is_not(None), RoleGrant.valid_to > on)
        ).all()
        above = session.execute(
            select(AgencyClosure.ancestor_id, AgencyClosure.descendant_id).where(
                AgencyClosure.descendant_id.in_({moved[grant.person_id] for grant in held}),
                AgencyClosure.valid_from <= on,
                AgencyClosure.valid_to > on,
            )
        )
        covered = {tuple(row) for row in above}
        for grant in held:
            if (grant.agency_id, moved[grant.person_id]) not in covered:
                _end(session, actor, grant, on=on, at=at)


def _end(session: Session, actor: Actor, grant: RoleGrant, *, on: date, at: datetime) -> None:
    """End a grant on a day; one that would then have lasted no day is removed."""
    if grant.valid_from >= on:
        session.execute(delete(RoleGrant).where(RoleGrant.id == grant.id))
    else:
        session.execute(update(RoleGrant).where(RoleGrant.id == grant.id).values(valid_to=on))
    agency = str(grant.agency_id) if grant.agency_id else None
    audit.record(session, actor, "accounts.revoke_role", grant.person_id, at, role=grant.role, agency=agency)
