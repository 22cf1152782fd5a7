"""Who sits when: the window of one person among blocks and make-up sittings, and spreading agencies over blocks. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Generic, TypeVar

from lms.kit.errors import N_, DomainError
from quizzes.rules.accommodations import NONE, Allowance

FEWEST_BLOCKS = 6  # over how many blocks agencies are spread unless the organiser says otherwise


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


def even_spans(whole: Span, count: int) -> list[Span]:
    """A window cut into `count` blocks of the same length, one after the other."""
    length = (whole.closes_at - whole.opens_at) / count
    if length < timedelta(minutes=10):
        raise DomainError(N_("Mỗi ca phải dài ít nhất 10 phút. Giảm số ca hoặc kéo dài thời gian mở."), code="blocks_too_short")
    edges = [whole.opens_at + length * number for number in range(count)]
    whole_minutes = [edge.replace(second=0, microsecond=0) for edge in edges]
    return [Span(begin, end) for begin, end in zip(whole_minutes, [*whole_minutes[1:], whole.closes_at], strict=True)]
