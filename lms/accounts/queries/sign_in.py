"""Reads around signing in."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, RoleGrant, SignIn
from lms.kit.access import Actor, Grant, Role

# Everyone is a learner for themselves, over no agency: a table that one day gives a learner a list must not thereby show the province.
NO_AGENCY = UUID(int=0)


def actor_of_token(session: Session, token_hash: str, at: datetime, on: date) -> Actor | None:
    """The person a session token stands for, with the roles held on day `on`; None where the session ended. One query."""
    rows = session.execute(
        select(Person.id, Person.full_name, Account.login_name, RoleGrant.role, RoleGrant.agency_id)
        .select_from(SignIn)
        .join(Person, Person.id == SignIn.person_id)
        .join(Account, Account.person_id == SignIn.person_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == SignIn.person_id, RoleGrant.valid_from <= on, RoleGrant.valid_to > on))
        .where(SignIn.token_hash == token_hash, SignIn.ended_at.is_(None), SignIn.expires_at > at, Account.disabled_at.is_(None))
    ).all()
    if not rows:
        return None
    held = tuple(Grant(Role(row.role), row.agency_id) for row in rows if row.role is not None)
    first = rows[0]
    return Actor(
        person_id=first.id,
        display_name=first.full_name,
        account_name=first.login_name,
        grants=(Grant(Role.LEARNER, NO_AGENCY), *held),
    )
