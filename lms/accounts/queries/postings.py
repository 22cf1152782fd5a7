"""Posts and leaves on a day, and those of one person through time."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Leave, Person, PositionGroup, Posting
from lms.agencies.models import Agency, AgencyVersion
from lms.agencies.queries import agencies_by_name, agency_by_code, agency_names, within
from lms.agencies.queries.lookups import current
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.vietnamese import fold


@dataclass(frozen=True, slots=True)
class PostRow:
    id: UUID
    agency_id: UUID
    agency_name: str
    group_code: str
    job_title: str | None
    it_duty: str
    absence: str | None
    nature: str
    decision: str | None
    is_primary: bool
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class LeaveRow:
    id: UUID
    reason: str
    decision: str | None
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class GroupRow:
    """A group of staff, and how many posts, past ones included, are in it."""

    code: str
    name_vi: str
    name_en: str
    retired: bool
    posts: int


def is_listed() -> ColumnElement[bool]:
    """The condition that a person is in lists: neither a record merged into another nor one that was erased."""
    return and_(Person.merged_into_id.is_(None), Person.erased_at.is_(None))


def absence_on(on: date) -> ColumnElement[str | None]:
    """Why the person of a row of Posting is away on a day: their leave on that day, or else what the roster says of the whole post."""
    leave = (
        select(func.min(Leave.reason))
        .where(Leave.person_id == Posting.person_id, Leave.valid_from <= on, Leave.valid_to > on)
        .correlate(Posting)
        .scalar_subquery()
    )
    return func.coalesce(leave, Posting.absence)


def person_posts(session: Session, person_id: UUID, on: date) -> list[PostRow]:
    """All posts of a person, the latest first. Two statements."""
    posts = session.scalars(
        select(Posting).where(Posting.person_id == person_id).order_by(Posting.valid_from.desc(), Posting.is_primary.desc())
    ).all()
    names = agency_names(session, {post.agency_id for post in posts}, on)
    return [
        PostRow(
            post.id,
            post.agency_id,
            names.get(post.agency_id, ""),
            post.group_code,
            post.job_title,
            post.it_duty,
            post.absence,
            post.nature,
            post.decision,
            post.is_primary,
            post.valid_from,
            post.valid_to,
        )
        for post in posts
    ]


def person_leaves(session: Session, person_id: UUID) -> list[LeaveRow]:
    """All leaves of a person, the latest first."""
    rows = session.execute(
        select(Leave.id, Leave.reason, Leave.decision, Leave.valid_from, Leave.valid_to)
        .where(Leave.person_id == person_id)
        .order_by(Leave.valid_from.desc())
    )
    return [LeaveRow(*row) for row in rows]


def may_edit(session: Session, scope: Scope, person_id: UUID, on: date) -> bool:
    """Is the person counted in the scope from some day on? Whoever has them beside or on loan sees them and does not change them.
    The whole province may also change people without a post."""
    return session.scalar(select(Person.id).where(Person.id == person_id, is_listed(), *_counted_within(scope, on))) is not None


def editable_name(session: Session, scope: Scope, person_id: UUID, on: date) -> str:
    """The name of a person one may change. Raises NotFound."""
    name = session.scalar(select(Person.full_name).where(Person.id == person_id, is_listed(), *_counted_within(scope, on)))
    if name is None:
        raise NotFound
    return name


def survivor_of(session: Session, person_id: UUID) -> UUID | None:
    """In whose record a merged one lives on; None for one that was not merged."""
    return session.scalar(select(Person.merged_into_id).where(Person.id == person_id))


def agencies_within(session: Session, scope: Scope, agency_ids: Collection[UUID], on: date) -> frozenset[UUID]:
    """Those of some agencies that a scope reaches over on a day. No statement for the whole province."""
    if isinstance(scope, Everywhere):
        return frozenset(agency_ids)
    return frozenset(session.scalars(select(Agency.id).where(Agency.id.in_(agency_ids), within(Agency.id, scope, on))))


def chosen_agency(session: Session, scope: Scope, text: str, on: date) -> UUID | None:
    """The agency somebody chose from a list (its id) or typed (its code or full name), as it is on a day; None for none of the scope."""
    try:
        agency_id: UUID | None = UUID(text)
    except ValueError:
        named = agencies_by_name(session, on, scope).get(fold(text), [])
        agency_id = agency_by_code(session, text, on) or (named[0] if len(named) == 1 else None)
    found = select(AgencyVersion.agency_id).where(
        AgencyVersion.agency_id == agency_id, current(AgencyVersion, on), within(AgencyVersion.agency_id, scope, on)
    )
    return session.scalar(found)


def group_rows(session: Session) -> list[GroupRow]:
    """Every group in its order with how much it is used. One statement."""
    used: Any = select(func.count()).where(Posting.group_code == PositionGroup.code).scalar_subquery()
    rows = session.execute(
        select(PositionGroup.code, PositionGroup.name_vi, PositionGroup.name_en, PositionGroup.retired_at.is_not(None), used).order_by(
            PositionGroup.ordinal, PositionGroup.code
        )
    )
    return [GroupRow(row[0], row[1], row[2], bool(row[3]), row[4]) for row in rows]


def offered_groups(session: Session, also: Collection[str] = ()) -> list[tuple[str, str]]:
    """Code and name of the groups a new post may be in, and of those in `also`, in their order."""
    rows = session.execute(
        select(PositionGroup.code, PositionGroup.name_vi)
        .where(PositionGroup.retired_at.is_(None) | PositionGroup.code.in_(also))
        .order_by(PositionGroup.ordinal, PositionGroup.code)
    )
    return [(row.code, row.name_vi) for row in rows]


def _counted_within(scope: Scope, on: date) -> list[ColumnElement[bool]]:
    if isinstance(scope, Everywhere):
        return []
    held = select(Posting.id).where(
        Posting.person_id == Person.id, Posting.is_primary, Posting.valid_to > on, within(Posting.agency_id, scope, on)
    )
    return [held.correlate(Person).exists()]
