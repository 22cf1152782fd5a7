"""Answers that come when a sitting takes no more: what the device's evidence is worth, and which of them a rule may take.

A device's clock is evidence and never the measure: how far it was off was measured by our clock at each earlier save, and counts only
as long as it stayed so. Nothing a device says can be proved; the rule therefore reaches only as far as the round's `late_seconds`, and
whatever it does not take is kept for people to decide.
"""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from lms.kit.errors import N_

STEADY_SECONDS = 30  # what a slow line and a drifting clock may add; more is a clock that was set in between
MOST_ARRIVALS = 20  # of one attempt; a browser sends one, and a person brings a file or two
_LARGEST_OFFSET = 2**31 - 1


class LateState(StrEnum):
    TAKEN = "taken"
    WAITING = "waiting"
    ACCEPTED = "accepted"
    REFUSED = "refused"
    EMPTY = "empty"  # nothing in it was newer than what was stored


class Doubt(StrEnum):
    """Why the rule leaves a late arrival to people."""

    TOO_LATE = "too_late"
    NO_CLOCK = "no_clock"
    NEVER_MEASURED = "never_measured"
    CLOCK_MOVED = "clock_moved"
    GIVEN_AFTER = "given_after"
    NOT_IN_ORDER = "not_in_order"
    OTHER_DEVICE = "other_device"
    ROUND_LOCKED = "round_locked"


DOUBT_NAMES = {
    Doubt.TOO_LATE: N_("Đến sau khoảng chờ mà đợt kiểm tra cho phép"),
    Doubt.NO_CLOCK: N_("Thiết bị không cho biết giờ trả lời"),
    Doubt.NEVER_MEASURED: N_("Chưa có lần lưu nào trước đó để đối chiếu đồng hồ của thiết bị"),
    Doubt.CLOCK_MOVED: N_("Đồng hồ của thiết bị đã bị chỉnh giữa chừng"),
    Doubt.GIVEN_AFTER: N_("Theo chính thiết bị, có câu trả lời sau khi hết giờ"),
    Doubt.NOT_IN_ORDER: N_("Thứ tự trong nhật ký không khớp với giờ trả lời"),
    Doubt.OTHER_DEVICE: N_("Gửi từ thiết bị đã nhường bài cho thiết bị khác"),
    Doubt.ROUND_LOCKED: N_("Đợt kiểm tra đã khóa kết quả"),
}


@dataclass(frozen=True, slots=True)
class LateAnswer:
    """A late answer with the moment it was given, by the device's own clock."""

    slot: int
    takeover: int
    sequence: int
    answer: list[str]
    flagged: bool
    given_at: datetime | None


@dataclass(frozen=True, slots=True)
class Evidence:
    """What is known when late answers arrive. `offsets`: by how many seconds the device was ahead of us at its earlier saves."""

    deadline: datetime
    late_seconds: int
    takeover: int
    received_at: datetime
    device_clock: datetime | None
    offsets: Sequence[int]
    locked: bool = False

    @property
    def offset(self) -> float | None:
        """How far the device is ahead: as it was measured at saves, else as it is now."""
        if self.offsets:
            return statistics.median(self.offsets)
        return device_offset(self.device_clock, self.received_at)


def device_offset(device_clock: datetime | None, at: datetime) -> int | None:
    """Seconds by which a device's clock is ahead of ours."""
    if device_clock is None:
        return None
    return max(-_LARGEST_OFFSET, min(_LARGEST_OFFSET, round((device_clock - at).total_seconds())))


def reckoned(given_at: datetime | None, evidence: Evidence) -> datetime | None:
    """When an answer was given by our clock, as far as the device can be believed."""
    if given_at is None or evidence.offset is None:
        return None
    try:
        return given_at - timedelta(seconds=evidence.offset)
    except OverflowError:
        return None


def doubts(answers: Sequence[LateAnswer], evidence: Evidence) -> list[Doubt]:
    """What speaks against taking these answers by rule; nothing: the rule takes them."""
    now_off = device_offset(evidence.device_clock, evidence.received_at)
    known = [*evidence.offsets, *([] if now_off is None else [now_off])]
    times = [reckoned(one.given_at, evidence) for one in sorted(answers, key=lambda one: (one.takeover, one.sequence))]
    told = [moment for moment in times if moment is not None]
    found = {
        Doubt.ROUND_LOCKED: evidence.locked,
        Doubt.TOO_LATE: evidence.received_at > evidence.deadline + timedelta(seconds=evidence.late_seconds),
        Doubt.OTHER_DEVICE: any(one.takeover != evidence.takeover for one in answers),
        Doubt.NO_CLOCK: now_off is None or len(told) < len(times),
        Doubt.NEVER_MEASURED: not evidence.offsets,
        Doubt.CLOCK_MOVED: bool(known) and max(known) - min(known) > STEADY_SECONDS,
        Doubt.GIVEN_AFTER: any(moment > evidence.deadline for moment in told),
        Doubt.NOT_IN_ORDER: told != sorted(told)
        or any(moment > evidence.received_at + timedelta(seconds=STEADY_SECONDS) for moment in told),
    }
    return [doubt for doubt, applies in found.items() if applies]
