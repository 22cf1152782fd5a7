"""What is stored, as planning a roster needs it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from uuid import UUID

from sqlalchemy import and_, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person, PositionGroup, Posting
from lms.accounts.rules.groups import STARTING_GROUPS
from lms.accounts.rules.roster.agencies import AgencyIndex, KnownAgency
from lms.accounts.rules.roster.plan import KnownPerson
from lms.agencies.models import AgencyCode, AgencyVersion
from lms.agencies.queries import ancestors_on
from lms.kit.secrets import Vault


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


def known_people(session: Session, on: date, vault: Vault) -> list[KnownPerson]:
    """Everybody, with the primary post of a day. One statement; phones are opened only to be compared by fingerprint."""
    latest = (
        select(Posting.person_id, func.max(Posting.valid_from).label("day"))
        .where(Posting.is_primary)
        .group_by(Posting.person_id)
        .subquery()
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
            latest.c.day,
        )
        .outerjoin(Posting, and_(Posting.person_id == Person.id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on))
        .outerjoin(latest, latest.c.person_id == Person.id)
        .order_by(Person.id)
    )
    return [
        KnownPerson(
            id=row.id,
            staff_code=row.staff_code,
            full_name=row.full_name,
            birth_date=row.birth_date,
            birth_year=row.birth_year,
            sex=row.sex,
            email=row.email,
            phone_fingerprint=vault.fingerprint(vault.unseal(row.phone_sealed)) if row.phone_sealed else None,
            identity_fingerprint=row.identity_fingerprint,
            qualification=row.qualification,
            it_qualification=row.it_qualification,
            it_major=row.it_major,
            agency_id=row.agency_id,
            group_code=row.group_code,
            job_title=row.job_title,
            it_duty=row.it_duty,
            absence=row.absence,
            latest_post=row.day,
        )
        for row in rows
    ]
