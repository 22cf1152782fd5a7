"""Lists of people and what is known about one, within the scope of the one who asks."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, func, literal, or_, select, true
from sqlalchemy.orm import Session, aliased

from lms.accounts.models import Account, ActivationCode, Person, PositionGroup, Posting, RoleGrant
from lms.accounts.queries.postings import LeaveRow, PostRow, absence_on, is_listed, person_leaves, person_posts
from lms.accounts.queries.roles import GrantRow, grants_of_person
from lms.accounts.rules.lockout import is_locked
from lms.accounts.rules.people import search_words
from lms.agencies.models import Agency, AgencyVersion
from lms.agencies.queries import in_subtree, within
from lms.kit.actors import Everywhere, NotFound, Role, Scope

PAGE = 50


class Only(StrEnum):
    """A part of the people that somebody must do something about."""

    ABSENT = "absent"
    NO_ACCOUNT = "no_account"
    NO_POSTING = "no_posting"


@dataclass(frozen=True, slots=True)
class PersonRow:
    """A line of the list of people."""

    id: UUID
    full_name: str
    staff_code: str
    agency_name: str | None
    group_code: str | None
    job_title: str | None
    absence: str | None
    has_password: bool
    locked: bool
    disabled: bool


@dataclass(frozen=True, slots=True)
class PeoplePage:
    """Fifty people in the order of their names; `before` and `after` are where the neighbouring pages begin, if there are any."""

    rows: list[PersonRow]
    total: int
    before: UUID | None
    after: UUID | None


@dataclass(frozen=True, slots=True)
class PersonView:
    """Everything the page of one person shows; numbers are still sealed."""

    id: UUID
    full_name: str
    staff_code: str
    login_name: str
    birth_date: date | None
    birth_year: int | None
    sex: str | None
    email: str | None
    phone_sealed: bytes | None
    identity_sealed: bytes | None
    qualification: str | None
    it_qualification: str | None
    it_major: bool
    has_password: bool
    activated_at: datetime | None
    locked: bool
    disabled: bool
    posts: list[PostRow]
    leaves: list[LeaveRow]
    grants: list[GrantRow]


@dataclass(frozen=True, slots=True)
class Invitable:
    """Someone who has no password yet and may be given a slip; `slip_until`: how long the slip they have is good."""

    id: UUID
    full_name: str
    staff_code: str
    login_name: str
    agency_name: str
    slip_until: datetime | None


@dataclass(frozen=True, slots=True)
class Choice:
    id: UUID
    name: str


def people_page(
    session: Session,
    scope: Scope,
    on: date,
    at: datetime,
    *,
    search: str = "",
    agency_id: UUID | None = None,
    group_code: str | None = None,
    it_duty: str | None = None,
    only: Only | None = None,
    after: UUID | None = None,
    before: UUID | None = None,
    limit: int = PAGE,
) -> PeoplePage:
    """People with a primary post on a day, by given name; with `Only.NO_POSTING` those of the scope without one. Two statements.
    `search`: words without marks, each the beginning of a word of name, staff code or login name; `it_duty`: one of ITDuty. `after`,
    `before`: the person next to whom the page lies."""
    conditions = [is_listed(), *_found_by(search)]
    posted = Posting.person_id == Person.id
    people = select(Person.id)
    if only is Only.NO_POSTING:
        conditions += [Person.id.not_in(select(Posting.person_id).where(_holds_post(on))), _held_or_to_be_held(scope, on)]
    else:
        people = people.join(Posting, posted)
        conditions += [_holds_post(on), within(Posting.agency_id, scope, on)]
        conditions += _kept_to(on, agency_id, group_code, it_duty, only)
    if only is Only.NO_ACCOUNT:
        people = people.join(Account, Account.person_id == Person.id)
    total = session.scalar(people.with_only_columns(func.count()).where(*conditions))
    order = (Person.sort_key.desc(), Person.id.desc()) if before is not None else (Person.sort_key, Person.id)
    page = people.where(*conditions)
    if isinstance(scope, Everywhere) and only is None and not (agency_id or group_code or it_duty):
        # Nearly everybody is on the list: people are walked in the order of their names until the page is full.
        page = select(Person.id).where(is_listed(), *_found_by(search), select(Posting.id).where(posted, _holds_post(on)).exists())
    if (edge := before or after) is not None:
        page = page.where(_beyond(edge, backwards=before is not None))
    # Which fifty comes first; what is shown is looked up for them alone.
    fifty = page.order_by(*order).limit(limit + 1).subquery()
    statement = (
        select(
            Person.id,
            Person.full_name,
            Person.staff_code,
            AgencyVersion.name,
            Posting.group_code,
            Posting.job_title,
            absence_on(on).label("absence"),
            Account.password_hash.is_not(None).label("has_password"),
            Account.locked_until,
            Account.disabled_at,
        )
        .select_from(fifty)
        .join(Person, Person.id == fifty.c.id)
        .outerjoin(Posting, and_(Posting.person_id == Person.id, _holds_post(on)))
        .join(Account, Account.person_id == Person.id)
        .outerjoin(AgencyVersion, and_(AgencyVersion.agency_id == Posting.agency_id, _current_version(on)))
        .order_by(*order)
    )
    found: Sequence[Any] = session.execute(statement).all()
    more = len(found) > limit
    rows = [
        PersonRow(
            id=row.id,
            full_name=row.full_name,
            staff_code=row.staff_code,
            agency_name=row.name,
            group_code=row.group_code,
            job_title=row.job_title,
            absence=row.absence,
            has_password=row.has_password,
            locked=is_locked(row.locked_until, at),
            disabled=row.disabled_at is not None,
        )
        for row in found[:limit]
    ]
    if before is not None:
        rows.reverse()
    has_before, has_after = (more, True) if before is not None else (after is not None, more)
    return PeoplePage(
        rows=rows,
        total=total or 0,
        before=rows[0].id if rows and has_before else None,
        after=rows[-1].id if rows and has_after else None,
    )


def person_view(session: Session, scope: Scope, person_id: UUID, on: date, at: datetime) -> PersonView:
    """One person with all posts and present roles. Raises NotFound for one whose posts from now on lie outside the scope."""
    statement = select(Person, Account).join(Account, Account.person_id == Person.id).where(Person.id == person_id, is_listed())
    if not isinstance(scope, Everywhere):
        held = select(Posting.id).where(Posting.person_id == person_id, Posting.valid_to > on, within(Posting.agency_id, scope, on))
        statement = statement.where(held.exists())
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound
    person, account = found
    return PersonView(
        id=person.id,
        full_name=person.full_name,
        staff_code=person.staff_code,
        login_name=account.login_name,
        birth_date=person.birth_date,
        birth_year=person.birth_year,
        sex=person.sex,
        email=person.email,
        phone_sealed=person.phone_sealed,
        identity_sealed=person.identity_sealed,
        qualification=person.qualification,
        it_qualification=person.it_qualification,
        it_major=person.it_major,
        has_password=account.password_hash is not None,
        activated_at=account.activated_at,
        locked=is_locked(account.locked_until, at),
        disabled=account.disabled_at is not None,
        posts=person_posts(session, person_id, on),
        leaves=person_leaves(session, person_id),
        grants=grants_of_person(session, person_id, on),
    )


def invitable_people(
    session: Session,
    scope: Scope,
    on: date,
    at: datetime,
    roles: Collection[Role],
    *,
    agency_id: UUID | None = None,
    limit: int,
) -> list[Invitable]:
    """People without a password in an agency's subtree, of whom all roles are among `roles` and lie within the scope; by name."""
    slip = (
        select(ActivationCode.person_id, func.max(ActivationCode.expires_at).label("until"))
        .where(ActivationCode.used_at.is_(None), ActivationCode.revoked_at.is_(None), ActivationCode.expires_at > at)
        .group_by(ActivationCode.person_id)
        .subquery()
    )
    conditions = [_holds_post(on), within(Posting.agency_id, scope, on), ~_beyond_reach(scope, on, roles)]
    if agency_id is not None:
        conditions.append(in_subtree(Posting.agency_id, agency_id, on))
    rows = session.execute(
        select(Person.id, Person.full_name, Person.staff_code, Account.login_name, AgencyVersion.name, slip.c.until)
        .select_from(Posting)
        .join(Person, Person.id == Posting.person_id)
        .join(Account, Account.person_id == Person.id)
        .join(AgencyVersion, and_(AgencyVersion.agency_id == Posting.agency_id, _current_version(on)))
        .outerjoin(slip, slip.c.person_id == Person.id)
        .where(*conditions, is_listed(), Account.password_hash.is_(None), Account.disabled_at.is_(None))
        .order_by(AgencyVersion.sort_key, Person.sort_key, Person.id)
        .limit(limit)
    )
    return [Invitable(*row) for row in rows]


