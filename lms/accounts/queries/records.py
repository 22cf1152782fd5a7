"""All records that were ever kept of one human: the one that stands, and those merged into it."""

from __future__ import annotations

from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import Person


def records_of(session: Session, person_id: UUID) -> list[UUID]:
    """The person's own id first, then those of records absorbed into it, directly or through others."""
    found = [person_id]
    for known in found:  # grows while it is walked
        found.extend(session.scalars(select(Person.id).where(Person.merged_into_id == known, Person.id.not_in(found))))
    return found
