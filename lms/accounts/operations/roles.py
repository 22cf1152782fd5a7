"""Giving and taking roles."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import RoleGrant
from lms.accounts.rules import roles as rules
from lms.agencies.models import FOREVER
from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor, NotFound, Role
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7


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
    if row.valid_from >= on:
        session.execute(delete(RoleGrant).where(RoleGrant.id == grant_id))
    else:
        session.execute(update(RoleGrant).where(RoleGrant.id == grant_id).values(valid_to=on))
    audit.record(
        session, actor, "accounts.revoke_role", row.person_id, at, role=row.role, agency=str(row.agency_id) if row.agency_id else None
    )
