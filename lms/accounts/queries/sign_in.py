"""Reads around signing in."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from functools import lru_cache
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, String, and_, bindparam, case, exists, literal_column, or_, select, true, union_all
from sqlalchemy.orm import Session

from lms.accounts.models import (
    Account,
    ActivationCode,
    Authenticator,
    FailedAddress,
    Passkey,
    PastPassword,
    Person,
    RoleGrant,
    SignIn,
    UnknownName,
)
from lms.accounts.queries.roles import effective
from lms.accounts.rules.policy import Span, is_privileged
from lms.kit.actors import Actor, Grant, Role
from lms.kit.vietnamese import clean, fold

# Everyone is a learner for themselves, over no agency: a table that one day gives a learner a list must not thereby show the province.
NO_AGENCY = UUID(int=0)
Question = Callable[[ColumnElement[UUID]], ColumnElement[bool]]  # of the person whose account is met at the door


@dataclass(frozen=True, slots=True)
class Credentials:
    """An account as it is met at the door: what opens it, what bars it, and who it would be. `role_since`: the day the latest of the
    roles began, None for a learner. `unseen`: the first of the questions asked with it that is true of its person."""

    person_id: UUID
    login_name: str
    full_name: str
    password_hash: str | None
    locked_until: datetime | None
    disabled: bool
    password_set_at: datetime | None
    last_sign_in_at: datetime | None
    has_authenticator: bool
    has_passkey: bool
    grants: tuple[Grant, ...]
    role_since: date | None
    unseen: int | None

    @property
    def privileged(self) -> bool:
        return is_privileged(self.grants)

    @property
    def has_second_factor(self) -> bool:
        return self.has_authenticator or self.has_passkey

    def actor(self) -> Actor:
        return Actor(self.person_id, self.full_name, self.login_name, self.grants)


@dataclass(frozen=True, slots=True)
class Door:
    """What is known when somebody typed a name: whose it is, until when it is locked, and how the address behaved."""

    account: Credentials | None
    locked_until: datetime | None
    address_failures: int


@dataclass(frozen=True, slots=True)
class OpenSession:
    """A session that has not ended, and whose it is."""

    actor: Actor
    span: Span
    since: datetime
    last_seen_at: datetime | None
    method: str | None
    strong: bool
    password_set_at: datetime | None


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
    last_seen_at: datetime | None
    remote_address: str | None
    user_agent: str | None


def session_of_token(session: Session, token_hash: str, at: datetime, on: date) -> OpenSession | None:
    """The session a token stands for, with its person's roles on day `on`; None where it ended or lay idle too long. One query."""
    rows = session.connection().execute(_BY_TOKEN, {"token_hash": token_hash, "at": at, "on": on}).all()
    actor = _actor(rows)
    if actor is None:
        return None
    first = rows[0]
    return OpenSession(
        actor=actor,
        span=Span(first.expires_at, first.idle_until, first.managing_until),
        since=first.created_at,
        last_seen_at=first.last_seen_at,
        method=first.method,
        strong=first.strong,
        password_set_at=first.password_set_at,
    )


def person_of_token(session: Session, token_hash: str) -> UUID | None:
    """Whose session a token stood for, also after it ended."""
    return session.scalar(select(SignIn.person_id).where(SignIn.token_hash == token_hash))


def actor_of_person(session: Session, person_id: UUID, on: date) -> Actor | None:
    """A person with the roles held on day `on`; None for one who may not sign in."""
    rows = session.execute(
        _with_roles(
            on, select(Person.id, Person.full_name, Account.login_name, RoleGrant.role, RoleGrant.agency_id, RoleGrant.delegated_from)
        ).where(Person.id == person_id, Account.disabled_at.is_(None))
    ).all()
    return _actor(rows)


def _with_roles(on: Any, query: Any) -> Any:
    return (
        query.select_from(Person)
        .join(Account, Account.person_id == Person.id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, effective(on)))
    )


# Written once: it runs on every request, and building it costs more than running it. Run on the connection: plain columns need nothing of
# what a session does for objects.
_BY_TOKEN = (
    _with_roles(
        bindparam("on"),
        select(
            Person.id,
            Person.full_name,
            Account.login_name,
            Account.password_set_at,
            RoleGrant.role,
            RoleGrant.agency_id,
            RoleGrant.delegated_from,
            SignIn.created_at,
            SignIn.expires_at,
            SignIn.idle_until,
            SignIn.managing_until,
            SignIn.last_seen_at,
            SignIn.method,
            SignIn.strong,
        ),
    )
    .join(SignIn, SignIn.person_id == Person.id)
    .where(
        SignIn.token_hash == bindparam("token_hash"),
        SignIn.ended_at.is_(None),
        SignIn.expires_at > bindparam("at"),
        or_(SignIn.idle_until.is_(None), SignIn.idle_until > bindparam("at")),
        Account.disabled_at.is_(None),
    )
)


def _actor(rows: Sequence[Any]) -> Actor | None:
    if not rows:
        return None
    first = rows[0]
    return Actor(person_id=first.id, display_name=first.full_name, account_name=first.login_name, grants=_grants(rows))


def _grants(rows: Sequence[Any]) -> tuple[Grant, ...]:
    held = tuple(Grant(Role(row.role), row.agency_id, row.delegated_from is not None) for row in rows if row.role is not None)
    return (Grant(Role.LEARNER, NO_AGENCY), *held)


