"""What one person is granted beyond a test's own rules, and what that makes of a sitting. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from lms.kit.errors import N_, DomainError

MOST_PERCENT, MOST_ATTEMPTS, MOST_PEOPLE = 300, 20, 2000
_BETWEEN = re.compile(r"[\s,;]+")


@dataclass(frozen=True, slots=True)
class Allowance:
    """More time in per cent of the round's, further attempts, and until when one may begin."""

    extra_percent: int = 0
    extra_attempts: int = 0
    start_until: datetime | None = None
    other: str | None = None

    def check(self, *, of_one_round: bool) -> None:
        """Raises DomainError with the field at fault."""
        if not 0 <= self.extra_percent <= MOST_PERCENT:
            raise DomainError(N_("Thời gian thêm phải từ 0 đến %(most)s%%."), field="extra_percent", most=MOST_PERCENT)
        if not 0 <= self.extra_attempts <= MOST_ATTEMPTS:
            raise DomainError(N_("Số lượt thêm phải từ 0 đến %(most)s."), field="extra_attempts", most=MOST_ATTEMPTS)
        if not of_one_round and (self.extra_attempts or self.start_until):
            raise DomainError(
                N_("Lượt thêm và hạn bắt đầu riêng chỉ dành cho một kỳ; chọn kỳ kiểm tra."), field="extra_attempts", code="needs_a_round"
            )
        if not (self.extra_percent or self.extra_attempts or self.start_until or self.other):
            raise DomainError(N_("Chưa chọn điều kiện riêng nào."), field="extra_percent", code="nothing_granted")

    def extra_seconds(self, duration_seconds: int) -> int:
        """How much longer a sitting of so many seconds is."""
        return duration_seconds * self.extra_percent // 100


NONE = Allowance()


def combined(given: Iterable[Allowance]) -> Allowance:
    """What holds where something is granted for every round and something for this one: the more generous of each."""
    found = list(given)
    ends = [one.start_until for one in found if one.start_until is not None]
    return Allowance(
        extra_percent=max((one.extra_percent for one in found), default=0),
        extra_attempts=max((one.extra_attempts for one in found), default=0),
        start_until=max(ends, default=None),
    )


def codes_in(text: str) -> list[str]:
    """The staff codes somebody pasted, once each, in their order. Raises DomainError where there are none or too many."""
    codes = list(dict.fromkeys(code.upper() for code in _BETWEEN.split(text.strip()) if code))
    if not codes:
        raise DomainError(N_("Chưa nhập mã cán bộ nào."), field="codes")
    if len(codes) > MOST_PEOPLE:
        raise DomainError(N_("Mỗi lần nhiều nhất %(most)s người, đang có %(count)s."), field="codes", most=MOST_PEOPLE, count=len(codes))
    return codes
