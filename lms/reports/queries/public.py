"""What the public fetches: one row where it is rendered, else what it is rendered from."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from uuid import UUID

from sqlalchemy import Connection, and_, bindparam, exists, func, or_, select
from sqlalchemy.orm import Session, undefer

from lms.agencies.models import AgencyCode
from lms.agencies.queries.lookups import current
from lms.agencies.rules.kinds import CodeScheme
from lms.reports.feeds.publication import Publication, publication
from lms.reports.models import ONCE_PUBLIC, PublicFile, PublicRendering, Report, ReportAgency, ReportState
from lms.reports.queries.bodies import agency_body
from lms.reports.rules.body import AgencyBody, read_body
from lms.reports.rules.correcting import AgencyCorrection, read_corrections
from lms.results.models import Activity

_COLUMNS = (PublicFile.content, PublicFile.is_packed, PublicFile.media_type, PublicFile.etag, Report.published_at)
_KEPT = and_(PublicFile.report_id == Report.id, PublicFile.path == bindparam("path"), PublicFile.rendering == bindparam("rendering"))
_FILE = select(*_COLUMNS).join(Report, _KEPT).where(Report.state == ReportState.PUBLISHED, Report.period == bindparam("period"))
_NEWEST = (
    select(*_COLUMNS)
    .select_from(Report)
    .join(ReportAgency, and_(ReportAgency.report_id == Report.id, ReportAgency.code == bindparam("code")))
    .outerjoin(PublicFile, _KEPT)
    .where(Report.state == ReportState.PUBLISHED)
    .order_by(Report.period.desc(), Report.published_at.desc())
    .limit(1)
)


@dataclass(frozen=True, slots=True)
class StoredFile:
    content: bytes
    is_packed: bool
    media_type: str
    etag: str
    published_at: datetime


def stored_file(connection: Connection, path: str, rendering: str, *, period: str | None, code: str | None) -> StoredFile | None:
    """The file of an address in the report that is public now, of a period or of the newest that speaks of an agency; one statement. None
    where it is not rendered (yet), or there is none."""
    values = {"path": path, "rendering": rendering}
    if period is not None:
        row = connection.execute(_FILE, {**values, "period": period}).first()
    else:
        row = connection.execute(_NEWEST, {**values, "code": code}).first()
    if row is None or row.content is None:
        return None
    return StoredFile(bytes(row.content), row.is_packed, row.media_type, row.etag, row.published_at.astimezone(UTC))


def public_report(session: Session, period: str) -> Report | None:
    return session.scalars(
        select(Report).where(Report.period == period, Report.state == ReportState.PUBLISHED).order_by(Report.published_at.desc()).limit(1)
    ).first()


def newest_report_of(session: Session, code: str) -> Report | None:
    """The newest public report that speaks of an agency."""
    named = exists().where(ReportAgency.report_id == Report.id, ReportAgency.code == code)
    return session.scalars(
        select(Report)
        .where(Report.state == ReportState.PUBLISHED, named)
        .order_by(Report.period.desc(), Report.published_at.desc())
        .limit(1)
    ).first()


def speaks_of(session: Session, report_id: UUID, code: str) -> bool:
    return session.scalar(select(exists().where(ReportAgency.report_id == report_id, ReportAgency.code == code))) or False


def public_reports_in_order(session: Session) -> list[tuple[Report, str]]:
    """What is public now with its title, the newest period first."""
    rows = session.execute(
        select(Report, Activity.title)
        .join(Activity, Activity.key == Report.activity)
        .where(Report.state == ReportState.PUBLISHED)
        .order_by(Report.period.desc(), Report.published_at.desc())
    )
    return [(report, title) for report, title in rows]


def read_publication(session: Session, report: Report, base_url: str) -> Publication:
    """A report that was published, as the public may read it. Reads all its bodies, and those of the revision it corrects."""
    assert report.published_at is not None
    before = _corrected(session, report)
    bodies = list(_bodies(session, report))
    causes: list[AgencyCorrection] = []
    if before is not None:
        diff = session.get_one(Report, report.id, options=(undefer(Report.diff_text),)).diff_text
        causes = read_corrections(json.loads(diff), for_the_public=True) if diff else []
    return publication(
        bodies,
        [] if before is None else list(_bodies(session, before)),
        causes,
        sha256=report.sha256 or str(report.id),
        published_at=report.published_at,
        base_url=base_url,
        corrects=None if before is None else before.revision,
        because=report.corrects_because,
        unit_codes=_unit_codes(session, bodies[0].report.counted_on, report.built_at),
    )


def _unit_codes(session: Session, counted_on: str, known: datetime) -> dict[str, str]:
    """Codes of administrative units that agencies bore on a day, as was known then; where one bears several, the longest."""
    rows = session.execute(
        select(AgencyCode.agency_id, AgencyCode.code)
        .where(AgencyCode.scheme == CodeScheme.DVHC, current(AgencyCode, date.fromisoformat(counted_on), known))
        .order_by(func.length(AgencyCode.code), AgencyCode.code)
    )
    return {str(agency): code for agency, code in rows}


def _corrected(session: Session, report: Report) -> Report | None:
    """The revision the public read before this one."""
    return session.scalars(
        select(Report)
        .where(
            Report.activity == report.activity,
            Report.revision < report.revision,
            Report.state.in_(ONCE_PUBLIC),
            Report.published_at.is_not(None),
        )
        .order_by(Report.revision.desc())
        .limit(1)
    ).first()


def _bodies(session: Session, report: Report) -> Iterator[AgencyBody]:
    """In the order of the tree."""
    rows = session.execute(
        select(ReportAgency.agency_id, ReportAgency.body)
        .where(ReportAgency.report_id == report.id)
        .order_by(ReportAgency.ordinal, ReportAgency.code)
    ).all()
    for agency, text in rows:
        body = read_body(text) if text else agency_body(session, report, agency)
        if body is not None:
            yield body


def stored_paths(session: Session, report_id: UUID, rendering: str) -> set[str]:
    return set(session.scalars(select(PublicFile.path).where(PublicFile.report_id == report_id, PublicFile.rendering == rendering)))


def unrendered(session: Session, rendering: str) -> list[UUID]:
    """Public reports that this version of the programme has not rendered to the end."""
    done = exists().where(
        PublicRendering.report_id == Report.id, PublicRendering.rendering == rendering, PublicRendering.finished_at.is_not(None)
    )
    return list(session.scalars(select(Report.id).where(Report.state == ReportState.PUBLISHED, ~done).order_by(Report.period.desc())))


def has_old_files(session: Session, rendering: str) -> bool:
    """Is anything kept that is of no report that is public now, or made by another version of the programme?"""
    public = select(Report.id).where(Report.state == ReportState.PUBLISHED)
    old = (exists().where(or_(table.report_id.not_in(public), table.rendering != rendering)) for table in (PublicRendering, PublicFile))
    return any(session.scalar(select(one)) for one in old)
