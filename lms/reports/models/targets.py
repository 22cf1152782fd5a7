"""Targets (chỉ tiêu) that plans and resolutions set, and cross-tabs people come back to."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index, UniqueConstraint, text
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base
from lms.kit.ids import uuid7


class Target(Base):
    """One version of a target: what a document asks, of whom, by when. A new version takes the place of the one before
    (`superseded_at`), which stays as it was. `population` narrows whom it is about, see `lms.reports.rules.targets.Population`."""

    __tablename__ = "target"
    __table_args__ = (
        CheckConstraint("wanted > 0 AND wanted <= 10000", name="wanted"),
        CheckConstraint("baseline_part IS NULL OR (baseline_part >= 0 AND baseline_part <= baseline_whole)", name="baseline"),
        CheckConstraint("counted_from <= deadline", name="span"),
        UniqueConstraint("code", "version"),
        Index(
            "ix_target_standing",
            "code",
            unique=True,
            postgresql_where=text("superseded_at IS NULL"),
            sqlite_where=text("superseded_at IS NULL"),
        ),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    code: Mapped[str]
    version: Mapped[int]
    title: Mapped[str]
    document_number: Mapped[str]
    document_date: Mapped[date | None]
    document_issuer: Mapped[str]
    sentence: Mapped[str]
    is_verified: Mapped[bool]  # somebody read the document itself
    indicator: Mapped[str]
    population: Mapped[dict[str, Any]]
    wanted: Mapped[int]  # hundredths of a per cent
    is_above: Mapped[bool]  # more than `wanted` is asked, not as much
    is_yearly: Mapped[bool]  # counted anew each year, up to that of the deadline
    counted_from: Mapped[date]
    deadline: Mapped[date]
    baseline_part: Mapped[int | None]
    baseline_whole: Mapped[int | None]
    baseline_on: Mapped[date | None]
    recorded_at: Mapped[datetime]
    recorded_by: Mapped[UUID | None] = mapped_column(ForeignKey("person.id"), index=True)
    superseded_at: Mapped[datetime | None]


class CrossTabView(Base):
    """A cross-tab under a name: the arguments of its address. Its owner's alone, or shared with all who may read statistics; each sees
    the figures of the own scope."""

    __tablename__ = "cross_tab_view"
    __table_args__ = (UniqueConstraint("owner_id", "name"),)

    id: Mapped[UUID] = mapped_column(primary_key=True, default=uuid7)
    owner_id: Mapped[UUID] = mapped_column(ForeignKey("person.id"), index=True)
    name: Mapped[str]
    arguments: Mapped[dict[str, Any]]
    is_shared: Mapped[bool]
    saved_at: Mapped[datetime]
