"""Reads about notices, requests and retention."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, and_, bindparam, case, exists, func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Account, Person, Posting
from lms.agencies.models import AgencyVersion
from lms.agencies.queries import within
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.following import PersonalSection, followers_of
from lms.privacy.models import DataRequest, NoticeRead, RetentionRun
from lms.privacy.rules.requests import PENDING, RequestState

PAGE = 50


@dataclass(frozen=True, slots=True)
class RequestRow:
    """A line of a list of requests."""

    id: UUID
    person_id: UUID
    full_name: str
    agency_name: str | None
    kind: str
    state: str
    field: str
    made_at: datetime
    due_at: datetime
    complete_by: date


@dataclass(frozen=True, slots=True)
class RequestView:
    """A request with all that its page shows; values are still sealed."""

    id: UUID
    person_id: UUID
    full_name: str
    staff_code: str
    kind: str
    state: str
    field: str
    present_sealed: bytes | None
    proposed_sealed: bytes | None
    reason: str
    made_by: UUID
    made_at: datetime
    due_at: datetime
    complete_by: date
    answer: str | None
    answered_by: UUID | None
    answered_at: datetime | None
    done_at: datetime | None

    @property
    def is_pending(self) -> bool:
        return self.state in PENDING


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests wait for an answer or to be carried out, and how many of them too long."""

    pending: int
    overdue: int


@dataclass(frozen=True, slots=True)
class Subject:
    """The person about whom something is to be decided."""

    id: UUID
    full_name: str
    staff_code: str
    login_name: str | None
    in_service: bool


# Written once: asked on every look at the first page.
_HAS_READ = select(NoticeRead.person_id).where(NoticeRead.person_id == bindparam("person_id"), NoticeRead.version == bindparam("version"))


def is_unread(version: str, person_id: ColumnElement[UUID]) -> ColumnElement[bool]:
    """Has the person of a column still to acknowledge this version of the notice?"""
    return ~exists().where(NoticeRead.person_id == person_id, NoticeRead.version == version)


def has_read(session: Session, person_id: UUID, version: str) -> bool:
    """Has the person acknowledged this version of the notice?"""
    return session.connection().execute(_HAS_READ, {"person_id": person_id, "version": version}).first() is not None


def own_requests(session: Session, person_id: UUID, on: date) -> list[RequestRow]:
    """All a person ever asked, newest first."""
    return _rows(session, _listed(on).where(DataRequest.person_id == person_id).order_by(DataRequest.made_at.desc()).limit(PAGE))


def own_request(session: Session, request_id: UUID, person_id: UUID | None) -> RequestView:
    """A person's own request. Raises NotFound, also for another's."""
    return _view(session, and_(DataRequest.id == request_id, DataRequest.person_id == person_id))


def request_in_scope(session: Session, request_id: UUID, scope: Scope, on: date) -> RequestView:
    """A request about somebody of these agencies. Raises NotFound, also for one outside."""
    return _view(session, and_(DataRequest.id == request_id, about_people_of(scope, on)))


def requests_in_scope(session: Session, scope: Scope, on: date, *, pending: bool, limit: int = 200) -> list[RequestRow]:
    """Requests about people of these agencies: those that wait, the most urgent first, or those that are settled, newest first."""
    state = DataRequest.state.in_(PENDING)
    query = _listed(on).where(about_people_of(scope, on), state if pending else ~state)
    order = DataRequest.due_at if pending else DataRequest.made_at.desc()
    return _rows(session, query.order_by(order, DataRequest.id).limit(limit))


def waiting(session: Session, scope: Scope, on: date, at: datetime) -> Waiting:
    """What waits within a scope. One query."""
    late = case(
        (and_(DataRequest.state == RequestState.OPEN, DataRequest.due_at < at), 1),
        (and_(DataRequest.state == RequestState.GRANTED, DataRequest.complete_by < on), 1),
        else_=0,
    )
    query = select(func.count(), func.coalesce(func.sum(late), 0)).where(DataRequest.state.in_(PENDING), about_people_of(scope, on))
    return Waiting(*session.execute(query).one())


def about_people_of(scope: Scope, on: date) -> ColumnElement[bool]:
    """The condition that a request is about somebody who is counted in the scope on a day: only there may they be changed. One who has
    left is the province's."""
    if isinstance(scope, Everywhere):
        return DataRequest.id.is_not(None)
    counted = (Posting.is_primary, Posting.valid_from <= on, Posting.valid_to > on)
    held = select(Posting.person_id).where(*counted, within(Posting.agency_id, scope, on))
    return DataRequest.person_id.in_(held)


def subject(session: Session, person_id: UUID, on: date) -> Subject:
    """Raises NotFound for nobody, and for one who is forgotten or merged into another. In service is also who is about to be."""
    holds = select(Posting.id).where(Posting.person_id == person_id, Posting.valid_to > on).exists()
    row = session.execute(
        select(Person.id, Person.full_name, Person.staff_code, Account.login_name, holds)
        .outerjoin(Account, Account.person_id == Person.id)
        .where(Person.id == person_id, Person.erased_at.is_(None), Person.merged_into_id.is_(None))
    ).one_or_none()
    if row is None:
        raise NotFound
    return Subject(*row)


def own_sections(session: Session, person_id: UUID) -> list[PersonalSection]:
    """Everything kept about one person, gathered from every package. Long sections are read while they are walked: the session must
    still be open then."""
    return [section for follower in followers_of(session).persons for section in follower.disclose(session, person_id)]


def retention_runs(session: Session, limit: int = 30) -> list[RetentionRun]:
    """The last times data was thrown away, newest first."""
    return list(session.scalars(select(RetentionRun).order_by(RetentionRun.day.desc()).limit(limit)))


def _listed(on: date) -> Select[Any]:
    agency = (
        select(AgencyVersion.name)
        .join(Posting, Posting.agency_id == AgencyVersion.agency_id)
        .where(
            Posting.person_id == DataRequest.person_id,
            Posting.is_primary,
            Posting.valid_from <= on,
            Posting.valid_to > on,
            AgencyVersion.valid_from <= on,
            AgencyVersion.valid_to > on,
            AgencyVersion.superseded_at.is_(None),
        )
        .limit(1)
        .scalar_subquery()
    )
    return select(
        DataRequest.id,
        DataRequest.person_id,
        Person.full_name,
        agency,
        DataRequest.kind,
        DataRequest.state,
        DataRequest.field,
        DataRequest.made_at,
        DataRequest.due_at,
        DataRequest.complete_by,
    ).join(Person, Person.id == DataRequest.person_id)


def _rows(session: Session, query: Select[Any]) -> list[RequestRow]:
    return [RequestRow(*row) for row in session.execute(query)]


def _view(session: Session, condition: ColumnElement[bool]) -> RequestView:
    names = [name for name in RequestView.__dataclass_fields__ if name not in ("full_name", "staff_code")]
    columns = [getattr(DataRequest, name) for name in names]
    row = session.execute(
        select(*columns, Person.full_name, Person.staff_code).join(Person, Person.id == DataRequest.person_id).where(condition)
    ).one_or_none()
    if row is None:
        raise NotFound
    return RequestView(**row._mapping)
