"""What is stored, as planning a roster needs it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, PositionGroup, Posting, RosterColumns
from lms.accounts.rules.groups import STARTING_GROUPS
from lms.accounts.rules.people import masked
from lms.accounts.rules.roster.agencies import AgencyIndex, KnownAgency
from lms.accounts.rules.roster.person import RosterLine
from lms.accounts.rules.roster.plan import KnownPerson, Lookups
from lms.agencies.models import AgencyClosure, AgencyCode, AgencyVersion
from lms.agencies.queries import ancestors_on
from lms.kit.secrets import vault_of
from lms.kit.vietnamese import fold


def roster_agencies(session: Session, on: date) -> AgencyIndex:
    """Every agency of a day with its codes and what it lies below. Three statements."""
    codes: dict[UUID, list[str]] = {}
    held = select(AgencyCode.agency_id, AgencyCode.code).where(
        AgencyCode.valid_from <= on, AgencyCode.valid_to > on, AgencyCode.superseded_at.is_(None)
    )
    for agency_id, code in session.execute(held):
        codes.setdefault(agency_id, []).append(code)
    above = ancestors_on(session, on)
    rows = session.execute(
        select(AgencyVersion.agency_id, AgencyVersion.name, AgencyVersion.short_name, AgencyVersion.block, AgencyVersion.parent_id)
        .where(AgencyVersion.valid_from <= on, AgencyVersion.valid_to > on, AgencyVersion.superseded_at.is_(None))
        .order_by(AgencyVersion.sort_key)
    ).all()
    names = {row.agency_id: row.name for row in rows}
    return AgencyIndex(
        KnownAgency(
            id=row.agency_id,
            name=row.name,
            block=row.block,
            codes=tuple(codes.get(row.agency_id, ())),
            short_name=row.short_name,
            above=frozenset(above.get(row.agency_id, ())),
            parent_name=names.get(row.parent_id) if row.parent_id else None,
        )
        for row in rows
    )


def group_names(session: Session) -> Mapping[str, str]:
    """Code → Vietnamese name of the position groups; the plan's five where none is stored yet."""
    stored = session.execute(select(PositionGroup.code, PositionGroup.name_vi).order_by(PositionGroup.ordinal)).all()
    return {row.code: row.name_vi for row in stored} or {group.code: group.name_vi for group in STARTING_GROUPS}


def known_people(session: Session, lines: Sequence[RosterLine], lookups: Lookups) -> list[KnownPerson]:
    """Everybody whom these lines may mean: those with their codes and numbers, and, for lines that give neither or ones nobody has, those
    of their name and year of birth. One to four statements: those after the first only where there are such lines."""
    codes = {line.staff_code for line in lines if line.staff_code}
    prints = {line.index: lookups.fingerprint(line.identity_number) for line in lines if line.identity_number}
    found: list[KnownPerson] = []
    if codes:
        found = _people(session, Person.staff_code.in_(codes), lookups.as_of)
    known_codes = {person.staff_code for person in found}
    # Whom a code has found need not be looked for by their number.
    numbers = set(prints.values()) - {person.identity_fingerprint for person in found}
    if numbers:
        found += _people(session, Person.identity_fingerprint.in_(numbers), lookups.as_of)
    known_prints = {person.identity_fingerprint for person in found} - {None}
    others = [line for line in lines if line.staff_code not in known_codes and prints.get(line.index) not in known_prints]
    wanted = {(fold(line.full_name), line.birth_year) for line in others}
    if wanted:
        alike = _alike(session, wanted)
        found += _people(session, Person.id.in_(alike), lookups.as_of) if alike else []
    return found


def _alike(session: Session, wanted: Set[tuple[str, int | None]]) -> list[UUID]:
    """Who has one of these names with the year of birth beside it. The pairs are told apart here: as a condition of the statement they cost
    PostgreSQL half a second to plan for a thousand lines."""
    rows = session.execute(
        select(Person.id, Person.name_key, Person.birth_year).where(
            Person.name_key.in_({name for name, _year in wanted}), Person.merged_into_id.is_(None), Person.erased_at.is_(None)
        )
    )
    return [person_id for person_id, name, year in rows if (name, year) in wanted]


