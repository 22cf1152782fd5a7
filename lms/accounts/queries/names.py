"""Names and identifiers of people, whatever has become of them."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

from sqlalchemy import literal, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.accounts.rules.people import search_words

_BATCH = 500


def person_names(session: Session, ids: Collection[UUID]) -> dict[UUID, str]:
    """Full name of each person among the identifiers. One statement per five hundred."""
    wanted = list(ids)
    found: dict[UUID, str] = {}
    for start in range(0, len(wanted), _BATCH):
        rows = session.execute(select(Person.id, Person.full_name).where(Person.id.in_(wanted[start : start + _BATCH])))
        found |= {row.id: row.full_name for row in rows}
    return found


def people_called(session: Session, text: str, limit: int) -> list[UUID]:
    """People whose name, staff code or login name has words that begin as these do, marks or none; at most `limit`, by name."""
    words = search_words(text)
    if not words:
        return []
    spaced = literal(" ") + Person.search_text
    conditions = [spaced.contains(f" {word}", autoescape=True) for word in words]
    return list(session.scalars(select(Person.id).where(*conditions).order_by(Person.sort_key, Person.id).limit(limit)))
