"""How people get in: accounts, slips, sessions."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey
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


class UnknownName(Base):
    """Passwords tried on a name that is nobody's, counted and locked exactly as an account's, so that the two cannot be told apart."""

    __tablename__ = "unknown_name"

    name_hash: Mapped[str] = mapped_column(primary_key=True)
    failures: Mapped[int]
    locked_until: Mapped[datetime | None]
    counted_at: Mapped[datetime] = mapped_column(index=True)
