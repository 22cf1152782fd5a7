"""Documents that outside programs keep here, and what statements say of activities."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy import Index, LargeBinary
from sqlalchemy.orm import Mapped, mapped_column

from lms.kit.db import Base


class Document(Base):
    """A state, a profile of an activity or of an agent (Communication 2.2), to the byte as it came. `key` is made of everything it is
    addressed by, `context` of the same without registration and id: what a list asks for. See `rules.documents`."""

    __tablename__ = "xapi_document"
    __table_args__ = (Index("ix_xapi_document_context", "context"), Index("ix_xapi_document_agent_key", "agent_key"))

    key: Mapped[UUID] = mapped_column(primary_key=True)
    context: Mapped[UUID]
    kind: Mapped[str]
    activity: Mapped[str | None]
    agent: Mapped[str | None]  # JSON: its identifier and no more
    agent_key: Mapped[UUID | None]  # its term
    registration: Mapped[UUID | None]
    id: Mapped[str]
    content_type: Mapped[str]
    content: Mapped[bytes] = mapped_column(LargeBinary)
    etag: Mapped[str]
    updated_at: Mapped[datetime]


class ActivityDefinition(Base):
    """One wording of an activity's definition, as it first came in a statement at `position`. Wordings are only ever added; what they say
    together is put together when it is asked for (`rules.activities`), so that storing a statement never waits for another about the
    same activity. `activity` and `digest` are hashes: an IRI may be of any length."""

    __tablename__ = "xapi_activity_definition"
    __table_args__ = ({"sqlite_with_rowid": False},)

    activity: Mapped[UUID] = mapped_column(primary_key=True)
    digest: Mapped[UUID] = mapped_column(primary_key=True)
    position: Mapped[UUID]
    id: Mapped[str]
    definition: Mapped[str]
