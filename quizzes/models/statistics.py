"""What the answers of a test told about its items, its forms and the whole: counted anew as often as wanted, never edited."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class RoundStatistic(Base):
    """A test as a whole; its row says that it was counted, and when. `sittings` is how many were counted, `marked_again_at` the latest
    later mark that was taken into account, `link` the comparison with an earlier test by shared items."""

    __tablename__ = "round_statistic"

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    sittings: Mapped[int]
    figures: Mapped[dict[str, Any]]
    link: Mapped[dict[str, Any]]
    flagged: Mapped[int]
    marked_again_at: Mapped[datetime | None]
    counted_at: Mapped[datetime]


class FormStatistic(Base):
    """A form of a test."""

    __tablename__ = "form_statistic"

    form_id: Mapped[UUID] = mapped_column(ForeignKey("form.id"), primary_key=True)
    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), index=True)
    n: Mapped[int]
    figures: Mapped[dict[str, Any]]


class ItemStatistic(Base):
    """An item version in one test (`rules.statistics.ItemFigures`). `forms` and `shown`: in how many forms it was, and to how many
    sittings it was shown, finished or not. `flags` and `suspicion` are what was found then; `drift` beside the last test that had it."""

    __tablename__ = "item_statistic"
    __table_args__ = (
        CheckConstraint("facility >= 0 AND facility <= 1", name="facility"),
        CheckConstraint("discrimination >= -1 AND discrimination <= 1", name="discrimination"),
        Index("ix_item_statistic_suspicion", "round_id", "suspicion", "discrimination"),
    )

    round_id: Mapped[UUID] = mapped_column(ForeignKey("round.id"), primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), primary_key=True, index=True)
    n: Mapped[int]
    facility: Mapped[float]
    discrimination: Mapped[float | None]
    omitted: Mapped[int]
    median_seconds: Mapped[int | None]
    options: Mapped[dict[str, Any]]
    forms: Mapped[int]
    shown: Mapped[int]
    drift: Mapped[dict[str, Any]]
    flags: Mapped[list[Any]]
    suspicion: Mapped[int]
