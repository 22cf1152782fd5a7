"""What people may do, over which agencies, on which days."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.agencies.models import FOREVER
from lms.kit.db import Base
from lms.kit.ids import uuid7


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
    # Handed on by one who holds the role (ủy quyền): in effect only on days on which that person holds it as well.
    delegated_from: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    reason: Mapped[str | None]
    # When somebody last looked whether it is still needed.
    reviewed_at: Mapped[datetime | None]
    reviewed_by: Mapped[UUID | None]
