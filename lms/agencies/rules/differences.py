"""What a change makes of the tree: what differs between two replays, in the order of days. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

from lms.agencies.rules.replay import Version

FIELDS = ("name", "short_name", "kind", "block", "level", "parent")


@dataclass(frozen=True, slots=True)
class Difference:
    """An agency over days on which it would be otherwise. `before` None: it would not have existed; `after` None: it no longer would.
    `fields`: those that differ, where it exists both ways."""

    agency: UUID
    since: date
    until: date
    before: Version | None
    after: Version | None
    fields: tuple[str, ...] = ()
    goes_on: bool = False  # it would not end: it exists on the day before in both

    @property
    def begins(self) -> bool:
        return self.before is None

    @property
    def ends(self) -> bool:
        return self.after is None


def differences(before: Mapping[UUID, Iterable[Version]], after: Mapping[UUID, Iterable[Version]]) -> list[Difference]:
    """What would be otherwise, earliest day first; days in a row that differ alike are one difference."""
    found: list[Difference] = []
    for agency in {**before, **after}:
        found += _of_agency(agency, list(before.get(agency, ())), list(after.get(agency, ())))
    return sorted(found, key=lambda one: (one.since, one.agency))


def _of_agency(agency: UUID, old: list[Version], new: list[Version]) -> list[Difference]:
    days = sorted({day for version in (*old, *new) for day in (version.valid_from, version.valid_to)})
    found: list[Difference] = []
    for since, until in pairwise(days):
        was, would_be = _on(old, since), _on(new, since)
        if was is None and would_be is None:
            continue
        fields = tuple(field for field in FIELDS if getattr(was, field) != getattr(would_be, field)) if was and would_be else ()
        if was is not None and would_be is not None and not fields:
            continue
        last = found[-1] if found else None
        if last and last.until == since and _alike(last, was, would_be, fields):
            found[-1] = replace(last, until=until)
        else:
            eve = since - timedelta(days=1)
            goes_on = was is None and bool(_on(old, eve) and _on(new, eve))
            found.append(Difference(agency, since, until, was, would_be, fields, goes_on))
    return found


def _alike(last: Difference, was: Version | None, would_be: Version | None, fields: tuple[str, ...]) -> bool:
    if (last.before is None, last.after is None, last.fields) != (was is None, would_be is None, fields):
        return False
    return _values(last.before, fields) == _values(was, fields) and _values(last.after, fields) == _values(would_be, fields)


def _values(version: Version | None, fields: Iterable[str]) -> list[Any]:
    return [getattr(version, field) for field in fields] if version else []


def _on(versions: Iterable[Version], day: date) -> Version | None:
    return next((version for version in versions if version.valid_from <= day < version.valid_to), None)
