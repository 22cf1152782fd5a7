"""Persons in the record store. A merge leaves statements under the account of the record that was absorbed: they are what was said at the
time, and whoever asks about the person asks for both accounts (`lms.accounts.queries.records.records_of`)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Person
from lms.accounts.queries.records import records_of
from lms.accounts.rules.pseudonyms import account_name
from lms.kit.errors import N_
from lms.kit.following import PersonalSection, RowsAsRead
from lms.lrs.operations.attachments import drop_contents
from lms.lrs.operations.credentials import revoke_content_tokens
from lms.lrs.operations.forgetting import drop_notes_about, forget_agent
from lms.lrs.operations.forwarding import empty_reasons
from lms.lrs.queries import bodies_at, chunks, statements_about
from lms.lrs.rules.forgetting import identities
from lms.lrs.vocabulary import INTERACTION


class StatementsOfPersons:
    """What the store says of a person."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """Time, verb, object and result of each statement. Of an answer to a question of this service only that it was given: what it
        was worth is in the person's sittings, once the round lets it be seen."""
        positions = statements_about(session, identities_of(session, person_id))
        columns = (N_("Lúc"), N_("Lưu lúc"), N_("Đã hủy"), N_("Hành động"), N_("Về"), N_("Kết quả"))
        rows = RowsAsRead(len(positions), lambda: _told(session, positions))
        return [PersonalSection(N_("Kho dữ liệu học tập xAPI"), columns, rows)]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """The merge lets go of the absorbed record's mail address: who was known by it alone is known by that record's account."""
        by_mail = identities(session.info["base_url"], [], own_emails(session, [absorbed]))
        revoke_content_tokens(session, [absorbed])
        return {"statements": forget_agent(session, by_mail, session.info["base_url"], str(absorbed))}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        revoke_content_tokens(session, records_of(session, person_id))
        drop_notes_about(session, [str(record) for record in records_of(session, person_id)])
        about = statements_about(session, identities_of(session, person_id))
        drop_contents(session, about)
        empty_reasons(session, about)
        forget_agent(session, identities_of(session, person_id), session.info["base_url"], account_name(pseudonym))


def _told(session: Session, positions: Sequence[UUID]) -> Iterator[tuple[Any, ...]]:
    """There may be tens of thousands: so many at a time as one statement asks for."""
    for part in chunks(positions):
        for timestamp, stored, voided, body in bodies_at(session, part):
            yield timestamp, stored, voided, *_said(msgspec.json.decode(body), session.info["base_url"])


def identities_of(session: Session, person_id: UUID) -> set[str]:
    """All that statements and documents may call a person, as `rules.terms.agent_identity` writes it."""
    records = records_of(session, person_id)
    return identities(session.info["base_url"], [str(record) for record in records], own_emails(session, records))


def own_emails(session: Session, records: Sequence[UUID]) -> list[str]:
    """Mail addresses of these records alone: a box that several people share says of nobody who it was."""
    other = aliased(Person)
    shared = select(other.id).where(other.email == Person.email, other.id.not_in(records)).exists()
    found = session.scalars(select(Person.email).where(Person.id.in_(records), Person.email.is_not(None), ~shared))
    return [email for email in found if email is not None]


def _said(statement: Mapping[str, Any], base_url: str) -> tuple[str, str, str | None]:
    target = statement["object"]
    about = target.get("id", target.get("objectType", ""))
    is_own_question = target.get("definition", {}).get("type") == INTERACTION and str(about).startswith(f"{base_url}/")
    result = None if is_own_question or "result" not in statement else msgspec.json.encode(statement["result"]).decode()
    return statement["verb"]["id"], str(about), result


follower = StatementsOfPersons()
