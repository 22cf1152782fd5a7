"""Writing documents: each write looks at what is there, decides and replaces it while nobody else can."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import CursorResult, delete, insert, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.lrs.models import Document
from lms.lrs.queries.documents import OwnedDocument, StoredDocument, document, document_list, documents_of, octets_kept, within
from lms.lrs.rules import documents as rules
from lms.lrs.rules.concurrency import Preconditions, check_preconditions, check_replacing
from lms.lrs.rules.documents import Address, DocumentKind, identifying
from lms.lrs.rules.terms import TermKind, term
from lms.lrs.rules.versions import Version


@dataclass(frozen=True, slots=True)
class Sent:
    """A document as it came: its bytes, what they are said to be, and what its sender takes for granted. `quota`: octets that all documents
    of this agent may count together afterwards; what is written at the same moment may go beyond it by itself."""

    content: bytes
    content_type: str
    preconditions: Preconditions
    quota: int | None = None


def put_document(session: Session, address: Address, sent: Sent, version: Version, at: datetime) -> None:
    """Store or replace a document. Raises PreconditionFailed, Conflict, BadRequest, TooLarge; and IntegrityError where another writer
    was faster with a new one: the same call in a new transaction then meets it."""
    rules.check_content(sent.content, rules.media_type(sent.content_type))
    existing = document(session, address.key, to_change=True)
    check_replacing(sent.preconditions, _tag(existing), version, is_profile=address.kind.is_profile)
    _write(session, address, existing, sent, at)


def post_document(session: Session, address: Address, sent: Sent, at: datetime) -> None:
    """Merge an object into a document, or store a new one. Raises as `put_document`."""
    rules.check_postable(sent.content, rules.media_type(sent.content_type))
    existing = document(session, address.key, to_change=True)
    check_preconditions(sent.preconditions, _tag(existing))
    if existing is not None:
        sent = replace(sent, content=rules.merged(existing.content, existing.content_type, sent.content, sent.content_type))
    _write(session, address, existing, sent, at)


def delete_document(session: Session, address: Address, preconditions: Preconditions) -> None:
    """Raises PreconditionFailed. Nothing happens where there is no such document."""
    existing = document(session, address.key, to_change=True) if preconditions.given else None
    check_preconditions(preconditions, _tag(existing))
    session.execute(delete(Document).where(Document.key == address.key))


def delete_documents(session: Session, address: Address, preconditions: Preconditions) -> None:
    """All of a context; a precondition speaks of the list of their ids as GET gives it. Raises PreconditionFailed."""
    if preconditions.given:
        listed = document_list(session, address)
        check_preconditions(preconditions, rules.etag(msgspec.json.encode(listed.ids)))
    session.execute(delete(Document).where(*within(address)))


def keep_documents(session: Session, documents: Iterable[tuple[Address, bytes, str, datetime]]) -> int:
    """Take in documents of an export (content, its type, when it was written) where nothing is in their place; returns how many."""
    kind = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    rows = [
        {**_place(address), "content": content, "content_type": content_type, "etag": rules.etag(content), "updated_at": at}
        for address, content, content_type, at in documents
    ]
    new = [kind.insert(Document).values(row).on_conflict_do_nothing().returning(Document.key) for row in rows]
    return sum(session.execute(one).first() is not None for one in new)


def forget_documents(session: Session, known_as: Collection[str]) -> int:
    """Drop every document of those known as one of these (`rules.terms.agent_identity`): what content noted down about one person has
    no worth without them. Returns how many there were."""
    dropped = cast("CursorResult[Any]", session.execute(delete(Document).where(Document.agent_key.in_(_agent_keys(known_as)))))
    return dropped.rowcount


def move_documents(session: Session, known_as: Collection[str], heir: Mapping[str, Any], else_to: Mapping[str, Any]) -> int:
    """Give the documents of those known as one of these to `heir`; where the heir has one in the same place, theirs stays, and the other
    goes to `else_to`. Returns how many the heir got."""
    moved = 0
    for owned in documents_of(session, _agent_keys(known_as)):
        if _move(session, owned, heir):
            moved += 1
        elif not _move(session, owned, else_to):
            session.execute(delete(Document).where(Document.key == owned.key))
    return moved


def _move(session: Session, owned: OwnedDocument, agent: Mapping[str, Any]) -> bool:
    """False where there is another document already."""
    place = Address(DocumentKind(owned.kind), owned.activity, identifying(agent), owned.registration, owned.id)
    if place.key == owned.key:
        return True
    if document(session, place.key) is not None:
        return False
    session.execute(
        update(Document)
        .where(Document.key == owned.key)
        .values(key=place.key, context=place.context, agent=place.agent_text, agent_key=place.agent_key)
    )
    return True


def _tag(existing: StoredDocument | None) -> str | None:
    return None if existing is None else existing.etag


def _agent_keys(known_as: Collection[str]) -> list[UUID]:
    return [term(TermKind.AGENT, identity) for identity in known_as]


def _write(session: Session, address: Address, existing: StoredDocument | None, sent: Sent, at: datetime) -> None:
    if sent.quota is not None and address.agent_key is not None:
        before = octets_kept(session, address.agent_key) - (0 if existing is None else len(existing.content) + rules.EACH_COUNTS)
        rules.check_quota(before + len(sent.content) + rules.EACH_COUNTS, sent.quota)
    written = {"content": sent.content, "content_type": sent.content_type, "etag": rules.etag(sent.content), "updated_at": at}
    if existing is not None:
        session.execute(update(Document).where(Document.key == address.key).values(**written))
        return
    session.execute(insert(Document).values(**_place(address), **written))


def _place(address: Address) -> dict[str, Any]:
    return {
        "key": address.key,
        "context": address.context,
        "kind": address.kind.value,
        "activity": address.activity,
        "agent": address.agent_text,
        "agent_key": address.agent_key,
        "registration": address.registration,
        "id": address.id,
    }
