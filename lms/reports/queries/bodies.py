"""The bodies of frozen reports."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session, undefer

from lms.kit.actors import NotFound
from lms.reports.frozen import body_of_version_1
from lms.reports.models import Report, ReportAgency
from lms.reports.rules.body import AgencyBody, file_parts, read_body
from lms.results.models import Activity

AT_ONCE = 50


def agency_body(session: Session, report: Report, agency: UUID) -> AgencyBody | None:
    """What a report says of an agency; None where it says nothing of it. Reports frozen before version 2 have no comparison, histogram or
    competences."""
    row = session.execute(
        select(ReportAgency.body, ReportAgency.figures, ReportAgency.is_withheld).where(
            ReportAgency.report_id == report.id, ReportAgency.agency_id == agency
        )
    ).one_or_none()
    if row is None:
        return None
    return read_body(row.body) if row.body else _of_version_1(session, report, row.figures, row.is_withheld)


def body_text_of(session: Session, report: Report, agency: UUID) -> str | None:
    """The canonical text as it is kept; None where there is none."""
    text = session.scalar(select(ReportAgency.body).where(ReportAgency.report_id == report.id, ReportAgency.agency_id == agency))
    return text or None


def body_texts(session: Session, report_id: UUID) -> Iterator[str]:
    """All canonical texts of a report, in the order of the tree, some at a time."""
    for _agency, text in body_rows(session, report_id):
        yield text


def body_rows(session: Session, report_id: UUID) -> Iterator[tuple[UUID, str]]:
    """The same, each with its agency."""
    order = session.scalars(select(ReportAgency.agency_id).where(ReportAgency.report_id == report_id).order_by(ReportAgency.ordinal)).all()
    for start in range(0, len(order), AT_ONCE):
        some = order[start : start + AT_ONCE]
        rows = session.execute(
            select(ReportAgency.agency_id, ReportAgency.body).where(ReportAgency.report_id == report_id, ReportAgency.agency_id.in_(some))
        )
        texts: dict[UUID, str] = {row.agency_id: row.body for row in rows}
        for agency in some:
            yield agency, texts[agency]


def whole_file(session: Session, report_id: UUID) -> Iterator[str]:
    """The whole report as one canonical file, in pieces. Raises NotFound for a report that has none."""
    report = session.get(Report, report_id, options=(undefer(Report.manifest_text),))
    if report is None or not report.manifest_text:
        raise NotFound
    yield from file_parts(report.manifest_text, body_texts(session, report_id))


def _of_version_1(session: Session, report: Report, figures: Mapping[str, Any], is_withheld: bool) -> AgencyBody:
    title = session.scalars(select(Activity.title).where(Activity.key == report.activity)).one()
    head = {
        "id": str(report.id),
        "activity": report.activity,
        "title": title,
        "period": report.period,
        "revision": report.revision,
        "counted_on": str(report.manifest["counted_on"]),
        "built_at": report.built_at.isoformat(),
        "rule_version": str(report.manifest["rule_version"]),
    }
    return body_of_version_1(head, figures, is_withheld)
