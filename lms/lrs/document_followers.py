"""Persons in the documents that content keeps here: their states and the profiles of their agents."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lms.accounts.queries.records import records_of
from lms.kit.errors import N_
from lms.kit.following import PersonalSection, RowsAsRead
from lms.lrs.followers import identities_of, own_emails
from lms.lrs.operations.documents import forget_documents, move_documents
from lms.lrs.queries import chunks
from lms.lrs.queries.documents import OwnedDocument, contents_of, documents_of
from lms.lrs.rules.forgetting import account, identities
from lms.lrs.rules.terms import TermKind, term


class DocumentsOfPersons:
    """What content noted down about a person."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """Each document with its text; of what is no text its size."""
        owned = documents_of(session, [term(TermKind.AGENT, identity) for identity in identities_of(session, person_id)])
        columns = (N_("Lúc"), N_("Loại"), N_("Về"), N_("Mã"), N_("Lần đăng ký"), N_("Kiểu nội dung"), N_("Nội dung"))
        return [PersonalSection(N_("Tài liệu học liệu lưu về người học"), columns, RowsAsRead(len(owned), lambda: _told(session, owned)))]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Content finds the states of the absorbed record under the one that stands, unless that has its own in the same place; then
        the other stays with the absorbed record's account."""
        base_url = session.info["base_url"]
        known_as = identities(base_url, [str(record) for record in records_of(session, absorbed)], own_emails(session, [absorbed]))
        moved = move_documents(session, known_as, account(base_url, str(kept)), account(base_url, str(absorbed)))
        return {"learning_documents": moved}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """They go: nothing is counted by them."""
        forget_documents(session, identities_of(session, person_id))


def _told(session: Session, owned: Sequence[OwnedDocument]) -> Iterator[tuple[Any, ...]]:
    for part in chunks(owned):
        contents = contents_of(session, [one.key for one in part])
        for one in part:
            registration = None if one.registration is None else str(one.registration)
            yield one.updated_at, one.kind, one.activity, one.id, registration, one.content_type, _text(contents[one.key])


def _text(content: bytes) -> str:
    try:
        return content.decode()
    except UnicodeDecodeError:
        return f"{len(content)} B"


document_follower = DocumentsOfPersons()
