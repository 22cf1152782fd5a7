"""Second factors, passkeys, identities held elsewhere, and the half-done sign-ins that wait for them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Authenticator, FederatedIdentity, Passkey, RecoveryCode, SignIn, SignInStep
from lms.accounts.operations.sign_in import count_address, end_all_sign_ins, sweep
from lms.accounts.queries.second_factor import Step
from lms.accounts.rules import one_time_codes, tokens
from lms.accounts.rules.policy import STEP_LIFETIME
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict
from lms.kit.ids import uuid7
from lms.kit.secrets import vault_of

PASSKEYS = 10  # of one person


def begin_step(session: Session, kind: str, key: str, at: datetime, *, person_id: UUID | None = None, details: Mapping[str, Any]) -> None:
    """Keep one half of a sign-in until the other comes; `key` is what the other half must show. Those nobody finished are removed."""
    sweep(session, SignInStep.key_hash, SignInStep.expires_at <= at)
    session.execute(
        insert(SignInStep).values(
            key_hash=tokens.token_hash(key), kind=kind, person_id=person_id, details=dict(details), expires_at=at + STEP_LIFETIME
        )
    )


def finish_step(session: Session, kind: str, key: str, at: datetime) -> Step | None:
    """Take a half-done sign-in up, once: of two who show the same key, one gets nothing."""
    row = session.execute(
        delete(SignInStep)
        .where(SignInStep.key_hash == tokens.token_hash(key), SignInStep.kind == kind, SignInStep.expires_at > at)
        .returning(SignInStep.key_hash, SignInStep.person_id, SignInStep.details)
    ).one_or_none()
    return None if row is None else Step(*row)


def use_one_time_code(session: Session, person_id: UUID, step: int) -> bool:
    """Take a code that was right; False for one taken before, or older than one taken before."""
    taken = session.execute(
        update(Authenticator).where(Authenticator.person_id == person_id, Authenticator.last_step < step).values(last_step=step)
    )
    return bool(taken.rowcount)  # type: ignore[attr-defined]


def use_recovery_code(session: Session, actor: Actor, typed: str, at: datetime) -> bool:
    """Use a recovery code up; False for one that is not the person's or was used."""
    used = session.execute(
        update(RecoveryCode)
        .where(RecoveryCode.person_id == actor.person_id, RecoveryCode.code_hash == tokens.code_hash(typed), RecoveryCode.used_at.is_(None))
        .values(used_at=at)
    )
    if not used.rowcount:  # type: ignore[attr-defined]
        return False
    audit.record(session, actor, "accounts.use_recovery_code", actor.person_id, at)
    return True


def confirm_authenticator(session: Session, actor: Actor, secret: str, step: int, *, token_hash: str, at: datetime) -> list[str]:
    """From now on this application's codes are asked for; `step` is that of the code which proved it. Returns fresh recovery codes:
    legible only here. The session that did it has shown both factors."""
    replaced = session.execute(delete(Authenticator).where(Authenticator.person_id == actor.person_id)).rowcount  # type: ignore[attr-defined]
    session.execute(
        insert(Authenticator).values(
            person_id=actor.person_id, secret_sealed=vault_of(session).seal(secret), confirmed_at=at, last_step=step
        )
    )
    prove_session(session, token_hash)
    changed = {"before": {"second_factor": bool(replaced)}, "after": {"second_factor": True}}
    audit.record(session, actor, "accounts.confirm_authenticator", actor.person_id, at, **changed)
    return renew_recovery_codes(session, actor, at)


def renew_recovery_codes(session: Session, actor: Actor, at: datetime) -> list[str]:
    """Ten new codes; those before them stop working."""
    codes = one_time_codes.new_recovery_codes()
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == actor.person_id))
    session.execute(
        insert(RecoveryCode), [{"id": uuid7(), "person_id": actor.person_id, "code_hash": tokens.code_hash(code)} for code in codes]
    )
    audit.record(session, actor, "accounts.renew_recovery_codes", actor.person_id, at)
    return codes


def remove_authenticator(session: Session, actor: Actor, at: datetime) -> None:
    """Codes are no longer asked for, and recovery codes are of no use."""
    removed = session.execute(delete(Authenticator).where(Authenticator.person_id == actor.person_id)).rowcount  # type: ignore[attr-defined]
    session.execute(delete(RecoveryCode).where(RecoveryCode.person_id == actor.person_id))
    changed = {"before": {"second_factor": bool(removed)}, "after": {"second_factor": False}}
    audit.record(session, actor, "accounts.remove_authenticator", actor.person_id, at, **changed)


def prove_session(session: Session, token_hash: str) -> None:
    """A session in which a second factor was set up has shown it."""
    session.execute(update(SignIn).where(SignIn.token_hash == token_hash).values(strong=True))


