"""The quarter's test as a set of decisions: whom it is for, when, how often, what passes."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal
from enum import StrEnum
from typing import Any, Protocol

from lms.kit.clock import Quarter
from lms.kit.errors import N_, Conflict, DomainError
from quizzes.rules.audience import AudienceRule
from quizzes.rules.counting import Counting


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


_CODE = re.compile(r"[0-9a-z](?:[0-9a-z-]{0,38}[0-9a-z])?")
_LIKE_A_QUARTER = re.compile(r"[0-9]{4}-q[1-4]")  # would be taken for the address of a quarterly test
RESERVED = ("new", "calendar")  # addresses beside those of rounds
LONGEST_TITLE = 200


@dataclass(frozen=True, slots=True)
class RoundSettings:
    """Everything an organiser decides about a round. `groups` is short for an audience of these groups (empty: every one). `pass_mark` in
    per cent. `code` is left out for a quarterly test, whose quarter is its code. `course` is a course's code."""

    quarter: Quarter
    title: str
    cutoff_day: date
    opens_at: datetime
    closes_at: datetime
    purpose: str = Purpose.QUARTERLY
    code: str | None = None
    legal_basis: str | None = None
    groups: tuple[str, ...] = ()
    audience: AudienceRule | None = None
    course: str | None = None
    duration_seconds: int = 30 * 60
    grace_seconds: int = 30
    late_seconds: int = 600
    attempts_allowed: int = 2
    counting: str = Counting.HIGHEST
    pass_mark: Decimal = Decimal(50)
    feedback_policy: str = FeedbackPolicy.AFTER_CLOSE
    shuffles_items: bool = True
    shuffles_choices: bool = True
    supervised: bool = False
    appeals_from: datetime | None = None
    appeals_until: datetime | None = None
    assembly: Mapping[str, Any] = field(default_factory=dict)

    @property
    def address(self) -> str:
        """The round's code."""
        return str(self.quarter) if self.purpose == Purpose.QUARTERLY else (self.code or "")

    @property
    def rule(self) -> AudienceRule:
        return self.audience if self.audience is not None else AudienceRule(groups=frozenset(self.groups))

    def check(self) -> None:
        """Raises DomainError with the field at fault."""
        self._check_name()
        self._check_times()
        self._check_numbers()
        self._check_choices()

    def _check_name(self) -> None:
        taken = self.address in RESERVED or _LIKE_A_QUARTER.fullmatch(self.address)
        if self.purpose != Purpose.QUARTERLY and (taken or not _CODE.fullmatch(self.address)):
            text = N_("Mã kỳ gồm chữ thường không dấu, số và gạch nối, tối đa 40 ký tự, ví dụ on-tap-cb1.")
            raise DomainError(text, code="round_code", field="code")
        if not self.title or len(self.title) > LONGEST_TITLE:
            raise DomainError(N_("Tên kỳ kiểm tra cần từ 1 đến %(most)s ký tự."), code="title", field="title", most=LONGEST_TITLE)

    def _check_times(self) -> None:
        if self.opens_at >= self.closes_at:
            raise DomainError(N_("Giờ đóng phải sau giờ mở."), code="window", field="closes_at")
        if self.closes_at - self.opens_at > timedelta(days=5 * 366):
            raise DomainError(N_("Thời gian mở không quá 5 năm."), code="window", field="closes_at")
        if (self.appeals_from is None) != (self.appeals_until is None):
            raise DomainError(N_("Thời gian phúc khảo cần cả giờ bắt đầu và giờ kết thúc."), code="appeals", field="appeals_until")
        if self.appeals_from is not None and self.appeals_until is not None and self.appeals_from >= self.appeals_until:
            raise DomainError(N_("Giờ hết phúc khảo phải sau giờ bắt đầu phúc khảo."), code="appeals", field="appeals_until")

    def _check_numbers(self) -> None:
        for name, least, most, text in (
            ("duration_seconds", 60, 4 * 3600, N_("Thời gian làm bài phải từ 1 phút đến 4 giờ.")),
            ("grace_seconds", 0, 600, N_("Thời gian chờ sau khi hết giờ phải từ 0 đến 600 giây.")),
            ("late_seconds", 0, 7 * 86400, N_("Thời gian nhận câu trả lời đến muộn phải từ 0 đến 7 ngày.")),
            ("attempts_allowed", 1, 1000, N_("Số lượt làm bài phải từ 1 đến 1.000.")),
            ("pass_mark", 0, 100, N_("Điểm đạt phải từ 0 đến 100.")),
        ):
            if not least <= getattr(self, name) <= most:
                raise DomainError(text, code=name, field=name)

    def _check_choices(self) -> None:
        if self.feedback_policy not in tuple(FeedbackPolicy):
            raise DomainError(N_("Không có cách công bố đáp án “%(policy)s”."), field="feedback_policy", policy=self.feedback_policy)
        if self.counting not in tuple(Counting):
            raise DomainError(N_("Không có cách tính lượt “%(counting)s”."), field="counting", counting=self.counting)
        if self.purpose == Purpose.COURSE_TEST and not self.course:
            raise DomainError(N_("Chọn khóa học của bài kiểm tra."), code="course", field="course")


def refuse_locked(state: str) -> None:
    """What would change a result asks here first. Raises Conflict once the results are locked."""
    if state == RoundState.LOCKED:
        raise Conflict(N_("Kết quả của kỳ kiểm tra đã khóa. Mở khóa trước, có ghi lý do."), code="round_locked")


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
