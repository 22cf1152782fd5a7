"""When a mark may be appealed against, and by when it must be answered. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from fractions import Fraction

from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.vietnamese import clean
from quizzes.rules.rounds import RoundState
from quizzes.rules.sitting import AttemptState

LONGEST_TEXT = 2000
ANSWER_WORKING_DAYS = 5
WHOLE = 0


class AppealState(StrEnum):
    OPEN = "open"
    PROPOSED = "proposed"
    RULED = "ruled"
    GRANTED = "granted"
    REJECTED = "rejected"
    WITHDRAWN = "withdrawn"


WAITING = (AppealState.OPEN, AppealState.PROPOSED, AppealState.RULED)
APPEAL_STATE_NAMES = {
    AppealState.OPEN: (N_("Chờ giải quyết"), "due"),
    AppealState.PROPOSED: (N_("Chờ duyệt điểm"), "active"),
    AppealState.RULED: (N_("Chờ quyết định về câu hỏi"), "active"),
    AppealState.GRANTED: (N_("Đã chấp nhận"), "done"),
    AppealState.REJECTED: (N_("Giữ nguyên điểm"), "closed"),
    AppealState.WITHDRAWN: (N_("Đã rút"), "closed"),
}
# What the person reads: who decides what in the house is not theirs to follow.
OWN_STATE_NAMES = {
    **APPEAL_STATE_NAMES,
    AppealState.PROPOSED: (N_("Đang giải quyết"), "active"),
    AppealState.RULED: (N_("Đang giải quyết"), "active"),
}


class ReportKind(StrEnum):
    KEY = "key"
    WORDING = "wording"
    OUTDATED = "outdated"
    DISPLAY = "display"
    OTHER = "other"


REPORT_KIND_NAMES = {
    ReportKind.WORDING: N_("Câu chữ khó hiểu hoặc sai chính tả"),
    ReportKind.KEY: N_("Không có phương án nào đúng, hoặc có nhiều phương án đúng"),
    ReportKind.OUTDATED: N_("Quy định đã thay đổi"),
    ReportKind.DISPLAY: N_("Hình ảnh hoặc ô trả lời không dùng được"),
    ReportKind.OTHER: N_("Lỗi khác"),
}


def text_of(value: str, field: str, *, needed: bool = True) -> str:
    """Free text as it is kept. Raises DomainError at the field."""
    text = clean(value)
    if needed and not text:
        raise DomainError(N_("Chưa viết nội dung."), code="missing", field=field)
    if len(text) > LONGEST_TEXT:
        raise DomainError(N_("Viết không quá %(most)s ký tự."), code="too_long", field=field, most=LONGEST_TEXT)
    return text


def may_appeal(appeals_from: datetime | None, appeals_until: datetime | None, attempt_state: str, at: datetime) -> bool:
    """Within the round's window, against a paper that has its mark."""
    if appeals_from is None or appeals_until is None or attempt_state in (AttemptState.OPEN, AttemptState.MARKING):
        return False
    return appeals_from <= at < appeals_until


def refuse_to_file(appeals_from: datetime | None, appeals_until: datetime | None, round_state: str, at: datetime) -> None:
    """Raises Conflict saying why no appeal is taken."""
    if round_state == RoundState.LOCKED:
        raise Conflict(N_("Kết quả của kỳ kiểm tra đã khóa, không nhận phúc khảo nữa."), code="round_locked")
    if appeals_from is None or appeals_until is None:
        raise Conflict(N_("Kỳ kiểm tra này không có thời gian nhận phúc khảo."), code="no_appeals")
    if at < appeals_from:
        raise Conflict(N_("Chưa đến thời gian nhận phúc khảo."), code="too_early")
    raise Conflict(N_("Đã hết thời gian nhận phúc khảo."), code="too_late")


def check_points(points: Mapping[int, Fraction], slots: set[int]) -> None:
    """Points somebody would give by hand. Raises DomainError."""
    if not points:
        raise DomainError(N_("Chưa cho điểm câu nào."), code="missing", field="points")
    if not points.keys() <= slots:
        raise DomainError(N_("Bài không có câu này."), code="unknown_slot", field="points")
    if any(not 0 <= share <= 1 for share in points.values()):
        raise DomainError(N_("Điểm của một câu từ 0 đến 1."), code="bad_points", field="points")
