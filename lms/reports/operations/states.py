"""A report held until the commit, and what its state allows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.actors import NotFound
from lms.kit.errors import N_, Conflict
from lms.reports.models import Report, ReportState

TOLD: Mapping[str, str] = {
    ReportState.BUILDING: N_("Số liệu đang được chốt. Chờ xong rồi làm tiếp."),
    ReportState.DRAFT: N_("Báo cáo còn là dự thảo."),
    ReportState.CONSULTING: N_("Báo cáo đang được lấy ý kiến các cơ quan."),
    ReportState.APPROVED: N_("Báo cáo đã được duyệt."),
    ReportState.PUBLISHED: N_("Báo cáo đã được công bố."),
    ReportState.SUPERSEDED: N_("Báo cáo đã được thay bằng bản đính chính."),
    ReportState.WITHDRAWN: N_("Báo cáo đã được gỡ công bố."),
    ReportState.DISCARDED: N_("Số liệu đã được chốt lại: xem bản mới hơn."),
}


def locked_report(session: Session, report_id: UUID) -> Report:
    """Nobody else decides on it meanwhile. Raises NotFound."""
    report = session.scalar(select(Report).where(Report.id == report_id).with_for_update().execution_options(populate_existing=True))
    if report is None:
        raise NotFound
    return report


def refuse_unless(report: Report, states: Collection[ReportState]) -> None:
    """Raises Conflict, saying what somebody else made of it."""
    if report.state not in states:
        raise Conflict(TOLD[report.state], code=f"is_{report.state}")