def _people(session: Session, condition: ColumnElement[bool], on: date) -> list[KnownPerson]:
    latest = (
        select(func.max(Posting.valid_from)).where(Posting.person_id == Person.id, Posting.is_primary).correlate(Person).scalar_subquery()
    )
    rows = session.execute(
        select(
            Person.id,
            Person.staff_code,
            Person.full_name,
            Person.birth_date,
            Person.birth_year,
            Person.sex,
            Person.email,
            Person.phone_sealed,
            Person.identity_fingerprint,
            Person.qualification,
            Person.it_qualification,
            Person.it_major,
            Posting.agency_id,
            Posting.group_code,
            Posting.job_title,
            Posting.it_duty,
            Posting.absence,
            latest,
            or_(Person.merged_into_id.is_not(None), Person.erased_at.is_not(None)),
        )
        .outerjoin(Posting, and_(Posting.person_id == Person.id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on))
        .where(condition)
        .order_by(Person.id)
    )
    return [KnownPerson(*tuple(row)) for row in rows]


@dataclass(frozen=True, slots=True)
class Member:
    """Somebody whose primary post is in an agency that a roster replaces."""

    id: UUID
    full_name: str
    staff_code: str
    agency_id: UUID


def members_on(session: Session, agency_id: UUID, on: date) -> list[Member]:
    """Everybody with a primary post in an agency's subtree on a day, in the order of their names. One statement."""
    rows = session.execute(
        select(Person.id, Person.full_name, Person.staff_code, Posting.agency_id)
        .join(Posting, Posting.person_id == Person.id)
        .join(AgencyClosure, AgencyClosure.descendant_id == Posting.agency_id)
        .where(
            AgencyClosure.ancestor_id == agency_id,
            AgencyClosure.valid_from <= on,
            AgencyClosure.valid_to > on,
            Posting.is_primary,
            Posting.valid_from <= on,
            Posting.valid_to > on,
        )
        .order_by(Person.sort_key, Person.id)
    )
    return [Member(*row) for row in rows]


@dataclass(frozen=True, slots=True)
class Candidate:
    """A stored person whom a row may mean, for a human to compare; the number is masked."""

    id: UUID
    full_name: str
    staff_code: str
    birth: str
    agency: str
    job_title: str | None
    number: str | None


def candidates(session: Session, person_ids: Sequence[UUID], on: date) -> dict[UUID, Candidate]:
    """People to be compared with rows. One statement."""
    keys = vault_of(session)
    rows = session.execute(
        select(
            Person.id,
            Person.full_name,
            Person.staff_code,
            Person.birth_date,
            Person.birth_year,
            AgencyVersion.name,
            Posting.job_title,
            Person.identity_sealed,
        )
        .outerjoin(Posting, and_(Posting.person_id == Person.id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on))
        .outerjoin(
            AgencyVersion,
            and_(
                AgencyVersion.agency_id == Posting.agency_id,
                AgencyVersion.valid_from <= on,
                AgencyVersion.valid_to > on,
                AgencyVersion.superseded_at.is_(None),
            ),
        )
        .where(Person.id.in_(person_ids))
    )
    return {
        row.id: Candidate(
            row.id,
            row.full_name,
            row.staff_code,
            f"{row.birth_date:%d/%m/%Y}" if row.birth_date else str(row.birth_year or ""),
            row.name or "",
            row.job_title,
            masked(keys.unseal(row.identity_sealed)) if row.identity_sealed else None,
        )
        for row in rows
    }


def home_agency(session: Session, person_id: UUID | None, on: date) -> UUID | None:
    """The agency of a person's primary post on a day."""
    return session.scalar(
        select(Posting.agency_id).where(Posting.person_id == person_id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on)
    )


def remembered_columns(session: Session, agency_id: UUID | None) -> Mapping[str, str]:
    """What an agency's people said columns are: label as it compares → field."""
    return session.scalar(select(RosterColumns.fields).where(RosterColumns.agency_id == agency_id)) or {}


def people_named(session: Session, person_ids: Sequence[UUID]) -> dict[UUID, tuple[str, str]]:
    """Person → name and staff code."""
    rows = session.execute(select(Person.id, Person.full_name, Person.staff_code).where(Person.id.in_(person_ids)))
    return {row.id: (row.full_name, row.staff_code) for row in rows}


def agency_names(session: Session) -> dict[str, str]:
    """Agency → the latest of its believed names, whatever the day."""
    rows = session.execute(
        select(AgencyVersion.agency_id, AgencyVersion.name).where(AgencyVersion.superseded_at.is_(None)).order_by(AgencyVersion.valid_from)
    )
    return {str(row.agency_id): row.name for row in rows}
