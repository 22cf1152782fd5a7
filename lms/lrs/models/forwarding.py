"""Outside stores that get what is stored here, and how far each of them is."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class ForwardTarget(Base):
    """A store outside. `cursor` is the position of the last statement that is done with there: stored, known there already, set aside,
    or not wanted by the filters. `failures` in a row open the circuit until `retry_at`; `lease_until` keeps two workers apart."""

    __tablename__ = "xapi_forward_target"

    name: Mapped[str] = mapped_column(primary_key=True)
    endpoint: Mapped[str]  # ends with a slash; statements go to endpoint + "statements"
    username: Mapped[str]
    password: Mapped[bytes]  # sealed
    version: Mapped[str]
    verbs: Mapped[list[Any]]  # none: all
    agency_id: Mapped[UUID | None] = mapped_column(ForeignKey("agency.id"))  # only of people there on the day
    cursor: Mapped[UUID]
    sent: Mapped[int]
    sent_at: Mapped[datetime | None]
    failures: Mapped[int]
    failing_since: Mapped[datetime | None]
    error: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    lease_until: Mapped[datetime | None]
    paused_at: Mapped[datetime | None]
    created_at: Mapped[datetime]
    created_by: Mapped[UUID | None]


class ForwardFault(Base):
    """A statement that a target refuses for what it is: set aside with the reason, so that the others go on."""

    __tablename__ = "xapi_forward_fault"
    __table_args__ = (Index("ix_xapi_forward_fault_target", "target", "position", unique=True),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    target: Mapped[str] = mapped_column(ForeignKey("xapi_forward_target.name", ondelete="CASCADE"))
    position: Mapped[UUID]
    statement_id: Mapped[UUID]
    status: Mapped[int]
    reason: Mapped[str]
    set_aside_at: Mapped[datetime]
