"""Signing in and out, passwords and the one-time codes that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, bindparam, case, delete, insert, literal, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.accounts.models import Account, ActivationCode, FailedAddress, PastPassword, SignIn, SignInStep, UnknownName
from lms.accounts.queries.sign_in import Invitation
from lms.accounts.rules import lockout, tokens
from lms.accounts.rules.lockout import Lock
from lms.accounts.rules.policy import Span
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.db import UTCDateTime
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.kit.outbox import emit_at_once

SIGNED_IN = "accounts.signed_in"  # the note of which the record store makes a statement
_AGENT_LENGTH = 300
_PAST = 24  # as many as the settings may ask for

# Written once: on the morning of a test everybody signs in.
_ACCOUNT = Account.__table__
_OPEN_ACCOUNT = (
    update(_ACCOUNT)  # type: ignore[arg-type]
    .where(
        _ACCOUNT.c.person_id == bindparam("of"),
        _ACCOUNT.c.disabled_at.is_(None),
        or_(_ACCOUNT.c.locked_until.is_(None), _ACCOUNT.c.locked_until <= bindparam("now")),
    )
    .values(failures=0, locked_until=None, last_sign_in_at=bindparam("now"))
)
_SIGN_IN = SignIn.__table__
_UNTIL = bindparam("until", type_=UTCDateTime())
_HOLD = (
    update(_SIGN_IN)  # type: ignore[arg-type]
    .where(_SIGN_IN.c.token_hash == bindparam("of"), _SIGN_IN.c.ended_at.is_(None))
    .values(
        expires_at=case((_SIGN_IN.c.expires_at < _UNTIL, _UNTIL), else_=_SIGN_IN.c.expires_at),
        idle_until=case((_SIGN_IN.c.idle_until < _UNTIL, _UNTIL), else_=_SIGN_IN.c.idle_until),
    )
)
_NEW_SESSION = insert(SignIn.__table__)  # type: ignore[arg-type]


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A fresh code; legible only here, so it is printed or never known."""

    person_id: UUID
    code: str


@dataclass(frozen=True, slots=True)
class Arrival:
    """How somebody came in. `own_machine`: theirs alone; `strong`: two factors were shown; `replaces`: hash of the session this
    browser had until now."""

    method: str
    own_machine: bool = False
    strong: bool = False
    remote_address: str | None = None
    user_agent: str | None = None
    replaces: str | None = None


def begin_sign_in(session: Session, actor: Actor, arrival: Arrival, span: Span, at: datetime) -> str | None:
    """Open a session for a person who proved who they are; returns its token. None where the account was locked or disabled in the
    meantime: of many tries at once none gets past the lock the others brought about."""
    connection = session.connection()
    opened = connection.execute(_OPEN_ACCOUNT, {"of": actor.person_id, "now": at}).rowcount
    if not opened:
        return None
    token = tokens.new_session_token()
    connection.execute(
        _NEW_SESSION,
        {
            "token_hash": tokens.token_hash(token),
            "person_id": actor.person_id,
            "created_at": at,
            "expires_at": span.until,
            "idle_until": span.idle_until,
            "managing_until": span.managing_until,
            "last_seen_at": at,
            "method": arrival.method,
            "strong": arrival.strong,
            "remote_address": arrival.remote_address,
            "user_agent": (arrival.user_agent or "")[:_AGENT_LENGTH] or None,
        },
    )
    if arrival.replaces is not None:
        replace_sign_in(session, arrival.replaces, at)
    emit_at_once(session, SIGNED_IN, {"person": str(actor.person_id), "method": arrival.method}, at)
    audit.record_at_once(session, actor, "accounts.sign_in", actor.person_id, at, method=arrival.method, own_machine=arrival.own_machine)
    return token


def replace_sign_in(session: Session, token_hash: str, at: datetime) -> None:
    """End the session a browser had until now, because somebody signs in in it."""
    session.execute(update(SignIn).where(SignIn.token_hash == token_hash, SignIn.ended_at.is_(None)).values(ended_at=at))


def note_seen(session: Session, token_hash: str, span: Span, at: datetime) -> None:
    """Write down when a session was last used, and until when it may now lie idle: never shorter than another request at the same time
    made it, which may be that of a test that just began."""
    idle = literal(span.idle_until, UTCDateTime())
    session.execute(
        update(SignIn)
        .where(SignIn.token_hash == token_hash, SignIn.ended_at.is_(None))
        .values(
            last_seen_at=at,
            idle_until=case((SignIn.idle_until > idle, SignIn.idle_until), else_=idle),
            managing_until=span.managing_until,
        )
    )


def hold_sign_in(session: Session, token_hash: str, until: datetime) -> None:
    """Keep a session open at least until a moment: somebody sits a test."""
    session.connection().execute(_HOLD, {"of": token_hash, "until": until})


