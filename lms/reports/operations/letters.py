"""Letters about a report: written once to each address of each agency, handed over later, in any order, however long the post is away."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.accounts.models import Person, RoleGrant
from lms.accounts.queries.roles import effective
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, DomainError
from lms.kit.ids import uuid7
from lms.mail.operations.queue import hold_due, send_again
from lms.mail.rules import MessageState
from lms.reports.models import AgencyAddress, ReportAgency, ReportEvent, ReportHappening, ReportLetter
from lms.reports.queries.consulting import ANSWERING, counting_day, heirs_of

MOST_ADDRESSES = 10  # besides people's, of one agency
_ADDRESS = re.compile(r"[^@\s<>,;\"()\[\]\\]{1,64}@[A-Za-z0-9](?:[A-Za-z0-9.-]{0,180})\.[A-Za-z]{2,24}")


@dataclass(frozen=True, slots=True)
class DueLetter:
    """A letter to send now; `address` None: its person can no longer be written to."""

    id: UUID
    report_id: UUID
    kind: str
    details: dict[str, Any]
    agency_id: UUID
    address: str | None
    tries: int
    created_at: datetime


def add_letters(session: Session, event: ReportEvent, agencies: Collection[UUID], today: date, at: datetime) -> int:
    """Write to the contacts of some agencies of the report, whom nobody has written to of this event. Returns how many are new.

    Where a revision takes the place of another, its own letter says so: of the old one only those are told who get none of the new."""
    contacts = _contacts(session, event.report_id, agencies, today)
    if event.kind != ReportHappening.PUBLISHED:  # of what one never got, nothing is to be taken back
        got = _written(session, event.report_id, agencies)
        current = {(agency, address) for agency, address, _person in contacts}
        by = event.details.get("by") if event.kind == ReportHappening.SUPERSEDED else None
        speaks = set(session.scalars(select(ReportAgency.agency_id).where(ReportAgency.report_id == UUID(by)))) if by else set()
        contacts = [
            (agency, address, person) for agency, address, person in got if (agency, address) not in current or agency not in speaks
        ]
    rows = [
        {
            "id": uuid7(),
            "report_id": event.report_id,
            "event_id": event.id,
            "kind": event.kind,
            "agency_id": agency,
            "address": address,
            "person_id": person,
            "state": "waiting",
            "tries": 0,
            "created_at": at,
            "due_at": at,
        }
        for agency, address, person in contacts
    ]
    if not rows:
        return 0
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return len(session.scalars(insert(ReportLetter).values(rows).on_conflict_do_nothing().returning(ReportLetter.id)).all())


def take_due(session: Session, at: datetime, limit: int) -> list[DueLetter]:
    """Letters to hand over now, held for this worker."""
    ids = hold_due(session, ReportLetter, at, limit)
    rows = session.execute(
        select(ReportLetter, ReportEvent.details, Person.email, Person.erased_at)
        .join(ReportEvent, ReportEvent.id == ReportLetter.event_id)
        .outerjoin(Person, Person.id == ReportLetter.person_id)
        .where(ReportLetter.id.in_(ids))
        .order_by(ReportLetter.id)
        .execution_options(populate_existing=True)
    )
    found = []
    for letter, details, email, erased_at in rows:
        gone = letter.person_id is not None and (erased_at is not None or not email or email.lower() != letter.address)
        address = None if gone or not letter.address else letter.address
        found.append(
            DueLetter(letter.id, letter.report_id, letter.kind, details, letter.agency_id, address, letter.tries, letter.created_at)
        )
    return found


def replay_letter(session: Session, actor: Actor, letter_id: UUID, at: datetime) -> None:
    """Send a letter once more. Raises NotFound, also for one that is on its way."""
    if not send_again(session, ReportLetter, letter_id, (MessageState.SENT, MessageState.FAILED), at):
        raise NotFound
    agency = session.scalars(select(ReportLetter.agency_id).where(ReportLetter.id == letter_id)).one()
    audit.record(session, actor, "reports.replay_letter", letter_id, at, agency=str(agency))


def add_address(session: Session, actor: Actor, agency: UUID, address: str, at: datetime) -> None:
    """Have an agency's results sent to a mailbox as well. Raises DomainError."""
    address = address.strip().lower()
    if len(address) > 254 or not _ADDRESS.fullmatch(address):
        raise DomainError(N_("Địa chỉ thư điện tử chưa đúng, ví dụ vanthu@snv.thainguyen.gov.vn"), code="address", field="address")
    held = session.scalars(select(AgencyAddress.address).where(AgencyAddress.agency_id == agency)).all()
    if address in held:
        return
    if len(held) >= MOST_ADDRESSES:
        raise DomainError(N_("Mỗi cơ quan nhiều nhất %(most)s địa chỉ"), code="too_many", field="address", most=MOST_ADDRESSES)
    session.add(AgencyAddress(agency_id=agency, address=address, added_at=at, added_by=actor.person_id))
    session.flush()
    audit.record(session, actor, "reports.add_address", agency, at, before=None, after={"address": address})


def remove_address(session: Session, actor: Actor, agency: UUID, address: str, at: datetime) -> None:
    """Raises NotFound."""
    of = AgencyAddress.agency_id == agency, AgencyAddress.address == address
    if session.scalar(delete(AgencyAddress).where(*of).returning(AgencyAddress.address)) is None:
        raise NotFound
    audit.record(session, actor, "reports.remove_address", agency, at, before={"address": address}, after=None)


def _contacts(session: Session, report_id: UUID, agencies: Collection[UUID], today: date) -> list[tuple[UUID, str, UUID | None]]:
    """(agency, address, person) of heads and focal points of these very agencies and of their mailboxes; of an agency that ended since the
    counting day also those of the agencies in which it lives on. An address once an agency."""
    heirs = heirs_of(session, agencies, counting_day(session, report_id), today)
    stand_for = {agency: [agency] for agency in agencies}
    for gone, living in heirs.items():
        for heir in living:
            stand_for.setdefault(heir, []).append(gone)
    people = session.execute(
        select(RoleGrant.agency_id, Person.email, Person.id)
        .join(Person, Person.id == RoleGrant.person_id)
        .where(
            RoleGrant.agency_id.in_(stand_for),
            RoleGrant.role.in_(ANSWERING),
            effective(today),
            Person.email.is_not(None),
            Person.erased_at.is_(None),
            Person.merged_into_id.is_(None),
        )
        .order_by(RoleGrant.agency_id, Person.id)
    )
    boxes = session.execute(select(AgencyAddress.agency_id, AgencyAddress.address).where(AgencyAddress.agency_id.in_(stand_for)))
    found: dict[tuple[UUID, str], UUID | None] = {}
    for holder, email, person in [*people, *((agency, address, None) for agency, address in boxes)]:
        if email and email.strip():
            for agency in stand_for[holder]:
                found.setdefault((agency, email.lower()), person)
    return [(agency, address, person) for (agency, address), person in found.items()]


def _written(session: Session, report_id: UUID, agencies: Collection[UUID]) -> list[tuple[UUID, str, UUID | None]]:
    """Who got it when it was published. What still waits by then is not sent any more."""
    rows = session.execute(
        select(ReportLetter.agency_id, ReportLetter.address, ReportLetter.person_id).where(
            ReportLetter.report_id == report_id,
            ReportLetter.kind == ReportHappening.PUBLISHED,
            ReportLetter.agency_id.in_(agencies),
            ReportLetter.state.in_(("sent", "sending")),
        )
    )
    return [(agency, address, person) for agency, address, person in rows if address]