def add_passkey(
    session: Session, actor: Actor, *, credential_id: str, public_key: bytes, sign_count: int, name: str, token_hash: str, at: datetime
) -> None:
    """Keep a passkey its owner just made. Raises Conflict where there are too many, or this one is known already."""
    held = session.scalars(
        select(Passkey.credential_id).where(or_(Passkey.person_id == actor.person_id, Passkey.credential_id == credential_id))
    ).all()
    if credential_id in held:
        raise Conflict(N_("Khóa truy cập này đã được đăng ký."), code="passkey_known")
    if len(held) >= PASSKEYS:
        raise Conflict(N_("Đã có %(count)s khóa truy cập. Xóa khóa không dùng nữa rồi thêm."), code="passkeys_many", count=PASSKEYS)
    session.execute(
        insert(Passkey).values(
            id=uuid7(),
            person_id=actor.person_id,
            credential_id=credential_id,
            public_key=public_key,
            sign_count=sign_count,
            name=name,
            created_at=at,
        )
    )
    prove_session(session, token_hash)
    audit.record(session, actor, "accounts.add_passkey", actor.person_id, at, name=name)


def use_passkey(session: Session, passkey_id: UUID, before: int, after: int, at: datetime) -> bool:
    """Write down a passkey's new count; False where it was used with the same count in the meantime: somebody has a copy."""
    used = session.execute(
        update(Passkey).where(Passkey.id == passkey_id, Passkey.sign_count == before).values(sign_count=after, last_used_at=at)
    )
    return bool(used.rowcount)  # type: ignore[attr-defined]


def remove_passkey(session: Session, actor: Actor, passkey_id: UUID, at: datetime) -> bool:
    """Remove one of the actor's own passkeys; False where there is none such."""
    name = session.execute(
        delete(Passkey).where(Passkey.id == passkey_id, Passkey.person_id == actor.person_id).returning(Passkey.name)
    ).scalar_one_or_none()
    if name is None:
        return False
    audit.record(session, actor, "accounts.remove_passkey", actor.person_id, at, name=name)
    return True


def refuse_passkey(session: Session, actor: Actor, person_id: UUID, at: datetime, *, reason: str, address_hash: str) -> None:
    """Write down that a passkey's answer was not believed, and count it against the address."""
    count_address(session, address_hash, at)
    audit.record(session, actor, "accounts.refuse_passkey", person_id, at, reason=reason)


def link_identity(session: Session, actor: Actor, issuer: str, subject: str, at: datetime) -> None:
    """From now on the provider's word about this subject is enough. Raises Conflict where the subject is somebody else already."""
    assert actor.person_id is not None
    known = session.scalar(
        select(FederatedIdentity.person_id).where(FederatedIdentity.issuer == issuer, FederatedIdentity.subject == subject)
    )
    if known is not None and known != actor.person_id:
        raise Conflict(N_("Tài khoản đăng nhập một lần này đã gắn với người khác."), code="identity_taken")
    if known is None:
        session.execute(
            insert(FederatedIdentity).values(issuer=issuer, subject=subject, person_id=actor.person_id, linked_at=at, last_used_at=at)
        )
        audit.record(session, actor, "accounts.link_identity", actor.person_id, at, issuer=issuer)


def unlink_identities(session: Session, actor: Actor, at: datetime) -> bool:
    """The provider's word no longer opens the actor's account; False where it did not. Raises Conflict where nothing else would."""
    others = select(Account.person_id).where(
        Account.person_id == actor.person_id, or_(Account.password_hash.is_not(None), exists().where(Passkey.person_id == actor.person_id))
    )
    if session.scalar(others) is None:
        raise Conflict(N_("Tài khoản chưa có mật khẩu hoặc khóa truy cập: gỡ thì không còn cách đăng nhập."), code="only_way_in")
    removed = session.scalars(
        delete(FederatedIdentity).where(FederatedIdentity.person_id == actor.person_id).returning(FederatedIdentity.issuer)
    ).all()
    if removed:
        audit.record(session, actor, "accounts.unlink_identity", actor.person_id, at, issuers=sorted(set(removed)))
    return bool(removed)


def refuse_single_sign_on(session: Session, actor: Actor, at: datetime, *, reason: str, issuer: str) -> None:
    """Write down why the provider's answer was not believed."""
    audit.record(session, actor, "accounts.refuse_single_sign_on", issuer, at, reason=reason)


def reset_second_factor(session: Session, actor: Actor, person_id: UUID, at: datetime) -> None:
    """Take away whatever a person proved themselves with besides the password, for one who lost it, and end their sessions."""
    removed: dict[str, int] = {}
    tables: Sequence[Any] = (Authenticator, RecoveryCode, Passkey, SignInStep)
    for table in tables:
        removed[table.__tablename__] = session.execute(delete(table).where(table.person_id == person_id)).rowcount  # type: ignore[attr-defined]
    end_all_sign_ins(session, person_id, at)
    audit.record(session, actor, "accounts.reset_second_factor", person_id, at, removed=removed)