def record_failure(
    session: Session, actor: Actor, person_id: UUID, lock: Lock, at: datetime, *, address_hash: str | None = None, what: str = "password"
) -> bool:
    """Count a wrong password or code in one statement; True where the account is locked from now on, or was already: then nothing is
    counted, so that of many tries at once exactly as many are answered as are allowed."""
    count_address(session, address_hash, at)
    counted = session.execute(
        update(Account)
        .where(Account.person_id == person_id, or_(Account.locked_until.is_(None), Account.locked_until <= at))
        .values(
            failures=case((Account.failures + 1 >= lock.tries, 0), else_=Account.failures + 1),
            locked_until=case((Account.failures + 1 >= lock.tries, literal(at + lock.lasts, UTCDateTime())), else_=Account.locked_until),
        )
        .returning(Account.locked_until)
    ).one_or_none()
    if counted is None:
        return True
    locked = lockout.is_locked(counted.locked_until, at)
    audit.record(session, actor, "accounts.sign_in_failed", person_id, at, what=what, locked=locked)
    return locked


def record_unknown_name(session: Session, name_hash: str, lock: Lock, at: datetime, *, address_hash: str | None = None) -> bool:
    """Count a password tried on a name that is nobody's, as `record_failure` does."""
    count_address(session, address_hash, at)
    locks = UnknownName.failures + 1 >= lock.tries
    counted = session.execute(
        _upsert(session, UnknownName)
        .values(name_hash=name_hash, failures=1, locked_until=None, counted_at=at)
        .on_conflict_do_update(
            index_elements=[UnknownName.name_hash],
            set_={
                "failures": case((locks, 0), else_=UnknownName.failures + 1),
                "locked_until": case((locks, literal(at + lock.lasts, UTCDateTime())), else_=UnknownName.locked_until),
                "counted_at": at,
            },
            where=or_(UnknownName.locked_until.is_(None), UnknownName.locked_until <= at),
        )
        .returning(UnknownName.locked_until)
    ).one_or_none()
    sweep(session, UnknownName.name_hash, UnknownName.counted_at < at - lockout.UNKNOWN_NAMES_KEPT)
    return counted is None or lockout.is_locked(counted.locked_until, at)


def count_address(session: Session, address_hash: str | None, at: datetime) -> None:
    """Count a failure from a network address, where all processes see it. A new count begins when the last one's time is over."""
    if address_hash is None:
        return
    over = FailedAddress.counted_until <= at
    until = at + lockout.ADDRESS_WINDOW
    session.execute(
        _upsert(session, FailedAddress)
        .values(address_hash=address_hash, failures=1, counted_until=until)
        .on_conflict_do_update(
            index_elements=[FailedAddress.address_hash],
            set_={
                "failures": case((over, 1), else_=FailedAddress.failures + 1),
                "counted_until": case((over, literal(until, UTCDateTime())), else_=FailedAddress.counted_until),
            },
        )
    )
    sweep(session, FailedAddress.address_hash, FailedAddress.counted_until <= at)


def sweep(session: Session, key: InstrumentedAttribute[str], over: ColumnElement[bool]) -> None:
    """Remove rows whose time is over, by the way and after one's own is written; those that somebody else holds at this moment are left
    for the next one, so that nobody waits for a stranger's failure, and no two for each other."""
    session.execute(delete(key.class_).where(key.in_(select(key).where(over).with_for_update(skip_locked=True))))


def _upsert(session: Session, model: type[Any]) -> Any:
    return (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(model)


def end_sign_in(session: Session, actor: Actor, token_hash: str, at: datetime) -> None:
    """End one of the actor's own sessions; nothing happens where it ended before or is somebody else's."""
    ended = session.execute(
        update(SignIn)
        .where(SignIn.token_hash == token_hash, SignIn.person_id == actor.person_id, SignIn.ended_at.is_(None))
        .values(ended_at=at)
        .returning(SignIn.person_id)
    ).all()
    if ended:
        audit.record(session, actor, "accounts.sign_out", actor.person_id, at)


def end_other_sign_ins(session: Session, actor: Actor, at: datetime, *, but: str) -> None:
    """Sign out everywhere but here."""
    assert actor.person_id is not None
    end_all_sign_ins(session, actor.person_id, at, but=but)
    audit.record(session, actor, "accounts.sign_out_everywhere", actor.person_id, at)


def end_all_sign_ins(session: Session, person_id: UUID, at: datetime, *, but: str | None = None) -> None:
    """End a person's sessions, all but the one with this token hash, and what was half-way to becoming one."""
    session.execute(delete(SignInStep).where(SignInStep.person_id == person_id))
    session.execute(
        update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None), SignIn.token_hash != (but or "")).values(ended_at=at)
    )


