"""How people get in: accounts, slips, sessions."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, false
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Account(Base):
    """How a person signs in with a password. No hash: not activated yet."""

    __tablename__ = "account"

    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), primary_key=True)
    login_name: Mapped[str] = mapped_column(unique=True)
    password_hash: Mapped[str | None]
    activated_at: Mapped[datetime | None]
    disabled_at: Mapped[datetime | None]
    failures: Mapped[int] = mapped_column(default=0)
    locked_until: Mapped[datetime | None]
    password_set_at: Mapped[datetime | None]
    last_sign_in_at: Mapped[datetime | None]


class PastPassword(Base):
    """The hash of a password a person had before: the last few may not be chosen again."""

    __tablename__ = "past_password"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    password_hash: Mapped[str]
    replaced_at: Mapped[datetime]


class ActivationCode(Base):
    """A one-time code on a printed slip (phiếu cấp tài khoản); only its SHA-256 is kept."""

    __tablename__ = "activation_code"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    code_hash: Mapped[str] = mapped_column(unique=True)
    issued_at: Mapped[datetime]
    issued_by: Mapped[UUID | None]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]


class SignIn(Base):
    """A signed-in session; the cookie carries a token, this row its SHA-256, so that it can be listed and ended."""

    __tablename__ = "sign_in"

    token_hash: Mapped[str] = mapped_column(primary_key=True)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    created_at: Mapped[datetime]
    expires_at: Mapped[datetime]
    ended_at: Mapped[datetime | None]
    remote_address: Mapped[str | None]
    user_agent: Mapped[str | None]
    method: Mapped[str | None]  # password, slip, passkey or single_sign_on
    strong: Mapped[bool] = mapped_column(default=False, server_default=false())  # two factors were shown
    last_seen_at: Mapped[datetime | None]  # to a few minutes
    idle_until: Mapped[datetime | None]  # null: does not end by lying idle
    managing_until: Mapped[datetime | None]  # from then on managing pages ask to sign in again; null: never


class SignInStep(Base):
    """One half of getting in that waits for the other: a right password for its code, a request to the identity provider for its
    answer, a challenge for a passkey. Used once: what answers it deletes it."""

    __tablename__ = "sign_in_step"

    key_hash: Mapped[str] = mapped_column(primary_key=True)
    kind: Mapped[str]
    person_id: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    details: Mapped[dict[str, Any]]
    expires_at: Mapped[datetime] = mapped_column(index=True)


class FailedAddress(Base):
    """Failures from one network address, counted by all processes alike; the address itself is not kept."""

    __tablename__ = "failed_address"

    address_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    counted_until: Mapped[datetime] = mapped_column(index=True)


class UnknownName(Base):
    """Passwords tried on a name that is nobody's, counted and locked exactly as an account's, so that the two cannot be told apart."""

    __tablename__ = "unknown_name"

    name_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    counted_at: Mapped[datetime] = mapped_column(index=True)
