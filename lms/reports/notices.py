"""What people are told about reports, by letter: a draft waits for their word, objections wait for an answer, time is up."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import RoleGrant
from lms.accounts.queries.roles import effective
from lms.kit.actors import Role
from lms.kit.clock import Quarter, local_date
from lms.kit.errors import N_
from lms.kit.notices import Notice
from lms.kit.working_days import is_working_day
from lms.reports.models import Report
from lms.reports.queries.consulting import consultation_of, speakers
from lms.reports.queries.life import consulting_reports, overdue_reports, unfrozen_activities


def consultations(session: Session, at: datetime, zone: ZoneInfo) -> Iterator[Notice]:
    """To heads and focal points on the first day and on the last, until their agency has spoken; to the department once time is up or
    an objection waits."""
    today = local_date(at, zone)
    for report in consulting_reports(session):
        if report.consultation_until is None or report.consultation_opened_at is None:
            continue
        if at < report.consultation_until:
            yield from _asked(session, report, report.consultation_until.astimezone(zone), today)
        yield from _to_the_department(session, report, at, today)


def next_steps(session: Session, at: datetime, zone: ZoneInfo) -> Iterator[Notice]:
    """To the department: results that are locked and not frozen, and a publication that did not take place at its moment."""
    today = local_date(at, zone)
    told: list[tuple[str, str, str, dict[str, str]]] = []
    for activity in unfrozen_activities(session):
        text = N_("Kết quả %(quarter)s đã khóa mà chưa chốt số liệu báo cáo. Chốt số liệu, hoặc đặt kế hoạch tự chốt.")
        told.append((activity.period, f"freeze:{activity.key}", text, {}))
    for report in overdue_reports(session, at):
        assert report.publish_at is not None
        moment = report.publish_at.astimezone(zone)
        text = N_("Kết quả %(quarter)s chưa công bố được lúc %(time)s ngày %(day)s như đã hẹn. Xem lý do ở trang của quý.")
        told.append((report.period, f"overdue:{report.id}:{moment}", text, {"time": f"{moment:%H:%M}", "day": f"{moment:%d/%m/%Y}"}))
    people = _department(session, today) if told else []
    for period, key, text, values in told:
        quarter = Quarter.from_code(period)
        for person in people:
            yield Notice(person, key, text, f"/manage/reports/{quarter}/", {"quarter": quarter.label, **values}, order=16)


def _asked(session: Session, report: Report, until: datetime, today: date) -> Iterator[Notice]:
    last = today >= until.date() and is_working_day(today)
    text = N_("Dự thảo kết quả %(quarter)s của cơ quan chờ ý kiến đến %(time)s ngày %(day)s. Không có ý kiến được coi là đồng ý.")
    quarter = Quarter.from_code(report.period)
    values = {"quarter": quarter.label, "time": f"{until:%H:%M}", "day": f"{until:%d/%m/%Y}"}
    for person, agency in speakers(session, report.id, today):
        key = f"draft:{report.id}:{agency}:{'last' if last else 'first'}"
        yield Notice(person, key, text, f"/manage/reports/{quarter}/{agency}", values, order=15)


def _to_the_department(session: Session, report: Report, at: datetime, today: date) -> Iterator[Notice]:
    found = consultation_of(session, report.id, today)
    over = report.consultation_until is not None and report.consultation_until <= at
    if not over and not found.unanswered:
        return
    quarter = Quarter.from_code(report.period)
    text = N_("Kết quả %(quarter)s: %(count)s ý kiến đề nghị sửa chờ trả lời.")
    if over:
        text = N_("Kết quả %(quarter)s: đã hết thời hạn lấy ý kiến, %(count)s ý kiến chờ trả lời. Duyệt để công bố.")
    values = {"quarter": quarter.label, "count": found.unanswered}
    waiting = ",".join(str(one.id) for one in found.verdicts if one.waits)
    for person in _department(session, today):
        yield Notice(person, f"answers:{report.id}:{over}:{waiting}", text, f"/manage/reports/{quarter}/", values, order=16)


def _department(session: Session, on: date) -> list[UUID]:
    rows = session.scalars(
        select(RoleGrant.person_id)
        .where(RoleGrant.role == Role.DEPARTMENT.value, RoleGrant.agency_id.is_(None), effective(on))
        .distinct()
        .order_by(RoleGrant.person_id)
    )
    return list(rows)