def may_let_in(session: Session, scope: Scope, on: date, roles: Collection[Role], person_id: UUID) -> bool:
    """Does a person lie within the scope, with no role beyond `roles` or outside the scope? Only then may one hand them a new way in."""
    held = select(Person.id).where(Person.id == person_id, ~_beyond_reach(scope, on, roles))
    if not isinstance(scope, Everywhere):
        posted = select(Posting.id).where(Posting.person_id == person_id, _holds_post(on), within(Posting.agency_id, scope, on))
        held = held.where(posted.exists())
    return session.scalar(held) is not None


def group_choices(session: Session) -> list[tuple[str, str]]:
    """Code and Vietnamese name of the position groups, retired ones included, in their order."""
    rows = session.execute(select(PositionGroup.code, PositionGroup.name_vi).order_by(PositionGroup.ordinal, PositionGroup.code))
    return [(row.code, row.name_vi) for row in rows]


def agency_choices(session: Session, scope: Scope, on: date, limit: int) -> list[Choice] | None:
    """The agencies of the scope by name; None where they are more than fit a list to choose from."""
    rows = session.execute(
        select(AgencyVersion.agency_id, AgencyVersion.name)
        .where(_current_version(on), within(AgencyVersion.agency_id, scope, on))
        .order_by(AgencyVersion.sort_key)
        .limit(limit + 1)
    ).all()
    return None if len(rows) > limit else [Choice(row.agency_id, row.name) for row in rows]


