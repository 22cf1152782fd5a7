"""How many people there are, by everything statistics ask for."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import case, func, literal, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, Posting
from lms.agencies.models import AgencyVersion
from lms.agencies.queries import within
from lms.kit.actors import Scope


@dataclass(frozen=True, slots=True)
class HeadCount:
    """So many people of one agency who are alike in everything listed. Rows add up: each person is in exactly one."""

    agency_id: UUID
    level: str
    group_code: str
    it_duty: str
    qualification: str | None
    it_qualification: bool
    count: int


def head_counts(session: Session, scope: Scope, on: date) -> list[HeadCount]:
    """Everyone with a primary post on day `on`, counted by agency, its level then, position group, IT duty, qualification and whether
    any IT qualification is on record. One query."""
    certified = case((Person.it_qualification.is_(None), literal(0)), else_=literal(1)).label("certified")
    keys = (Posting.agency_id, AgencyVersion.level, Posting.group_code, Posting.it_duty, Person.qualification, certified)
    rows = session.execute(
        select(*keys, func.count().label("people"))
        .select_from(Posting)
        .join(Person, Person.id == Posting.person_id)
        .join(
            AgencyVersion,
            (AgencyVersion.agency_id == Posting.agency_id)
            & (AgencyVersion.valid_from <= on)
            & (AgencyVersion.valid_to > on)
            & AgencyVersion.superseded_at.is_(None),
        )
        .where(Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on, within(Posting.agency_id, scope, on))
        .group_by(*keys[:-1], "certified")
        .order_by(*keys[:-1], "certified")
    )
    return [HeadCount(row[0], row[1], row[2], row[3], row[4], bool(row.certified), row.people) for row in rows]
