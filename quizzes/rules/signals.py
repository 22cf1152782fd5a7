"""What is odd about sittings, for people to look at. Nothing here proves anything and nothing follows from it by itself.

Identical wrong answers: of two people with the same paper, how likely is it that they chose as many wrong answers alike as they did, if
they answered without each other? For each question both had wrong, the chance that two people who are wrong choose alike is Σ pₖ² over
the wrong answers, pₖ being each one's share among all wrong answers given to it; the number of matches is then a sum of unequal coin
tosses, whose upper tail is worked out exactly. Error-similarity analysis after Bellezza, F. S. & Bellezza, S. F. (1989), "Detection of
cheating on multiple-choice tests by using error-similarity analysis", Teaching of Psychology 16(3), 151–155; the chance taken question
by question as in Frary, R. B., Tideman, T. N. & Watts, T. M. (1977), "Indices of cheating on multiple-choice tests", Journal of
Educational Statistics 2(4), 235–256. Because every pair is looked at, the chance is multiplied by the number of pairs (Bonferroni).
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from itertools import combinations
from typing import Any
from uuid import UUID

from lms.kit.errors import N_

FEWEST_MATCHES = 5  # fewer say nothing, however odd the answers
ALARM = 0.001  # expected number of such pairs in the whole round if nobody had to do with anybody
FAST_SECONDS = 4.0  # a question read and answered in less, in the middle over the whole paper
FAST_AND_RIGHT = 0.8
MOST_ADDRESSES = 3
LARGEST_PAPER_GROUP = 3000  # people with one paper; more are compared only where they share many rare wrong answers


class SignalKind(StrEnum):
    SAME_DEVICE = "same_device"
    FAST = "fast"
    SAME_WRONG = "same_wrong"
    MANY_ADDRESSES = "many_addresses"
    AFTER_DEADLINE = "after_deadline"


SIGNAL_NAMES = {
    SignalKind.SAME_DEVICE: N_("Nhiều người làm bài trên cùng một máy"),
    SignalKind.FAST: N_("Làm nhanh bất thường"),
    SignalKind.SAME_WRONG: N_("Chọn sai giống nhau nhiều hơn ngẫu nhiên"),
    SignalKind.MANY_ADDRESSES: N_("Một bài làm từ nhiều máy hoặc nhiều đường mạng"),
    SignalKind.AFTER_DEADLINE: N_("Có câu gửi đến sau khi hết giờ"),
}
NORMAL_WHEN = {
    SignalKind.SAME_DEVICE: N_(
        "Điều này bình thường khi cơ quan có máy dùng chung, phòng máy, hoặc mượn điện thoại của nhau vì máy mình hỏng."
    ),
    SignalKind.FAST: N_("Điều này bình thường khi làm lượt thứ hai, đã ôn kỹ, hoặc bài gồm nhiều câu ngắn."),
    SignalKind.SAME_WRONG: N_(
        "Điều này bình thường khi cùng học một tài liệu có chỗ sai, cùng được tập huấn, hoặc câu hỏi có phương án gây nhầm."
    ),
    SignalKind.MANY_ADDRESSES: N_("Điều này bình thường khi đi từ Wi-Fi sang 4G, đổi máy vì hết pin, hoặc mạng của xã chập chờn."),
    SignalKind.AFTER_DEADLINE: N_("Điều này bình thường khi mất mạng lúc gần hết giờ: câu trả lời đến muộn dù được chọn từ trước."),
}


@dataclass(frozen=True, slots=True)
class Sat:
    """A finished sitting as far as signals need it. `answers` and `right` by slot; `saved` when each answer that stands was saved."""

    attempt_id: UUID
    person_id: UUID
    form_id: UUID
    started_at: datetime
    submitted_at: datetime
    device: str | None
    answers: Mapping[int, tuple[str, ...]]
    right: frozenset[int]
    saved: Sequence[datetime] = ()


@dataclass(frozen=True, slots=True)
class Found:
    """A signal: which sittings, how much it weighs beside others of its kind, and the figures it rests on."""

    kind: SignalKind
    attempts: tuple[UUID, ...]
    weight: float
    figures: dict[str, Any] = field(default_factory=dict)


def same_device(sittings: Iterable[Sat]) -> list[Found]:
    """Devices on which several people sat."""
    by_device: dict[str, list[Sat]] = defaultdict(list)
    for one in sittings:
        if one.device is not None:
            by_device[one.device].append(one)
    found = []
    for group in by_device.values():
        people = {one.person_id for one in group}
        if len(people) > 1:
            found.append(Found(SignalKind.SAME_DEVICE, tuple(one.attempt_id for one in group), len(people), {"people": len(people)}))
    return sorted(found, key=lambda one: -one.weight)


def fast(sittings: Iterable[Sat]) -> list[Found]:
    """Papers done well in less time than it takes to read them."""
    found = []
    for one in sittings:
        answered = len(one.answers)
        if answered < FEWEST_MATCHES or len(one.right) < FAST_AND_RIGHT * answered:
            continue
        seconds = (one.submitted_at - one.started_at).total_seconds() / answered
        if seconds < FAST_SECONDS:
            figures = {"seconds": round(seconds, 1), "answered": answered, "right": len(one.right)}
            found.append(Found(SignalKind.FAST, (one.attempt_id,), FAST_SECONDS - seconds, figures))
    return sorted(found, key=lambda one: -one.weight)


def same_wrong(sittings: Sequence[Sat]) -> list[Found]:
    """Pairs with the same paper who chose more wrong answers alike than chance explains; the least likely first."""
    forms: dict[UUID, list[Sat]] = defaultdict(list)
    for one in sittings:
        forms[one.form_id].append(one)
    pairs = sum(len(group) * (len(group) - 1) // 2 for group in forms.values())
    found = []
    for group in forms.values():
        chances = match_chances(group)
        for (first, second), matches in _matching_pairs(group).items():
            if matches < FEWEST_MATCHES or group[first].person_id == group[second].person_id:
                continue
            both = _wrong(group[first]).keys() & _wrong(group[second]).keys()
            chance = tail([chances[slot] for slot in both], matches)
            if chance * pairs < ALARM:
                figures = {"matches": matches, "both_wrong": len(both), "chance": chance, "expected": chance * pairs}
                attempts = (group[first].attempt_id, group[second].attempt_id)
                found.append(Found(SignalKind.SAME_WRONG, attempts, -chance, figures))
    return sorted(found, key=lambda one: -one.weight)


def match_chances(group: Sequence[Sat]) -> dict[int, float]:
    """For each slot: how likely two people who are wrong there are to be wrong alike."""
    given: dict[int, Counter[tuple[str, ...]]] = defaultdict(Counter)
    for one in group:
        for slot, answer in _wrong(one).items():
            given[slot][answer] += 1
    return {slot: sum((count / counts.total()) ** 2 for count in counts.values()) for slot, counts in given.items()}


def tail(chances: Sequence[float], least: int) -> float:
    """The chance of `least` or more heads among coins that fall heads with these chances, exactly."""
    heads = [1.0]
    for chance in chances:
        heads = [
            (heads[count] * (1 - chance) if count < len(heads) else 0.0) + (heads[count - 1] * chance if count else 0.0)
            for count in range(len(heads) + 1)
        ]
    return min(1.0, sum(heads[least:]))


def _wrong(one: Sat) -> dict[int, tuple[str, ...]]:
    return {slot: answer for slot, answer in one.answers.items() if answer and slot not in one.right}


def _matching_pairs(group: Sequence[Sat]) -> Counter[tuple[int, int]]:
    """How many wrong answers each pair has alike, by places in the group."""
    holders: dict[tuple[int, tuple[str, ...]], list[int]] = defaultdict(list)
    for place, one in enumerate(group):
        for choice in _wrong(one).items():
            holders[choice].append(place)
    matches: Counter[tuple[int, int]] = Counter()
    for places in holders.values():
        if len(places) <= LARGEST_PAPER_GROUP:
            matches.update(combinations(places, 2))
    return matches
