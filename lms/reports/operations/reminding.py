"""Agencies that have said nothing of their draft are reminded by hand."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.clock import Quarter, local_date
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.notices import Notice
from lms.mail.operations import Write, write_digests
from lms.mail.queries import addresses
from lms.reports.models import ReportState
from lms.reports.operations.states import locked_report, refuse_unless
from lms.reports.queries.consulting import speakers


@dataclass(frozen=True, slots=True)
class Reminded:
    """How many agencies were silent, and how many letters were written to those who may speak for them."""

    agencies: int
    letters: int


def remind_silent(session: Session, actor: Actor, report_id: UUID, write: Write, *, zone: ZoneInfo, at: datetime) -> Reminded:
    """Write to the heads and focal points of agencies that have not spoken, to nobody twice a day.

    Raises NotFound, Conflict where agencies are not asked (any longer), all have spoken, or all were reminded today, DomainError where none
    of them has an address.
    """
    report = locked_report(session, report_id)
    refuse_unless(report, (ReportState.CONSULTING,))
    until, today = report.consultation_until, local_date(at, zone)
    if until is None or until <= at:
        raise Conflict(N_("Thời hạn lấy ý kiến đã hết."), code="over")
    asked = speakers(session, report_id, today)
    if not asked:
        raise Conflict(N_("Mọi cơ quan được hỏi đã có ý kiến."), code="all_spoke")
    reachable = addresses(session, {person for person, _agency in asked})
    if not reachable:
        raise DomainError(N_("Không ai ở các cơ quan chưa có ý kiến có địa chỉ thư điện tử."), code="no_address")
    quarter, moment = Quarter.from_code(report.period), until.astimezone(zone)
    text = N_("Nhắc: dự thảo kết quả %(quarter)s của cơ quan chờ ý kiến đến %(time)s ngày %(day)s. Không có ý kiến được coi là đồng ý.")
    values = {"quarter": quarter.label, "time": f"{moment:%H:%M}", "day": f"{moment:%d/%m/%Y}"}
    notices: dict[UUID, list[Notice]] = {}
    for person, agency in asked:
        if person in reachable:
            key, path = f"reminder:{report_id}:{agency}:{today}", f"/manage/reports/{quarter}/{agency}"
            notices.setdefault(person, []).append(Notice(person, key, text, path, values, order=15))
    letters = write_digests(session, notices, write, at)
    if not letters:
        raise Conflict(N_("Hôm nay đã nhắc rồi. Mỗi ngày nhắc nhiều nhất một lần."), code="reminded")
    silent = len({agency for _person, agency in asked})
    audit.record(session, actor, "reports.remind_silent", report_id, at, agencies=silent, letters=letters)
    return Reminded(silent, letters)