def change_password(session: Session, actor: Actor, password_hash: str, at: datetime, *, keep: str | None) -> None:
    """Store the hash of a new password and end every other session of this person."""
    assert actor.person_id is not None
    _replace_password(session, actor.person_id, password_hash, at)
    end_all_sign_ins(session, actor.person_id, at, but=keep)
    audit.record(session, actor, "accounts.change_password", actor.person_id, at)


def activate(session: Session, actor: Actor, invitation: Invitation, password_hash: str, at: datetime) -> None:
    """Use a slip up: the person has a password from now on. Raises Conflict where the slip was used in the meantime."""
    used = session.execute(
        update(ActivationCode)
        .where(ActivationCode.id == invitation.code_id, ActivationCode.used_at.is_(None), ActivationCode.revoked_at.is_(None))
        .values(used_at=at)
        .returning(ActivationCode.id)
    ).all()
    if not used:
        raise Conflict(N_("Mã kích hoạt vừa được dùng. Đăng nhập bằng mật khẩu đã chọn."), code="code_used")
    _replace_password(session, invitation.person_id, password_hash, at)
    session.execute(
        update(Account)
        .where(Account.person_id == invitation.person_id)
        .values(activated_at=at, last_sign_in_at=at, failures=0, locked_until=None)
    )
    end_all_sign_ins(session, invitation.person_id, at)
    audit.record(session, actor, "accounts.activate", invitation.person_id, at)


def _replace_password(session: Session, person_id: UUID, password_hash: str | None, at: datetime) -> None:
    """The password in use becomes one that was; None: there is none in its place yet."""
    old = session.scalar(select(Account.password_hash).where(Account.person_id == person_id).with_for_update())
    if old is not None:
        session.execute(insert(PastPassword).values(id=uuid7(), person_id=person_id, password_hash=old, replaced_at=at))
        kept = select(PastPassword.id).where(PastPassword.person_id == person_id).order_by(PastPassword.replaced_at.desc()).limit(_PAST)
        session.execute(delete(PastPassword).where(PastPassword.person_id == person_id, PastPassword.id.not_in(kept)))
    session.execute(
        update(Account)
        .where(Account.person_id == person_id)
        .values(password_hash=password_hash, password_set_at=at if password_hash else None)
    )


def issue_codes(session: Session, actor: Actor, person_ids: Iterable[UUID], at: datetime) -> list[IssuedCode]:
    """Make a fresh code for each person; codes issued to them before stop working. Who may be given one is the caller's to check."""
    people = list(person_ids)
    codes = [IssuedCode(person_id, tokens.new_activation_code()) for person_id in people]
    _revoke_codes(session, people, at)
    if codes:
        session.execute(
            insert(ActivationCode),
            [
                {
                    "id": uuid7(),
                    "person_id": issued.person_id,
                    "code_hash": tokens.code_hash(issued.code),
                    "issued_at": at,
                    "issued_by": actor.person_id,
                    "expires_at": at + tokens.CODE_LIFETIME,
                }
                for issued in codes
            ],
        )
    for person_id in people:
        audit.record(session, actor, "accounts.issue_code", person_id, at)
    return codes


def reset_password(session: Session, actor: Actor, person_id: UUID, at: datetime) -> IssuedCode:
    """Take the old password away, end the person's sessions, unlock, and make a code to choose a new one with."""
    had_password = session.scalar(select(Account.password_hash.is_not(None)).where(Account.person_id == person_id))
    _replace_password(session, person_id, None, at)
    session.execute(update(Account).where(Account.person_id == person_id).values(failures=0, locked_until=None))
    end_all_sign_ins(session, person_id, at)
    changed = {"before": {"password": had_password}, "after": {"password": False}}
    audit.record(session, actor, "accounts.reset_password", person_id, at, **changed)
    return issue_codes(session, actor, [person_id], at)[0]


def unlock(session: Session, actor: Actor, person_id: UUID, at: datetime) -> None:
    """Open a door that wrong passwords closed, before its ten minutes are over."""
    locked_until = session.scalar(select(Account.locked_until).where(Account.person_id == person_id))
    session.execute(update(Account).where(Account.person_id == person_id).values(failures=0, locked_until=None))
    changed = {"before": {"locked_until": locked_until.isoformat() if locked_until else None}, "after": {"locked_until": None}}
    audit.record(session, actor, "accounts.unlock", person_id, at, **changed)


def _revoke_codes(session: Session, person_ids: Sequence[UUID], at: datetime) -> None:
    for start in range(0, len(person_ids), 500):
        session.execute(
            update(ActivationCode)
            .where(
                ActivationCode.person_id.in_(person_ids[start : start + 500]),
                ActivationCode.used_at.is_(None),
                ActivationCode.revoked_at.is_(None),
            )
            .values(revoked_at=at)
        )
