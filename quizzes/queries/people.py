"""Those who may answer for items."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, RoleGrant
from lms.kit.actors import Role


def possible_owners(session: Session, on: date) -> list[tuple[UUID, str]]:
    """Authors and department people of a day, by name."""
    granted = select(RoleGrant.person_id).where(
        RoleGrant.role.in_([Role.AUTHOR, Role.DEPARTMENT]), RoleGrant.valid_from <= on, RoleGrant.valid_to > on
    )
    rows = session.execute(
        select(Person.id, Person.full_name)
        .where(Person.id.in_(granted), Person.merged_into_id.is_(None))
        .order_by(Person.sort_key, Person.id)
        .limit(500)
    )
    return [(person, name) for person, name in rows]