_ACCOUNT = (
    Person.id,
    Person.full_name,
    Account.login_name,
    Account.password_hash,
    Account.locked_until,
    Account.disabled_at,
    Account.password_set_at,
    Account.last_sign_in_at,
    exists().where(Authenticator.person_id == Account.person_id).label("has_authenticator"),
    exists().where(Passkey.person_id == Account.person_id).label("has_passkey"),
    RoleGrant.role,
    RoleGrant.agency_id,
    RoleGrant.delegated_from,
    RoleGrant.valid_from,
)
# The name's own two rows first, so that a name that is nobody's still answers with a line.
_TYPED = select(
    bindparam("name_hash", type_=String()).label("name_hash"), bindparam("address_hash", type_=String()).label("address_hash")
).subquery()
# Two indexed look-ups; one condition over both tables would read all people.
_NAMED = union_all(
    select(Account.person_id.label("id"), literal_column("0").label("rank")).where(Account.login_name == bindparam("login")),
    select(Person.id.label("id"), literal_column("1").label("rank")).where(Person.staff_code == bindparam("code")),
).subquery()


@lru_cache(maxsize=4)  # the questions are those of the features, and building the statement costs more than running it
def _door(questions: Sequence[Question]) -> Any:
    return (
        select(
            UnknownName.locked_until.label("unknown_until"),
            FailedAddress.failures,
            FailedAddress.counted_until,
            _NAMED.c.rank,
            *_ACCOUNT,
            *_asked(questions),
        )
        .select_from(_TYPED)
        .outerjoin(UnknownName, UnknownName.name_hash == _TYPED.c.name_hash)
        .outerjoin(FailedAddress, FailedAddress.address_hash == _TYPED.c.address_hash)
        .outerjoin(_NAMED, true())
        .outerjoin(Account, Account.person_id == _NAMED.c.id)
        .outerjoin(Person, Person.id == Account.person_id)
        .outerjoin(RoleGrant, and_(RoleGrant.person_id == Person.id, effective(bindparam("on"))))
    )


@lru_cache(maxsize=4)
def _by_person(questions: Sequence[Question]) -> Any:
    columns = select(*_ACCOUNT, *_asked(questions))
    return _with_roles(bindparam("on"), columns).where(Person.id == bindparam("person_id"))


def _asked(questions: Sequence[Question]) -> list[ColumnElement[int | None]]:
    """The number of the first question that is true of the person, if any is."""
    if not questions:
        return [literal_column("NULL").label("unseen")]
    person_id = Account.__table__.c.person_id
    return [case(*((question(person_id), literal_column(str(number))) for number, question in enumerate(questions))).label("unseen")]


def door(
    session: Session, typed: str, *, name_hash: str, address_hash: str, at: datetime, on: date, questions: tuple[Question, ...] = ()
) -> Door:
    """What a typed login name or staff code meets; a login name wins where somebody's code reads the same. One query, which asks the
    same of every name, whether it is somebody's or not."""
    values = {
        "name_hash": name_hash,
        "address_hash": address_hash,
        "login": fold(typed).replace(" ", ""),
        "code": clean(typed).upper().replace(" ", ""),
        "on": on,
    }
    rows = session.connection().execute(_door(questions), values).all()
    first = rows[0]
    flooding = first.failures if first.counted_until is not None and first.counted_until > at else 0
    best = min((row.rank for row in rows if row.id is not None), default=None)
    account = None if best is None else _credentials([row for row in rows if row.rank == best])
    return Door(account, account.locked_until if account else first.unknown_until, flooding)


def account_of(session: Session, person_id: UUID, on: date, questions: tuple[Question, ...] = ()) -> Credentials:
    """The account of a person who has one, as `door` gives it."""
    return _credentials(session.execute(_by_person(questions), {"person_id": person_id, "on": on}).all())


def _credentials(rows: Sequence[Any]) -> Credentials:
    first = rows[0]
    return Credentials(
        person_id=first.id,
        login_name=first.login_name,
        full_name=first.full_name,
        password_hash=first.password_hash,
        locked_until=first.locked_until,
        disabled=first.disabled_at is not None,
        password_set_at=first.password_set_at,
        last_sign_in_at=first.last_sign_in_at,
        has_authenticator=first.has_authenticator,
        has_passkey=first.has_passkey,
        grants=_grants(rows),
        role_since=max((row.valid_from for row in rows if row.role is not None), default=None),
        unseen=first.unseen,
    )


def address_failures(session: Session, address_hash: str, at: datetime) -> int:
    """How often an address failed of late."""
    return (
        session.scalar(select(FailedAddress.failures).where(FailedAddress.address_hash == address_hash, FailedAddress.counted_until > at))
        or 0
    )


def past_passwords(session: Session, person_id: UUID, count: int) -> list[str]:
    """The hashes of the password in use and of those before it, `count` in all, newest first."""
    if not count:
        return []
    present = session.scalar(select(Account.password_hash).where(Account.person_id == person_id))
    before = session.scalars(
        select(PastPassword.password_hash)
        .where(PastPassword.person_id == person_id)
        .order_by(PastPassword.replaced_at.desc())
        .limit(count - 1)
    )
    return [*([present] if present else []), *before]


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
        select(SignIn.token_hash, SignIn.created_at, SignIn.expires_at, SignIn.last_seen_at, SignIn.remote_address, SignIn.user_agent)
        .where(
            SignIn.person_id == person_id,
            SignIn.ended_at.is_(None),
            SignIn.expires_at > at,
            or_(SignIn.idle_until.is_(None), SignIn.idle_until > at),
        )
        .order_by(SignIn.created_at.desc())
        .limit(50)
    )
    return [Device(*row) for row in rows]
