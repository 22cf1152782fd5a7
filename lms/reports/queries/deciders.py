"""Who may approve and publish."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, RoleGrant
from lms.accounts.queries.roles import effective
from lms.kit.actors import Role

DECIDING = frozenset({Role.DEPARTMENT, Role.SYSTEM})  # the roles that carry `reports.publish`, over the whole province


@dataclass(frozen=True, slots=True)
class Decider:
    id: UUID
    name: str


def deciders(session: Session, on: date) -> list[Decider]:
    """People who hold the permission on a day and have an account that opens."""
    rows = session.execute(
        select(Person.id, Person.full_name)
        .join(RoleGrant, RoleGrant.person_id == Person.id)
        .join(Account, Account.person_id == Person.id)
        .where(
            RoleGrant.role.in_(sorted(DECIDING)),
            RoleGrant.agency_id.is_(None),
            effective(on),
            Account.disabled_at.is_(None),
            Person.erased_at.is_(None),
            Person.merged_into_id.is_(None),
        )
        .distinct()
        .order_by(Person.full_name, Person.id)
    )
    return [Decider(*row) for row in rows]
