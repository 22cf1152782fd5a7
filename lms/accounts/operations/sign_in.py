"""Signing in and out, passwords and the one-time codes that lead to them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import case, delete, insert, literal, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.accounts.models import Account, ActivationCode, SignIn, UnknownName
from lms.accounts.queries.sign_in import Invitation
from lms.accounts.rules import lockout, tokens
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.db import UTCDateTime
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7

_AGENT_LENGTH = 300


@dataclass(frozen=True, slots=True)
class IssuedCode:
    """A fresh code; legible only here, so it is printed or never known."""

    person_id: UUID
    code: str


def begin_sign_in(
    session: Session, actor: Actor, *, remember: bool, remote_address: str | None, user_agent: str | None, at: datetime
) -> str:
    """Open a session for a person whose password or code was right; returns its token. `remember`: the machine is the person's own."""
    assert actor.person_id is not None
    token = tokens.new_session_token()
    lifetime = tokens.SESSION_OWN_MACHINE if remember else tokens.SESSION_SHARED_MACHINE
    session.execute(
        insert(SignIn).values(
            token_hash=tokens.token_hash(token),
            person_id=actor.person_id,
            created_at=at,
            expires_at=at + lifetime,
            remote_address=remote_address,
            user_agent=(user_agent or "")[:_AGENT_LENGTH] or None,
        )
    )
    session.execute(update(Account).where(Account.person_id == actor.person_id).values(failures=0, locked_until=None))
    audit.record(session, actor, "accounts.sign_in", actor.person_id, at, remember=remember)
    return token


def record_failure(session: Session, actor: Actor, person_id: UUID, at: datetime) -> bool:
    """Count a wrong password in one statement; True where this one locked the account."""
    locked_until = session.execute(
        update(Account)
        .where(Account.person_id == person_id)
        .values(
            failures=case((Account.failures + 1 >= lockout.FAILURES_BEFORE_LOCK, 0), else_=Account.failures + 1),
            locked_until=case(
                (Account.failures + 1 >= lockout.FAILURES_BEFORE_LOCK, literal(at + lockout.LOCK, UTCDateTime())),
                else_=Account.locked_until,
            ),
        )
        .returning(Account.locked_until)
    ).scalar_one()
    locked = lockout.is_locked(locked_until, at)
    audit.record(session, actor, "accounts.sign_in_failed", person_id, at, locked=locked)
    return locked


def record_unknown_name(session: Session, name_hash: str, at: datetime) -> bool:
    """Count a password tried on a name that is nobody's, as `record_failure` does; True where this one locked the name."""
    session.execute(delete(UnknownName).where(UnknownName.counted_at < at - lockout.UNKNOWN_NAMES_KEPT))
    insert_or_update = (postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert)(UnknownName)
    locks = UnknownName.failures + 1 >= lockout.FAILURES_BEFORE_LOCK
    locked_until = session.execute(
        insert_or_update.values(name_hash=name_hash, failures=1, locked_until=None, counted_at=at)
        .on_conflict_do_update(
            index_elements=[UnknownName.name_hash],
            set_={
                "failures": case((locks, 0), else_=UnknownName.failures + 1),
                "locked_until": case((locks, literal(at + lockout.LOCK, UTCDateTime())), else_=UnknownName.locked_until),
                "counted_at": at,
            },
        )
        .returning(UnknownName.locked_until)
    ).scalar_one()
    return lockout.is_locked(locked_until, at)


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


def end_all_sign_ins(session: Session, person_id: UUID, at: datetime, *, but: str | None = None) -> None:
    """End a person's sessions, all but the one with this token hash."""
    session.execute(
        update(SignIn).where(SignIn.person_id == person_id, SignIn.ended_at.is_(None), SignIn.token_hash != (but or "")).values(ended_at=at)
    )


def change_password(session: Session, actor: Actor, password_hash: str, at: datetime, *, keep: str | None) -> None:
    """Store the hash of a new password and end every other session of this person."""
    assert actor.person_id is not None
    session.execute(update(Account).where(Account.person_id == actor.person_id).values(password_hash=password_hash))
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
    session.execute(
        update(Account)
        .where(Account.person_id == invitation.person_id)
        .values(password_hash=password_hash, activated_at=at, failures=0, locked_until=None)
    )
    end_all_sign_ins(session, invitation.person_id, at)
    audit.record(session, actor, "accounts.activate", invitation.person_id, at)


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
    session.execute(update(Account).where(Account.person_id == person_id).values(password_hash=None, failures=0, locked_until=None))
    end_all_sign_ins(session, person_id, at)
    audit.record(session, actor, "accounts.reset_password", person_id, at)
    return issue_codes(session, actor, [person_id], at)[0]


def unlock(session: Session, actor: Actor, person_id: UUID, at: datetime) -> None:
    """Open a door that wrong passwords closed, before its ten minutes are over."""
    session.execute(update(Account).where(Account.person_id == person_id).values(failures=0, locked_until=None))
    audit.record(session, actor, "accounts.unlock", person_id, at)


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
