"""Freezing results and publishing them."""

from __future__ import annotations

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import insert, select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.reports import queries
from lms.reports.frozen import digest, freeze
from lms.reports.models import Report, ReportAgency
from lms.reports.rules import RULE_VERSION, withheld
from lms.results.queries import ActivityRow


def build_report(session: Session, actor: Actor, activity: ActivityRow, at: datetime) -> UUID:
    """Freeze an activity's results for every agency as a new revision (draft). Returns the report's id.

    Raises DomainError where the tree of the counting day has no agencies.
    """
    reports = queries.counted_reports(session, activity)
    if not reports:
        raise DomainError(N_("Chưa có cơ quan nào vào ngày %(day)s: hãy nạp cây đơn vị trước."), day=f"{activity.counted_on:%d/%m/%Y}")
    hidden = withheld(reports)
    rows: list[dict[str, Any]] = [
        {
            "agency_id": agency,
            "parent_id": report.node.parent_id if report.node.parent_id in reports else None,
            "code": report.node.code,
            "is_withheld": agency in hidden,
            "figures": freeze(report, reports),
        }
        for agency, report in sorted(reports.items(), key=lambda item: str(item[0]))
    ]
    previous = queries.current_report(session, activity.key)
    report_id = uuid7()
    session.execute(
        insert(Report).values(
            id=report_id,
            activity=activity.key,
            period=activity.period,
            revision=previous.revision + 1 if previous else 1,
            state="draft",
            manifest={
                "rule_version": RULE_VERSION,
                "counted_on": activity.counted_on.isoformat(),
                "agencies": len(rows),
                "withheld": len(hidden),
                "sha256": digest(row["figures"] for row in rows),
            },
            built_at=at,
            built_by=actor.person_id,
        )
    )
    session.execute(insert(ReportAgency), [{"report_id": report_id, **row} for row in rows])
    revision = {
        "before": {"revision": previous.revision if previous else None},
        "after": {"revision": previous.revision + 1 if previous else 1},
    }
    audit.record(session, actor, "reports.build_report", report_id, at, activity=activity.key, **revision)
    return report_id


def publish_report(session: Session, actor: Actor, period: str, at: datetime) -> UUID:
    """Make the newest revision of a period the public one; the one before is superseded in the same moment.

    Raises Conflict where there is nothing to publish, or it is public already.
    """
    report = session.scalars(select(Report).where(Report.period == period).order_by(Report.revision.desc()).limit(1)).one_or_none()
    if report is None:
        raise Conflict(N_("Chưa chốt số liệu của kỳ này: hãy lập báo cáo trước khi công bố."), code="no_report")
    if report.state == "published":
        raise Conflict(N_("Báo cáo của kỳ này đã được công bố."), code="already_published")
    superseded = session.scalars(
        update(Report).where(Report.period == period, Report.state == "published").values(state="superseded").returning(Report.revision)
    ).one_or_none()
    session.flush()
    report.state = "published"
    report.published_at = at
    # What the public reads, by the number of its revision.
    public = {"before": {"revision": superseded}, "after": {"revision": report.revision}}
    audit.record(session, actor, "reports.publish_report", report.id, at, period=period, **public)
    return report.id
