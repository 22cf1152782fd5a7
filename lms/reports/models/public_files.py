"""What the public fetches, rendered once at publication, so that reading it costs one row."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import ForeignKey, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class PublicFile(Base):
    """The bytes of one address of a report. Only the report that is public now is ever served from here: who asks joins its state, so that
    a publication, a correction and a withdrawal show at one instant. `rendering`: by which version of the programme they were made; made
    by another they are not served. `is_packed`: kept compressed with gzip."""

    __tablename__ = "report_public_file"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    path: Mapped[str] = mapped_column(primary_key=True, index=True)
    rendering: Mapped[str] = mapped_column(primary_key=True)
    media_type: Mapped[str]
    etag: Mapped[str]
    is_packed: Mapped[bool]
    content: Mapped[bytes] = mapped_column(LargeBinary)


class PublicRendering(Base):
    """That a report is rendered for the public by a version of the programme, once: which job does it, and since when it is done."""

    __tablename__ = "report_public_rendering"

    report_id: Mapped[UUID] = mapped_column(ForeignKey("report.id"), primary_key=True)
    rendering: Mapped[str] = mapped_column(primary_key=True)
    job_id: Mapped[UUID | None]
    asked_at: Mapped[datetime]
    finished_at: Mapped[datetime | None]
