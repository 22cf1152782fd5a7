"""Writing dated versions, codes and events. Nothing believed before is overwritten: a row that no longer holds is superseded."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyCode, AgencyEvent, AgencyLink, AgencyVersion
from lms.agencies.queries import agency_names
from lms.agencies.rules.kinds import CodeScheme, Decision, EventKind
from lms.agencies.rules.sheet import CODE
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.vietnamese import clean, fold, sort_key

BATCH = 1000
FIELDS = ("name", "short_name", "kind", "block", "level", "parent_id", "legal_basis")

Link = tuple[UUID | None, UUID | None]
"""(predecessor, successor) of an event."""


@dataclass(frozen=True, slots=True)
class Span:
    """A believed version, loaded to be replaced."""

    id: UUID
    agency_id: UUID
    valid_from: date
    valid_to: date
    values: Mapping[str, Any]


def version_row(agency_id: UUID, values: Mapping[str, Any], days: tuple[date, date], at: datetime, code: str | None) -> dict[str, Any]:
    """The row of a version over the days [first, first no longer); sort and search keys follow from its name, short name and code."""
    name, short_name = clean(values["name"]), values.get("short_name")
    return {
        **values,
        "id": uuid7(),
        "agency_id": agency_id,
        "name": name,
        "sort_key": sort_key(name),
        "search_text": fold(" ".join(filter(None, (name, short_name, code)))),
        "valid_from": days[0],
        "valid_to": days[1],
        "recorded_at": at,
    }


def insert_versions(session: Session, rows: Sequence[Mapping[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        session.execute(insert(AgencyVersion), rows[start : start + BATCH])


def supersede_versions(session: Session, ids: Iterable[UUID], at: datetime) -> None:
    """These versions are no longer believed."""
    distinct = list(ids)
    for start in range(0, len(distinct), 500):
        session.execute(update(AgencyVersion).where(AgencyVersion.id.in_(distinct[start : start + 500])).values(superseded_at=at))


def replace_version(session: Session, span: Span, changes: Mapping[str, Any], *, begin: date, end: date, at: datetime) -> None:
    """Believe something else of the days [begin, end) of a version; its other days stay as they are."""
    code = code_on(session, span.agency_id, begin)
    supersede_versions(session, [span.id], at)
    pieces = [
        (span.valid_from, begin, span.values),
        (begin, end, {**span.values, **changes}),
        (end, span.valid_to, span.values),
    ]
    rows = [version_row(span.agency_id, values, (first, last), at, code) for first, last, values in pieces if first < last]
    insert_versions(session, rows)


def spans_from(session: Session, agency_id: UUID, on: date) -> list[Span]:
    rows = session.scalars(
        select(AgencyVersion)
        .where(AgencyVersion.agency_id == agency_id, AgencyVersion.superseded_at.is_(None), AgencyVersion.valid_to > on)
        .order_by(AgencyVersion.valid_from)
        .execution_options(populate_existing=True)
    )
    return [Span(row.id, agency_id, row.valid_from, row.valid_to, {field: getattr(row, field) for field in FIELDS}) for row in rows]


def span_on(session: Session, agency_id: UUID, on: date) -> Span:
    spans = [span for span in spans_from(session, agency_id, on) if span.valid_from <= on]
    if not spans:
        raise DomainError(
            N_("%(agency)s không tồn tại vào ngày %(day)s. Chọn ngày khác."),
            code="agency_missing",
            field="on",
            agency=name_of(session, agency_id, on),
            day=f"{on:%d/%m/%Y}",
        )
    return spans[0]


def exists_before(session: Session, agency_id: UUID, on: date) -> bool:
    earlier = select(AgencyVersion.id).where(
        AgencyVersion.agency_id == agency_id, AgencyVersion.superseded_at.is_(None), AgencyVersion.valid_from < on
    )
    return session.scalar(earlier.limit(1)) is not None


def code_on(session: Session, agency_id: UUID, on: date) -> str | None:
    return session.scalar(
        select(AgencyCode.code)
        .where(
            AgencyCode.agency_id == agency_id,
            AgencyCode.scheme == CodeScheme.QD20,
            AgencyCode.superseded_at.is_(None),
            AgencyCode.valid_from <= on,
            AgencyCode.valid_to > on,
        )
        .limit(1)
    )


def assign_code(session: Session, agency_id: UUID, code: str, *, on: date, at: datetime, scheme: str = CodeScheme.QD20) -> None:
    """The agency bears a code from a day on. Raises Conflict where another bears it in these days, DomainError for a malformed one."""
    if scheme == CodeScheme.QD20 and not CODE.fullmatch(code):
        raise DomainError(
            N_("Mã đơn vị “%(code)s” không đúng dạng; ví dụ đúng: H55, H55.242"), code="malformed_code", field="code", bad=code
        )
    taken = session.scalar(
        select(AgencyCode.agency_id).where(
            AgencyCode.scheme == scheme, AgencyCode.code == code, AgencyCode.superseded_at.is_(None), AgencyCode.valid_to > on
        )
    )
    if taken is not None:
        raise Conflict(
            N_("Mã đơn vị %(borne)s đã thuộc %(agency)s. Kiểm tra lại mã."),
            code="code_taken",
            field="code",
            borne=code,
            agency=name_of(session, taken, on),
        )
    session.execute(insert(AgencyCode).values(id=uuid7(), agency_id=agency_id, scheme=scheme, code=code, valid_from=on, recorded_at=at))


def record_event(session: Session, kind: EventKind, decision: Decision, links: Sequence[Link], *, on: date, at: datetime) -> UUID:
    """What happened, on which paper, to whom."""
    event_id = uuid7()
    session.execute(
        insert(AgencyEvent).values(
            id=event_id,
            kind=kind,
            effective_on=on,
            decision_number=decision.number,
            decision_date=decision.dated,
            note=decision.note,
            recorded_at=at,
        )
    )
    rows = [
        {"id": uuid7(), "event_id": event_id, "predecessor_id": predecessor, "successor_id": successor} for predecessor, successor in links
    ]
    for start in range(0, len(rows), BATCH):
        session.execute(insert(AgencyLink), rows[start : start + BATCH])
    return event_id


def name_of(session: Session, agency_id: UUID, on: date) -> str:
    return agency_names(session, [agency_id], on).get(agency_id, str(agency_id))
