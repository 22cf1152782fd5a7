"""Reading documents."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from lms.lrs.models import Document
from lms.lrs.rules.documents import EACH_COUNTS, Address


@dataclass(frozen=True, slots=True)
class StoredDocument:
    content_type: str
    content: bytes
    etag: str
    updated_at: datetime


@dataclass(frozen=True, slots=True)
class DocumentList:
    """Ids in their order, and when the last of these documents was written; None where there is none."""

    ids: list[str]
    updated_at: datetime | None


@dataclass(frozen=True, slots=True)
class OwnedDocument:
    """A document with everything by which it is addressed; `agent` is JSON."""

    key: UUID
    kind: str
    activity: str | None
    agent: str | None
    registration: UUID | None
    id: str
    content_type: str
    updated_at: datetime


_STORED = (Document.content_type, Document.content, Document.etag, Document.updated_at)
_OWNED = (
    Document.key,
    Document.kind,
    Document.activity,
    Document.agent,
    Document.registration,
    Document.id,
    Document.content_type,
    Document.updated_at,
)


def document(session: Session, key: UUID, *, to_change: bool = False) -> StoredDocument | None:
    """The document at this address. `to_change`: nobody else changes it before this transaction ends."""
    found = select(*_STORED).where(Document.key == key)
    row = session.execute(found.with_for_update() if to_change else found).one_or_none()
    return None if row is None else StoredDocument(*row)


def document_list(session: Session, address: Address, since: datetime | None = None) -> DocumentList:
    """Which documents a context holds; `since` (exclusive) leaves out those not written after it."""
    found = select(Document.id, func.max(Document.updated_at)).where(*within(address))
    if since is not None:
        found = found.where(Document.updated_at > since)
    rows = session.execute(found.group_by(Document.id).order_by(Document.id)).all()
    return DocumentList([row[0] for row in rows], max((row[1] for row in rows), default=None))


def within(address: Address) -> list[ColumnElement[bool]]:
    """The conditions of a context, and of its registration where one is named."""
    conditions: list[ColumnElement[bool]] = [Document.context == address.context]
    if address.registration is not None:
        conditions.append(Document.registration == address.registration)
    return conditions


def documents_of(session: Session, agent_keys: Collection[UUID]) -> Sequence[OwnedDocument]:
    """Every document of these agents, oldest first, without its content."""
    found: list[Any] = []
    if agent_keys:
        found = list(session.execute(select(*_OWNED).where(Document.agent_key.in_(agent_keys)).order_by(Document.updated_at, Document.key)))
    return [OwnedDocument(*row) for row in found]


def documents_after(session: Session, key: UUID, limit: int) -> Sequence[OwnedDocument]:
    """The next documents in the order of their keys, without their content."""
    found = select(*_OWNED).where(Document.key > key).order_by(Document.key).limit(limit)
    return [OwnedDocument(*row) for row in session.execute(found)]


def octets_kept(session: Session, agent_key: UUID) -> int:
    """How much all documents of an agent count together (`rules.documents.EACH_COUNTS`)."""
    counted = select(func.coalesce(func.sum(func.length(Document.content)), 0), func.count()).where(Document.agent_key == agent_key)
    octets, documents = session.execute(counted).one()
    return int(octets + documents * EACH_COUNTS)


def contents_of(session: Session, keys: Collection[UUID]) -> dict[UUID, bytes]:
    return {row.key: row.content for row in session.execute(select(Document.key, Document.content).where(Document.key.in_(keys)))}