def covers_agency(session: Session, scope: Scope, agency_id: UUID | None, on: date) -> bool:
    """Does a scope reach over an agency on a day; None: over the whole province? No scope reaches over an agency there never was."""
    if agency_id is None:
        return isinstance(scope, Everywhere)
    return session.scalar(select(Agency.id).where(Agency.id == agency_id, within(Agency.id, scope, on))) is not None


def person_of_login(session: Session, login_name: str) -> UUID | None:
    return session.scalar(select(Account.person_id).where(Account.login_name == login_name))


def login_name_of(session: Session, person_id: UUID) -> str:
    return session.scalars(select(Account.login_name).where(Account.person_id == person_id)).one()


def _holds_post(on: date) -> ColumnElement[bool]:
    return and_(Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on)


def _held_or_to_be_held(scope: Scope, on: date) -> ColumnElement[bool]:
    """Of those without a primary post, whom the scope may look at: the whole province all, others who has some post there from now on."""
    if isinstance(scope, Everywhere):
        return true()
    held = aliased(Posting)
    return (
        select(held.id).where(held.person_id == Person.id, held.valid_to > on, within(held.agency_id, scope, on)).correlate(Person).exists()
    )


def _kept_to(
    on: date, agency_id: UUID | None, group_code: str | None, it_duty: str | None, only: Only | None
) -> Iterator[ColumnElement[bool]]:
    if agency_id is not None:
        yield in_subtree(Posting.agency_id, agency_id, on)
    if group_code:
        yield Posting.group_code == group_code
    if it_duty:
        yield Posting.it_duty == it_duty
    if only is Only.ABSENT:
        yield absence_on(on).is_not(None)
    if only is Only.NO_ACCOUNT:
        yield Account.password_hash.is_(None)


def _current_version(on: date) -> ColumnElement[bool]:
    return and_(AgencyVersion.valid_from <= on, AgencyVersion.valid_to > on, AgencyVersion.superseded_at.is_(None))


def _found_by(search: str) -> list[ColumnElement[bool]]:
    spaced = literal(" ") + Person.search_text
    return [spaced.contains(f" {word}", autoescape=True) for word in search_words(search)]


def _beyond(person_id: UUID, *, backwards: bool = False) -> ColumnElement[bool]:
    """After (or before) a person in the order of names."""
    key = select(Person.sort_key).where(Person.id == person_id).scalar_subquery()
    if backwards:
        return or_(Person.sort_key < key, and_(Person.sort_key == key, Person.id < person_id))
    return or_(Person.sort_key > key, and_(Person.sort_key == key, Person.id > person_id))


def _beyond_reach(scope: Scope, on: date, roles: Collection[Role]) -> ColumnElement[bool]:
    """Does the person of the outer statement hold a role not among `roles`, or one outside the scope?"""
    outside: ColumnElement[bool] = RoleGrant.role.not_in([role.value for role in roles])
    if not isinstance(scope, Everywhere):
        outside = or_(outside, RoleGrant.agency_id.is_(None), ~within(RoleGrant.agency_id, scope, on))
    held: Select[Any] = select(RoleGrant.id).where(RoleGrant.person_id == Person.id, RoleGrant.valid_to > on, outside)
    return held.correlate(Person).exists()
