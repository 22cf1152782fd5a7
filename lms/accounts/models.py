"""People, the posts they hold over time, how they sign in and what they may do."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, LargeBinary, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.models import FOREVER
from lms.kit.db import Base, KeyText
from lms.kit.ids import uuid7


class PositionGroup(Base):
    """Nhóm đối tượng: one of the plan's groups of staff; which groups there are is data (N1 … N5 at the start)."""

    __tablename__ = "position_group"

    code: Mapped[str] = mapped_column(primary_key=True)
    name_vi: Mapped[str]
    name_en: Mapped[str]
    ordinal: Mapped[int]


class Person(Base):
    """One human. Identity number and phone are encrypted; `identity_fingerprint` finds a number again without keeping it legible."""

    __tablename__ = "person"

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    staff_code: Mapped[str] = mapped_column(unique=True)
    full_name: Mapped[str]
    sort_key: Mapped[str] = mapped_column(KeyText, index=True)
    search_text: Mapped[str] = mapped_column(KeyText)
    birth_date: Mapped[date | None]
    birth_year: Mapped[int | None]
    sex: Mapped[str | None]
    email: Mapped[str | None]
    phone_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_sealed: Mapped[bytes | None] = mapped_column(LargeBinary)
    identity_fingerprint: Mapped[str | None] = mapped_column(unique=True)
    qualification: Mapped[str | None]
    it_qualification: Mapped[str | None]
    it_major: Mapped[bool] = mapped_column(default=False)
    created_at: Mapped[datetime]


class Posting(Base):
    """A post held in an agency over a span of days; one at a time is primary and decides where the person is counted."""

    __tablename__ = "posting"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="span"),
        Index("ix_posting_agency_days", "agency_id", "valid_to", "valid_from"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    agency_id: Mapped[UUID] = mapped_column(ForeignKey("agency.id"))
    group_code: Mapped[str] = mapped_column(ForeignKey("position_group.code"))
    job_title: Mapped[str | None]
    it_duty: Mapped[str] = mapped_column(default="none")
    is_primary: Mapped[bool] = mapped_column(default=True)
    absence: Mapped[str | None]
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)


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


class RoleGrant(Base):
    """A role held over an agency's subtree (null: the whole province) over a span of days."""

    __tablename__ = "role_grant"
    __table_args__ = (
        CheckConstraint("valid_from < valid_to", name="span"),
        Index(
            "ix_role_grant_open",
            "person_id",
            "role",
            "agency_id",
            unique=True,
            postgresql_where=text("valid_to = '9999-12-31'"),
            sqlite_where=text("valid_to = '9999-12-31'"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    person_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    role: Mapped[str]
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))
    valid_from: Mapped[date]
    valid_to: Mapped[date] = mapped_column(default=FOREVER)
    granted_by: Mapped[UUID | None]
