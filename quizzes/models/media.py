"""Pictures of questions, under the SHA-256 of their bytes."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import CheckConstraint, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base, KeyText


class Picture(Base):
    """A picture as it was written anew when it came in. It lies in the database, so that a backup of that is a backup of all. What it
    shows in words belongs to the item that uses it."""

    __tablename__ = "picture"
    __table_args__ = (CheckConstraint("width > 0 AND height > 0", name="size"),)

    sha256: Mapped[str] = mapped_column(KeyText, primary_key=True)
    media_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    width: Mapped[int]
    height: Mapped[int]
    stored_at: Mapped[datetime]
