"""Records that may be one person's."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, func, or_, select
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Account, Person, PersonApart, Posting, RoleGrant, SignIn
from lms.accounts.queries.postings import PostRow, is_listed, person_posts
from lms.agencies.models import AgencyVersion
from lms.kit.actors import NotFound


@dataclass(frozen=True, slots=True)
class Alike:
    """One record of a group that shares folded name and birth date."""

    id: UUID
    full_name: str
    staff_code: str
    birth_date: date
    agency_name: str | None
    key: tuple[str, date]


@dataclass(frozen=True, slots=True)
class Apart:
    """Two records that somebody marked as two people."""

    one: UUID
    one_text: str
    other: UUID
    other_text: str
    marked_at: datetime


@dataclass(frozen=True, slots=True)
class Compared:
    """One of two records side by side; personal numbers are still sealed."""

    id: UUID
    full_name: str
    staff_code: str
    login_name: str | None
    birth_date: date | None
    sex: str | None
    email: str | None
    phone_sealed: bytes | None
    identity_sealed: bytes | None
    qualification: str | None
    it_qualification: str | None
    it_major: bool
    has_password: bool
    last_seen: datetime | None
    created_at: datetime
    roles: int
    posts: Sequence[PostRow]


def likely_duplicates(session: Session, on: date, *, limit: int = 200) -> list[list[Alike]]:
    """Groups of records with the same name, marks and letter case aside, and the same birth date. One statement, which finds the groups
    through an index on both. An identity number is on one record at most, so it makes no groups. A record marked as another person than
    all others of its group is in none."""
    alike, mark = aliased(Person), aliased(PersonApart)
    one_sees = and_(mark.one_id == Person.id, mark.other_id == alike.id)
    other_sees = and_(mark.other_id == Person.id, mark.one_id == alike.id)
    still_alike = (
        select(alike.id)
        .where(
            alike.name_key == Person.name_key,
            alike.birth_date == Person.birth_date,
            alike.id != Person.id,
            alike.merged_into_id.is_(None),
            alike.erased_at.is_(None),
            ~select(mark.one_id).where(or_(one_sees, other_sees)).correlate(Person, alike).exists(),
        )
        .correlate(Person)
        .exists()
    )
    groups = (
        select(Person.name_key, Person.birth_date)
        .where(is_listed(), Person.birth_date.is_not(None))
        .group_by(Person.name_key, Person.birth_date)
        .having(func.count() > 1)
        .order_by(Person.name_key, Person.birth_date)
        .subquery()
    )
    rows = session.execute(
        select(Person.id, Person.full_name, Person.staff_code, Person.birth_date, AgencyVersion.name, Person.name_key)
        .join(groups, and_(groups.c.name_key == Person.name_key, groups.c.birth_date == Person.birth_date))
        .outerjoin(
            Posting,
            and_(Posting.person_id == Person.id, Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on),
        )
        .outerjoin(
            AgencyVersion,
            and_(
                AgencyVersion.agency_id == Posting.agency_id,
                AgencyVersion.valid_from <= on,
                AgencyVersion.valid_to > on,
                AgencyVersion.superseded_at.is_(None),
            ),
        )
        .where(is_listed(), still_alike)
        .order_by(Person.sort_key, Person.birth_date, Person.staff_code)
    )
    found: dict[tuple[str, date], list[Alike]] = {}
    for row in rows:
        key = (row.name_key, row.birth_date)
        if key not in found and len(found) == limit:
            break
        found.setdefault(key, []).append(Alike(row.id, row.full_name, row.staff_code, row.birth_date, row.name, key))
    return list(found.values())


def are_apart(session: Session, one: UUID, other: UUID) -> bool:
    """Were these two marked as two people?"""
    first, second = sorted((one, other))
    return session.get(PersonApart, (first, second)) is not None


def marked_apart(session: Session, *, limit: int = 200) -> list[Apart]:
    """Pairs that were marked as two people, the latest first. One statement."""
    one, other = aliased(Person), aliased(Person)
    rows = session.execute(
        select(one.id, one.full_name, one.staff_code, other.id, other.full_name, other.staff_code, PersonApart.marked_at)
        .select_from(PersonApart)
        .join(one, one.id == PersonApart.one_id)
        .join(other, other.id == PersonApart.other_id)
        .order_by(PersonApart.marked_at.desc(), PersonApart.one_id, PersonApart.other_id)
        .limit(limit)
    )
    return [Apart(row[0], f"{row[1]} ({row[2]})", row[3], f"{row[4]} ({row[5]})", row[6]) for row in rows]


def person_by_code(session: Session, staff_code: str) -> UUID | None:
    """Whose staff code it is; None for nobody's, and for records that are in no list."""
    return session.scalar(select(Person.id).where(Person.staff_code == staff_code, is_listed()))


def compare_persons(session: Session, one: UUID, other: UUID, on: date) -> tuple[Compared, Compared]:
    """Two records side by side. Raises NotFound where either is merged or erased. Five statements."""
    grants = (
        select(func.count()).where(RoleGrant.person_id == Person.id, RoleGrant.valid_from <= on, RoleGrant.valid_to > on).scalar_subquery()
    )
    seen = select(func.max(SignIn.created_at)).where(SignIn.person_id == Person.id).scalar_subquery()
    rows = session.execute(
        select(Person, Account.login_name, Account.password_hash.is_not(None), seen, grants)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Person.id.in_((one, other)), is_listed())
    )
    found: dict[UUID, Any] = {row[0].id: row for row in rows}
    if one not in found or other not in found or one == other:
        raise NotFound
    first, second = (_compared(session, found[each], on) for each in (one, other))
    return first, second


def possible_matches(
    session: Session, on: date, *, staff_code: str | None, fingerprint: str | None, name_key: str | None, birth_date: date | None
) -> list[Alike]:
    """Who has exactly this staff code, this identity number, or this name and birth date: what a focal point must know to claim someone.
    One statement, at most five records."""
    exact = []
    if staff_code:
        exact.append(Person.staff_code == staff_code)
    if fingerprint:
        exact.append(Person.identity_fingerprint == fingerprint)
    if name_key and birth_date:
        exact.append(and_(Person.name_key == name_key, Person.birth_date == birth_date))
    if not exact:
        return []
    post, version = aliased(Posting), aliased(AgencyVersion)
    rows = session.execute(
        select(Person.id, Person.full_name, Person.staff_code, Person.birth_date, version.name, Person.name_key)
        .outerjoin(post, and_(post.person_id == Person.id, post.is_primary, post.valid_from <= on, post.valid_to > on))
        .outerjoin(
            version,
            and_(version.agency_id == post.agency_id, version.valid_from <= on, version.valid_to > on, version.superseded_at.is_(None)),
        )
        .where(or_(*exact), is_listed())
        .order_by(Person.sort_key, Person.id)
        .limit(5)
    )
    return [Alike(r.id, r.full_name, r.staff_code, r.birth_date, r.name, (r.name_key, r.birth_date)) for r in rows]


def _compared(session: Session, row: Any, on: date) -> Compared:
    person, login, has_password, seen, roles = row
    return Compared(
        id=person.id,
        full_name=person.full_name,
        staff_code=person.staff_code,
        login_name=login,
        birth_date=person.birth_date,
        sex=person.sex,
        email=person.email,
        phone_sealed=person.phone_sealed,
        identity_sealed=person.identity_sealed,
        qualification=person.qualification,
        it_qualification=person.it_qualification,
        it_major=person.it_major,
        has_password=bool(has_password),
        last_seen=seen,
        created_at=person.created_at,
        roles=roles,
        posts=person_posts(session, person.id, on),
    )
