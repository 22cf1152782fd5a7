"""What people are told of decisions: that their mark changed and why, that their appeal or report was answered."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit.errors import N_
from lms.kit.notices import Notice
from quizzes.models import Appeal, Attempt, ItemReport, Regrade, Round
from quizzes.rules.appeals import AppealState

LOOK_BACK = timedelta(days=7)  # what could not be told for a week is no news; the pages say it


def decisions(session: Session, at: datetime, zone: ZoneInfo) -> Iterator[Notice]:
    """To those whose mark changed, and those whose appeal or report was answered, once each."""
    since = at - LOOK_BACK
    marks = session.execute(
        select(Regrade.id, Attempt.id, Attempt.person_id, Round.title)
        .join(Attempt, Attempt.id == Regrade.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .where(Regrade.recorded_at >= since, Regrade.superseded_by.is_(None), Regrade.cause != "appeal")
    )
    for regrade_id, attempt_id, person_id, title in marks:
        # Why an item was ruled on would tell its key while others sit: the page knows what may be read.
        text = N_("%(title)s: điểm bài của ông/bà đã được xem lại. Lý do ở trang kết quả.")
        yield Notice(person_id, f"mark:{regrade_id}", text, f"/attempts/{attempt_id}/result", {"title": title}, order=30)
    appeals = session.execute(
        select(Appeal.id, Appeal.state, Attempt.id, Attempt.person_id, Round.title)
        .join(Attempt, Attempt.id == Appeal.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .where(Appeal.decided_at >= since)
    )
    for appeal_id, state, attempt_id, person_id, title in appeals:
        text = N_("%(title)s: đơn phúc khảo đã được trả lời, điểm giữ nguyên.")
        if state == AppealState.GRANTED:
            text = N_("%(title)s: đơn phúc khảo đã được chấp nhận.")
        yield Notice(person_id, f"appeal:{appeal_id}", text, f"/attempts/{attempt_id}/appeal", {"title": title}, order=30)
    reports = session.execute(
        select(ItemReport.id, Attempt.id, Attempt.person_id, Round.title)
        .join(Attempt, Attempt.id == ItemReport.attempt_id)
        .join(Round, Round.id == Attempt.round_id)
        .where(ItemReport.answered_at >= since)
    )
    for report_id, attempt_id, person_id, title in reports:
        text = N_("%(title)s: báo lỗi câu hỏi của ông/bà đã được trả lời.")
        yield Notice(person_id, f"report:{report_id}", text, f"/attempts/{attempt_id}/appeal", {"title": title}, order=60)
