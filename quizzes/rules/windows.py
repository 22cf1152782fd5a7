"""Who sits when: the window of one person among blocks and make-up sittings, and spreading agencies over blocks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Generic, TypeVar
from zoneinfo import ZoneInfo

from lms.kit.clock import local_date
from lms.kit.errors import N_, DomainError
from lms.kit.working_days import is_working_day
from quizzes.rules.accommodations import NONE, Allowance

FEWEST_BLOCKS = 6  # over how many blocks agencies are spread unless the organiser says otherwise
SHORTEST_BLOCK = timedelta(minutes=10)
MORNING = time(7, 30)
LONGEST_DAY = timedelta(hours=14)  # a window open for longer each day is open day and night


class TurnKind(StrEnum):
    WHOLE = "whole"
    BLOCK = "block"
    MAKE_UP = "make_up"


@dataclass(frozen=True, slots=True)
class Span:
    opens_at: datetime
    closes_at: datetime

    def holds(self, at: datetime) -> bool:
        return self.opens_at <= at < self.closes_at

    def overlaps(self, other: Span) -> bool:
        return self.opens_at < other.closes_at and other.opens_at < self.closes_at


@dataclass(frozen=True, slots=True)
class Turn:
    """When one person may sit, and how often; what `may_start` asks. Attempts begun before `counted_from` belong to an earlier turn."""

    state: str
    opens_at: datetime
    closes_at: datetime
    attempts_allowed: int
    kind: TurnKind = TurnKind.WHOLE
    counted_from: datetime | None = None

    def used(self, starts: Iterable[datetime]) -> int:
        """How many of these attempts count against the turn."""
        return sum(1 for start in starts if self.counted_from is None or start >= self.counted_from)


@dataclass(frozen=True, slots=True)
class SecondChance:
    """A make-up sitting one is admitted to."""

    span: Span
    attempts_allowed: int


def turn_of(
    state: str,
    whole: Span,
    attempts_allowed: int,
    *,
    at: datetime,
    block: Span | None = None,
    make_up: SecondChance | None = None,
    allowance: Allowance = NONE,
) -> Turn:
    """The window that matters to a person now: their block or else the whole window; once that is over, the make-up sitting they are
    admitted to. A make-up sitting has its own attempts, whatever was used before. What the person alone is granted comes on top."""
    first = block or whole
    if allowance.start_until is not None and allowance.start_until > first.closes_at:
        first = Span(first.opens_at, allowance.start_until)
    attempts_allowed += allowance.extra_attempts
    if make_up is not None and (at >= first.closes_at or make_up.span.holds(at)):
        span = make_up.span
        return Turn(state, span.opens_at, span.closes_at, make_up.attempts_allowed, TurnKind.MAKE_UP, counted_from=span.opens_at)
    kind = TurnKind.WHOLE if block is None else TurnKind.BLOCK
    return Turn(state, first.opens_at, first.closes_at, attempts_allowed, kind)


K = TypeVar("K")


@dataclass(frozen=True, slots=True)
class Unit(Generic[K]):
    """Agencies that sit together: `root` with all below it, or (`alone`) its own staff without those below."""

    root: K
    people: int
    alone: bool = False


def units(tops: Sequence[K], children: Mapping[K, Sequence[K]], own: Mapping[K, int], capacity: int) -> list[Unit[K]]:
    """Part the tree into units that fit one block, as large as possible; agencies without people are in their unit all the same.

    Raises DomainError where the staff of a single agency is more than a block holds.
    """
    sums: dict[K, int] = {}

    def total(agency: K) -> int:
        if agency not in sums:
            sums[agency] = own.get(agency, 0) + sum(total(child) for child in children.get(agency, ()))
        return sums[agency]

    found: list[Unit[K]] = []
    waiting = list(reversed(tops))
    while waiting:
        agency = waiting.pop()
        if total(agency) <= capacity:
            found.append(Unit(agency, total(agency)))
            continue
        staff = own.get(agency, 0)
        if staff > capacity:
            raise DomainError(
                N_("Một đơn vị có %(people)s người, nhiều hơn sức chứa một ca (%(capacity)s). Tăng sức chứa hoặc bỏ chia ca."),
                code="agency_over_capacity",
                people=staff,
                capacity=capacity,
            )
        if staff:
            found.append(Unit(agency, staff, alone=True))
        waiting.extend(reversed(children.get(agency, ())))
    return found


def spread_units(parts: Sequence[Unit[K]], blocks: int, capacity: int | None) -> list[list[Unit[K]]]:
    """Units over so many blocks, as evenly as can be: the largest first, each into the block with fewest people.

    Raises DomainError where a block would hold more than `capacity`.
    """
    filled: list[list[Unit[K]]] = [[] for _ in range(blocks)]
    loads = [0] * blocks
    for unit in sorted(parts, key=lambda one: -one.people):
        place = min(range(blocks), key=lambda number: (loads[number], number))
        filled[place].append(unit)
        loads[place] += unit.people
    if capacity is not None and max(loads, default=0) > capacity:
        raise DomainError(
            N_("Ca đông nhất có %(people)s người, quá sức chứa %(capacity)s. Tăng số ca lên ít nhất %(blocks)s."),
            code="over_capacity",
            people=max(loads),
            capacity=capacity,
            blocks=max(blocks + 1, -(-sum(loads) // capacity)),
        )
    return filled


def block_of_agency(rules: Mapping[K, tuple[object, bool]], above: Sequence[K]) -> object | None:
    """The block of an agency: the nearest rule among itself and those above it. A rule for an agency alone is not for those below."""
    for depth, agency in enumerate(above):
        if agency in rules:
            block, alone = rules[agency]
            if depth == 0 or not alone:
                return block
    return None


def loads_of(block_by_agency: Mapping[K, object | None], people: Mapping[K, int]) -> dict[object | None, int]:
    """How many people each block holds; None: those whose agency has no block."""
    loads: dict[object | None, int] = defaultdict(int)
    for agency, count in people.items():
        loads[block_by_agency.get(agency)] += count
    return dict(loads)


def even_spans(whole: Span, count: int, zone: ZoneInfo) -> list[Span]:
    """A window cut into `count` blocks, one after the other, each with about as many working days and beginning on one in the morning; a
    window with fewer working days is cut into blocks of the same length, none at night where the window opens in the morning and closes
    in the evening (07:30 to 17:00). Raises DomainError for blocks that are too short to sit in."""
    first, last = local_date(whole.opens_at, zone), local_date(whole.closes_at - timedelta(microseconds=1), zone)
    days = [day for day in (first + timedelta(days=number) for number in range((last - first).days + 1)) if is_working_day(day)]
    if len(days) >= count:
        begins = [datetime.combine(days[len(days) * number // count], MORNING, zone) for number in range(1, count)]
        edges = [whole.opens_at, *begins, whole.closes_at]
        spans = [Span(begin, end) for begin, end in pairwise(edges)]
    else:
        spans = _spans_by_day(whole, count, zone)
    if any(span.closes_at - span.opens_at < SHORTEST_BLOCK for span in spans):
        raise DomainError(N_("Mỗi ca phải dài ít nhất 10 phút. Giảm số ca hoặc kéo dài thời gian mở."), code="blocks_too_short")
    return spans


def _spans_by_day(whole: Span, count: int, zone: ZoneInfo) -> list[Span]:
    """As much time for each block; the hours of a day are those between the window's opening and closing times of day."""
    opens, closes = whole.opens_at.astimezone(zone), whole.closes_at.astimezone(zone)
    hours = datetime.combine(opens.date(), closes.time(), zone) - datetime.combine(opens.date(), opens.time(), zone)
    days = (closes.date() - opens.date()).days + 1
    if not timedelta(0) < hours <= LONGEST_DAY:
        hours, days = whole.closes_at - whole.opens_at, 1
    length = hours * days / count

    def moment(number: int, *, ending: bool) -> datetime:
        day, rest = divmod(length * number, hours)
        if ending and rest < timedelta(minutes=1):
            day, rest = day - 1, hours
        return (opens + timedelta(days=day) + rest).replace(second=0, microsecond=0)

    edges = [(moment(number, ending=False), moment(number + 1, ending=True)) for number in range(count)]
    return [Span(begin if number else whole.opens_at, end) for number, (begin, end) in enumerate(edges[:-1])] + [
        Span(edges[-1][0], whole.closes_at)
    ]
