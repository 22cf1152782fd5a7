"""Reads around second factors, passkeys and identities held elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Authenticator, FederatedIdentity, Passkey, RecoveryCode, SignInStep
from lms.accounts.rules.tokens import token_hash
from lms.kit.secrets import vault_of


@dataclass(frozen=True, slots=True)
class PasskeyView:
    """A passkey as its owner knows it."""

    id: UUID
    name: str
    created_at: datetime
    last_used_at: datetime | None


@dataclass(frozen=True, slots=True)
class Factors:
    """What a person proves themselves with besides the password."""

    authenticator_since: datetime | None
    recovery_codes: int
    passkeys: Sequence[PasskeyView]
    linked: bool

    @property
    def any(self) -> bool:
        return self.authenticator_since is not None or bool(self.passkeys)


@dataclass(frozen=True, slots=True)
class LinkedIdentity:
    """An identity of a provider that opens an account here."""

    issuer: str
    subject: str
    linked_at: datetime


@dataclass(frozen=True, slots=True)
class StoredPasskey:
    """What is needed to check a passkey's answer."""

    id: UUID
    person_id: UUID
    public_key: bytes
    sign_count: int


@dataclass(frozen=True, slots=True)
class Step:
    """A half-done sign-in; `key_hash` names it."""

    key_hash: str
    person_id: UUID | None
    details: dict[str, Any]


def factors(session: Session, person_id: UUID) -> Factors:
    """Four small look-ups, on the pages of one's own account alone."""
    keys = session.execute(
        select(Passkey.id, Passkey.name, Passkey.created_at, Passkey.last_used_at)
        .where(Passkey.person_id == person_id)
        .order_by(Passkey.created_at)
    )
    return Factors(
        session.scalar(select(Authenticator.confirmed_at).where(Authenticator.person_id == person_id)),
        session.scalar(
            select(func.count()).select_from(RecoveryCode).where(RecoveryCode.person_id == person_id, RecoveryCode.used_at.is_(None))
        )
        or 0,
        [PasskeyView(*row) for row in keys],
        session.scalar(select(FederatedIdentity.subject).where(FederatedIdentity.person_id == person_id).limit(1)) is not None,
    )


def authenticator_secret(session: Session, person_id: UUID) -> str | None:
    """The secret of a person's authenticator, legible."""
    sealed = session.scalar(select(Authenticator.secret_sealed).where(Authenticator.person_id == person_id))
    return None if sealed is None else vault_of(session).unseal(sealed)


def passkey(session: Session, credential_id: str) -> StoredPasskey | None:
    row = session.execute(
        select(Passkey.id, Passkey.person_id, Passkey.public_key, Passkey.sign_count).where(Passkey.credential_id == credential_id)
    ).one_or_none()
    return None if row is None else StoredPasskey(*row)


def credential_ids(session: Session, person_id: UUID) -> list[str]:
    return list(session.scalars(select(Passkey.credential_id).where(Passkey.person_id == person_id)))


def federated_person(session: Session, issuer: str, subject: str) -> UUID | None:
    """Who a subject of an identity provider is here."""
    return session.scalar(
        select(FederatedIdentity.person_id).where(FederatedIdentity.issuer == issuer, FederatedIdentity.subject == subject)
    )


def identities(session: Session, person_id: UUID) -> list[LinkedIdentity]:
    """The identities elsewhere that open a person's account, oldest first."""
    rows = session.execute(
        select(FederatedIdentity.issuer, FederatedIdentity.subject, FederatedIdentity.linked_at)
        .where(FederatedIdentity.person_id == person_id)
        .order_by(FederatedIdentity.linked_at)
    )
    return [LinkedIdentity(*row) for row in rows]


def waiting_step(session: Session, kind: str, key: str, at: datetime) -> Step | None:
    """A half-done sign-in that can still be finished."""
    row = session.execute(
        select(SignInStep.key_hash, SignInStep.person_id, SignInStep.details).where(
            SignInStep.key_hash == token_hash(key), SignInStep.kind == kind, SignInStep.expires_at > at
        )
    ).one_or_none()
    return None if row is None else Step(*row)
