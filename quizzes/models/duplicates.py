"""Sketches of versions' texts, by which those that read alike are found without comparing each with each."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import BigInteger, ForeignKey
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base, KeyText


class ItemSketch(Base):
    """What a version that is not retired reads like (see `quizzes.rules.duplicates`): its text without diacritics, and a digest of
    it that is equal for equal texts."""

    __tablename__ = "item_sketch"

    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), primary_key=True)
    item_id: Mapped[UUID] = mapped_column(ForeignKey("item.id"), index=True)
    digest: Mapped[str] = mapped_column(KeyText, index=True)
    text: Mapped[str] = mapped_column(KeyText)


class ItemBand(Base):
    """One of a sketch's bands: versions that share one probably read alike."""

    __tablename__ = "item_band"

    band: Mapped[int] = mapped_column(BigInteger, primary_key=True)
    item_version_id: Mapped[UUID] = mapped_column(ForeignKey("item_version.id"), primary_key=True, index=True)
