"""Who is below whom on which days, from each agency's dated parents."""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Generic, TypeVar

# Spans of days are half-open: valid_from is the first day, valid_to the first day no longer. An open end is FOREVER, so that
# "on day D" is one comparison an index can answer.
FOREVER = date(9999, 12, 31)

Key = TypeVar("Key", bound=Hashable)


@dataclass(frozen=True, slots=True)
class ParentSpan(Generic[Key]):
    """From `valid_from` until before `valid_to` the agency is below `parent` (None: it is a root)."""

    agency: Key
    parent: Key | None
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Ancestry(Generic[Key]):
    ancestor: Key
    descendant: Key
    valid_from: date
    valid_to: date
    depth: int


class CycleError(Exception):
    """On `day`, climbing from the first of `agencies` leads back to it."""

    def __init__(self, agencies: tuple[Hashable, ...], day: date) -> None:
        super().__init__(f"cycle on {day}: {agencies}")
        self.agencies, self.day = agencies, day


class ParentMissingError(Exception):
    """On `day` the agency exists and its parent does not."""

    def __init__(self, agency: Hashable, parent: Hashable, day: date) -> None:
        super().__init__(f"{agency} is below {parent}, which does not exist on {day}")
        self.agency, self.parent, self.day = agency, parent, day


def by_agency(spans: Iterable[ParentSpan[Key]]) -> dict[Key, list[ParentSpan[Key]]]:
    """The spans of each agency in the order of days."""
    result: dict[Key, list[ParentSpan[Key]]] = {}
    for span in spans:
        result.setdefault(span.agency, []).append(span)
    for own in result.values():
        own.sort(key=lambda span: span.valid_from)
    return result


def ancestry(agency: Key, spans: Mapping[Key, Sequence[ParentSpan[Key]]]) -> list[Ancestry[Key]]:
    """All that are above one agency, itself at depth 0, in the longest spans with one depth.

    Climbs with a span that only narrows, so agencies that were below each other in different years are no cycle.
    Raises CycleError, ParentMissingError.
    """
    found: dict[tuple[Key, int], list[tuple[date, date]]] = {}
    for own in spans[agency]:
        found.setdefault((agency, 0), []).append((own.valid_from, own.valid_to))
        _climb(agency, own, spans, found)
    return [
        Ancestry(ancestor, agency, valid_from, valid_to, depth)
        for (ancestor, depth), days in found.items()
        for valid_from, valid_to in joined(days)
    ]


def closure(spans: Mapping[Key, Sequence[ParentSpan[Key]]]) -> list[Ancestry[Key]]:
    """The whole closure. Raises CycleError, ParentMissingError."""
    return [row for agency in spans for row in ancestry(agency, spans)]


def joined(days: Iterable[tuple[date, date]]) -> list[tuple[date, date]]:
    """The same days in as few spans as possible."""
    result: list[tuple[date, date]] = []
    for valid_from, valid_to in sorted(days):
        if result and valid_from <= result[-1][1]:
            result[-1] = (result[-1][0], max(result[-1][1], valid_to))
        else:
            result.append((valid_from, valid_to))
    return result


def first_gap(valid_from: date, valid_to: date, covering: Iterable[tuple[date, date]]) -> date | None:
    """The first day in a span that none of the others covers; None where all are."""
    day = valid_from
    for begin, end in sorted(covering):
        if begin > day:
            break
        day = max(day, end)
        if day >= valid_to:
            return None
    return day if day < valid_to else None


def _climb(
    agency: Key,
    own: ParentSpan[Key],
    spans: Mapping[Key, Sequence[ParentSpan[Key]]],
    found: dict[tuple[Key, int], list[tuple[date, date]]],
) -> None:
    steps: list[tuple[Key, Key | None, date, date, tuple[Key, ...]]] = [(own.agency, own.parent, own.valid_from, own.valid_to, (agency,))]
    while steps:
        below, parent, valid_from, valid_to, path = steps.pop()
        if parent is None:
            continue
        if parent in path:
            raise CycleError(path[path.index(parent) :], valid_from)
        above = [span for span in spans.get(parent, ()) if span.valid_from < valid_to and valid_from < span.valid_to]
        if gap := first_gap(valid_from, valid_to, [(span.valid_from, span.valid_to) for span in above]):
            raise ParentMissingError(below, parent, gap)
        found.setdefault((parent, len(path)), []).append((valid_from, valid_to))
        steps.extend(
            (parent, span.parent, max(valid_from, span.valid_from), min(valid_to, span.valid_to), (*path, parent)) for span in above
        )
