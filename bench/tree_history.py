"""A made-up province: 10,000 agencies on 12 levels and what happened to them in ten years, corrections included.

The events are written as they would have been recorded, many rows at a time; versions, codes and closure are then made from them in two
steps, so that what was known at the beginning differs from what is known now."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from msgspec import UNSET, structs
from sqlalchemy.orm import Session

from lms.agencies.operations import rebuild_agencies
from lms.agencies.operations.stored_events import append_events, supersede_events
from lms.agencies.rules.events import Amendment, Change, Code, Establishment, Event, Merger
from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.ids import uuid7

AGENCIES, LEVELS, YEARS = 10_000, 12, 10
RENAMED, MOVED, MERGED = 500, 500, 5  # a year; mergers on each level
CORRECTED = 50  # a year: another name was meant, or another day
FIRST = date(2016, 1, 1)
KNOWN = datetime(2016, 1, 2, tzinfo=UTC)


@dataclass(slots=True)
class History:
    """The agencies in the order of their founding, how deep each is, and who still lives. Moves are among agencies of one level, so that
    none comes below itself."""

    chance: random.Random = field(default_factory=lambda: random.Random(1))
    agencies: list[UUID] = field(default_factory=list)
    level: dict[UUID, int] = field(default_factory=dict)
    ended: set[UUID] = field(default_factory=set)
    ordinal: int = 0

    @property
    def alive(self) -> list[UUID]:
        return [agency for agency in self.agencies if agency not in self.ended]

    def event(self, change: Change) -> tuple[Event, Change]:
        self.ordinal += 1
        return Event(uuid7(), change.on, self.ordinal, change.details, change.kind), change

    def foundings(self) -> Iterator[Change]:
        for number in range(AGENCIES):
            # A chain down to the last level first, then anywhere above it.
            parent = None if not number else self.agencies[-1] if number < LEVELS else self._parent()
            agency = uuid7()
            self.level[agency] = 0 if parent is None else self.level[parent] + 1
            self.agencies.append(agency)
            yield Change(
                FIRST,
                Establishment(
                    agency=agency,
                    name=f"Đơn vị {number}",
                    kind="department",
                    block="so_nganh",
                    level="tinh",
                    parent=parent,
                    codes=(Code("qd20", f"H55.{number}"),),
                ),
            )

    def year(self, year: int) -> Iterator[Change]:
        on = FIRST + timedelta(days=365 * year + 30)
        alive = [agency for agency in self.agencies[LEVELS:] if agency not in self.ended]
        for agency in self.chance.sample(alive, RENAMED):
            yield Change(on, Amendment(agency=agency, name=f"Tên {year}"))
        by_level: dict[int, list[UUID]] = {}
        for agency in alive:
            by_level.setdefault(self.level[agency], []).append(agency)
        for agency in self.chance.sample(alive, MOVED):
            if above := by_level.get(self.level[agency] - 1):
                yield Change(on + timedelta(days=10), Amendment(agency=agency, parent=self.chance.choice(above)))
        for own in by_level.values():
            chosen = self.chance.sample(own, min(len(own), 2 * MERGED) // 2 * 2)
            for one, other in zip(chosen[::2], chosen[1::2], strict=True):
                self.ended.add(one)
                yield Change(on + timedelta(days=20), Merger(agencies=(one,), into=other))

    def _parent(self) -> UUID:
        while True:
            parent = self.agencies[int(len(self.agencies) * self.chance.random() ** 2)]
            if self.level[parent] < LEVELS - 1:
                return parent


def write_history(database: Database) -> History:
    history = History()
    at = KNOWN - timedelta(hours=1)
    with database.transaction() as session:
        append_events(session, [history.event(change) for change in history.foundings()], at, replaces={}, import_run_id=None)
        rebuild_agencies(session, SERVICE, at)
    with database.transaction() as session:
        for year in range(YEARS):
            at = KNOWN + timedelta(days=365 * year + 60)
            recorded = [history.event(change) for change in history.year(year)]
            append_events(session, recorded, at, replaces={}, import_run_id=None)
            _correct(session, history, recorded, at + timedelta(days=30))
        rebuild_agencies(session, SERVICE, at + timedelta(days=31))
    return history


def _correct(session: Session, history: History, recorded: Sequence[tuple[Event, Change]], at: datetime) -> None:
    """Some renames were of another name, some moves two days later."""
    chosen = history.chance.sample([one for one in recorded if isinstance(one[1].details, Amendment)], CORRECTED)
    replaces: dict[UUID, UUID] = {}
    anew = []
    for event, change in chosen:
        corrected = history.event(_corrected(change))
        replaces[corrected[0].id] = event.id
        anew.append(corrected)
    supersede_events(session, replaces.values(), at)
    append_events(session, anew, at, replaces=replaces, import_run_id=None)


def _corrected(change: Change) -> Change:
    details = change.details
    assert isinstance(details, Amendment)
    if details.name is UNSET:
        return Change(change.on + timedelta(days=2), details)
    return Change(change.on, structs.replace(details, name=f"{details.name} đính chính"))
