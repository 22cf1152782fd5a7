"""Reads around signing in."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, bindparam, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Account, ActivationCode, Person, RoleGrant, SignIn, UnknownName
from lms.kit.actors import Actor, Grant, Role
from lms.kit.vietnamese import clean, fold

# Everyone is a learner for themselves, over no agency: a table that one day gives a learner a list must not thereby show the province.
NO_AGENCY = UUID(int=0)


@dataclass(frozen=True, slots=True)
class Credentials:
    """What is needed to check a password."""

    person_id: UUID
    login_name: str
    full_name: str
    password_hash: str | None
    locked_until: datetime | None
    disabled: bool


@dataclass(frozen=True, slots=True)
class Invitation:
    """A slip that can still be used, and whose it is."""

    code_id: UUID
    person_id: UUID
    full_name: str
    login_name: str


@dataclass(frozen=True, slots=True)
class Device:
    """A place where a person is signed in."""

    token_hash: str
    since: datetime
    until: datetime
    remote_address: str | None
    user_agent: str | None


def actor_of_token(session: Session, token_hash: str, at: datetime, on: date) -> Actor | None:
    """The person a session token stands for, with the roles held on day `on`; None where the session ended. One query."""
    return _actor(session.execute(_BY_TOKEN, {"token_hash": token_hash, "at": at, "on": on}).all())


def actor_of_person(session: Session, person_id: UUID, on: date) -> Actor | None:
    """A person with the roles held on day `on`; None for one who may not sign in."""
    rows = session.execute(
        _with_roles(on, select(Person.id, Person.full_name, Account.login_name, RoleGrant.role, RoleGrant.agency_id)).where(
            Person.id == person_id, Account.disabled_at.is_(None)
        )
    ).all()
    return _actor(rows)


def _with_roles(on: Any, query: Any) -> Any:
    return (
        query.select_from(Person)
        .join(Account, Account.person_id == Person.id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, RoleGrant.valid_from <= on, RoleGrant.valid_to > on))
    )


# Written once: it runs on every request, and building it costs more than running it.
_BY_TOKEN = (
    _with_roles(bindparam("on"), select(Person.id, Person.full_name, Account.login_name, RoleGrant.role, RoleGrant.agency_id))
    .join(SignIn, SignIn.person_id == Person.id)
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > bindparam("at"),
        Account.disabled_at.is_(None),
    )
)


def _actor(rows: Sequence[Any]) -> Actor | None:
    if not rows:
        return None
    first = rows[0]
    held = tuple(Grant(Role(row.role), row.agency_id) for row in rows if row.role is not None)
    return Actor(
        person_id=first.id,
        display_name=first.full_name,
        account_name=first.login_name,
        grants=(Grant(Role.LEARNER, NO_AGENCY), *held),
    )


def credentials(session: Session, typed: str) -> Credentials | None:
    """The account of a typed login name or staff code; a login name wins where somebody's code reads the same."""
    login, code = fold(typed).replace(" ", ""), clean(typed).upper().replace(" ", "")
    rows = session.execute(
        select(Person.id, Person.full_name, Account.login_name, Account.password_hash, Account.locked_until, Account.disabled_at)
        .join(Account, Account.person_id == Person.id)
        .where(or_(Account.login_name == login, Person.staff_code == code))
    ).all()
    row = next((row for row in rows if row.login_name == login), rows[0] if rows else None)
    if row is None:
        return None
    return Credentials(row.id, row.login_name, row.full_name, row.password_hash, row.locked_until, row.disabled_at is not None)


def unknown_name_locked_until(session: Session, name_hash: str) -> datetime | None:
    """Until when a name that is nobody's is locked."""
    return session.scalar(select(UnknownName.locked_until).where(UnknownName.name_hash == name_hash))


def credentials_of(session: Session, person_id: UUID) -> Credentials:
    """The account of a person who has one."""
    row = session.execute(
        select(Person.full_name, Account.login_name, Account.password_hash, Account.locked_until, Account.disabled_at)
        .join(Account, Account.person_id == Person.id)
        .where(Person.id == person_id)
    ).one()
    return Credentials(person_id, row.login_name, row.full_name, row.password_hash, row.locked_until, row.disabled_at is not None)


def invitation(session: Session, code_hash: str, at: datetime) -> Invitation | None:
    """The slip with this code if it is unused, not replaced and not out of date."""
    row = session.execute(
        select(ActivationCode.id, Person.id.label("person_id"), Person.full_name, Account.login_name)
        .join(Person, Person.id == ActivationCode.person_id)
        .join(Account, Account.person_id == Person.id)
        .where(
            ActivationCode.code_hash == code_hash,
            ActivationCode.used_at.is_(None),
            ActivationCode.revoked_at.is_(None),
            ActivationCode.expires_at > at,
            Account.disabled_at.is_(None),
        )
    ).one_or_none()
    return None if row is None else Invitation(row.id, row.person_id, row.full_name, row.login_name)


def devices(session: Session, person_id: UUID, at: datetime) -> list[Device]:
    """Where a person is signed in now, newest first."""
    rows = session.execute(
        select(SignIn.token_hash, SignIn.created_at, SignIn.expires_at, SignIn.remote_address, SignIn.user_agent)
        .where(SignIn.person_id == person_id, SignIn.ended_at.is_(None), SignIn.expires_at > at)
        .order_by(SignIn.created_at.desc())
        .limit(50)
    )
    return [Device(*row) for row in rows]
