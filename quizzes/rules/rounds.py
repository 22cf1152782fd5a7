"""The quarter's test as a set of decisions: whom it is for, when, how often, what passes."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Protocol

from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict, DomainError


class RoundState(StrEnum):
    DRAFT = "draft"
    OPEN = "open"
    CLOSED = "closed"
    LOCKED = "locked"


class FeedbackPolicy(StrEnum):
    """When a person who has finished may see the key and the explanations."""

    IMMEDIATELY = "immediately"
    AFTER_CLOSE = "after_close"
    NEVER = "never"


STATE_NAMES = {
    RoundState.DRAFT: N_("Đang chuẩn bị"),
    RoundState.OPEN: N_("Đang mở"),
    RoundState.CLOSED: N_("Đã đóng"),
    RoundState.LOCKED: N_("Đã khóa kết quả"),
}
POLICY_NAMES = {
    FeedbackPolicy.IMMEDIATELY: N_("Ngay sau khi nộp bài"),
    FeedbackPolicy.AFTER_CLOSE: N_("Sau khi kỳ kiểm tra đóng"),
    FeedbackPolicy.NEVER: N_("Không công bố"),
}


class Purpose(StrEnum):
    """What a test is for; one engine with other settings."""

    QUARTERLY = "quarterly"  # kiểm tra định kỳ
    PRACTICE = "practice"  # luyện tập
    COURSE_TEST = "course_test"  # kiểm tra cuối khóa
    CONTEST = "contest"  # cuộc thi tìm hiểu


PURPOSE_NAMES = {
    Purpose.QUARTERLY: N_("Kiểm tra định kỳ"),
    Purpose.PRACTICE: N_("Luyện tập"),
    Purpose.COURSE_TEST: N_("Kiểm tra khóa học"),
    Purpose.CONTEST: N_("Cuộc thi"),
}


def activity_of(code: str, purpose: str = Purpose.QUARTERLY) -> str:
    """The key of a test in the ledger: `quarterly-test:2026-Q4`, `course-test:cb1-2026`."""
    return f"{'quarterly-test' if purpose == Purpose.QUARTERLY else purpose.replace('_', '-')}:{code}"


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """Everything an organiser decides about a round. `groups` empty: every position group. `pass_mark` in per cent."""

    quarter: Quarter
    title: str
    cutoff_day: date
    opens_at: datetime
    closes_at: datetime
    legal_basis: str | None = None
    groups: tuple[str, ...] = ()
    duration_seconds: int = 30 * 60
    grace_seconds: int = 30
    attempts_allowed: int = 2
    pass_mark: Decimal = Decimal(50)
    feedback_policy: str = FeedbackPolicy.AFTER_CLOSE

    def check(self) -> None:
        """Raises DomainError with the field at fault."""
        if self.opens_at >= self.closes_at:
            raise DomainError(N_("Giờ đóng phải sau giờ mở."), field="closes_at")
        if not 60 <= self.duration_seconds <= 4 * 3600:
            raise DomainError(N_("Thời gian làm bài phải từ 1 phút đến 4 giờ."), field="duration_seconds")
        if not 0 <= self.grace_seconds <= 600:
            raise DomainError(N_("Thời gian chờ sau khi hết giờ phải từ 0 đến 600 giây."), field="grace_seconds")
        if not 1 <= self.attempts_allowed <= 20:
            raise DomainError(N_("Số lượt làm bài phải từ 1 đến 20."), field="attempts_allowed")
        if not 0 <= self.pass_mark <= 100:
            raise DomainError(N_("Điểm đạt phải từ 0 đến 100."), field="pass_mark")
        if self.feedback_policy not in tuple(FeedbackPolicy):
            raise DomainError(N_("Không có cách công bố đáp án “%(policy)s”."), field="feedback_policy", policy=self.feedback_policy)


class StartAnswer(StrEnum):
    """May this person start now, and if not, why?"""

    RESUME = "resume"
    MAY_START = "may_start"
    NOT_EXPECTED = "not_expected"
    EXCLUDED = "excluded"
    NOT_YET_OPEN = "not_yet_open"
    OVER = "over"
    NONE_LEFT = "none_left"


START_REFUSALS = {
    StartAnswer.NOT_EXPECTED: N_("Không có tên trong danh sách thuộc diện kiểm tra của kỳ này. Nếu chưa đúng, báo đầu mối của cơ quan."),
    StartAnswer.EXCLUDED: N_("Được miễn hoặc hoãn kiểm tra kỳ này. Nếu chưa đúng, báo đầu mối của cơ quan."),
    StartAnswer.NOT_YET_OPEN: N_("Kỳ kiểm tra chưa mở."),
    StartAnswer.OVER: N_("Kỳ kiểm tra đã đóng."),
    StartAnswer.NONE_LEFT: N_("Đã dùng hết số lượt làm bài."),
}


class StartRefused(Conflict):
    """This person cannot start an attempt now; the code says why."""

    def __init__(self, answer: StartAnswer) -> None:
        super().__init__(START_REFUSALS[answer], code=answer.value)


@dataclass(frozen=True, slots=True)
class Standing:
    """How a person stands in a round: on the list or not, and what was done so far."""

    expected: bool
    excluded_because: str | None
    attempts_used: int
    has_open_attempt: bool


class Window(Protocol):
    """What of a round decides whether one may start."""

    @property
    def state(self) -> str: ...
    @property
    def opens_at(self) -> datetime: ...
    @property
    def closes_at(self) -> datetime: ...
    @property
    def attempts_allowed(self) -> int: ...


def may_start(window: Window, standing: Standing, at: datetime) -> StartAnswer:
    """The one place that decides whether a person can begin, or go on, now."""
    cases = (
        (standing.has_open_attempt, StartAnswer.RESUME),
        (window.state in (RoundState.CLOSED, RoundState.LOCKED) or at >= window.closes_at, StartAnswer.OVER),
        (window.state == RoundState.DRAFT or at < window.opens_at, StartAnswer.NOT_YET_OPEN),
        (standing.excluded_because is not None, StartAnswer.EXCLUDED),
        (not standing.expected, StartAnswer.NOT_EXPECTED),
        (standing.attempts_used >= window.attempts_allowed, StartAnswer.NONE_LEFT),
    )
    return next((answer for applies, answer in cases if applies), StartAnswer.MAY_START)


def accepts_until(deadline: datetime, grace_seconds: int) -> datetime:
    """Until when answers already on their way at the deadline are taken."""
    return deadline + timedelta(seconds=grace_seconds)
