"""From what happened to what was: the believed events, one after the other, make the versions and codes of all agencies.

Pure. What does not fit is no exception but a `Fault`, so that one replay finds all; an event at fault changes nothing."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from itertools import groupby, pairwise
from typing import Any
from uuid import UUID

from msgspec import Struct

from lms.agencies.rules.closure import FOREVER, ParentSpan
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Consolidation,
    Division,
    Establishment,
    Event,
    Founding,
    Merger,
    Recoding,
)


class Version(Struct, frozen=True, gc=False):
    """What an agency was from `valid_from` until before `valid_to`."""

    agency: UUID
    valid_from: date
    valid_to: date
    name: str
    short_name: str | None
    kind: str
    block: str
    level: str
    parent: UUID | None
    legal_basis: str | None


class CodeSpan(Struct, frozen=True, gc=False):
    """A code an agency bore from `valid_from` until before `valid_to`."""

    agency: UUID
    scheme: str
    code: str
    valid_from: date
    valid_to: date


@dataclass(frozen=True, slots=True)
class Fault:
    """Why an event cannot be: `agency` is at fault on day `on`, `others` are those it collides with.

    agency_missing (before it exists), agency_ended, already_exists, merge_into_itself, nobody_to_merge, ends_at_birth, has_children,
    not_a_child, cycle (`others`: the way from the agency up to itself), parent_missing, code_taken (`code` says which), shares.
    """

    kind: str
    agency: UUID
    on: date
    event: UUID
    others: tuple[UUID, ...] = ()
    code: str = ""


@dataclass(slots=True)
class Tree:
    """All agencies through time; spans in the order of days."""

    versions: dict[UUID, tuple[Version, ...]] = field(default_factory=dict)
    codes: dict[UUID, tuple[CodeSpan, ...]] = field(default_factory=dict)
    faults: list[Fault] = field(default_factory=list)

    def on(self, agency: UUID, day: date) -> Version | None:
        return next((version for version in self.versions.get(agency, ()) if version.valid_from <= day < version.valid_to), None)

    def parents(self) -> dict[UUID, list[ParentSpan[UUID]]]:
        """What the closure is made from."""
        return {agency: parent_spans(own) for agency, own in self.versions.items()}


def parent_spans(versions: Iterable[Version]) -> list[ParentSpan[UUID]]:
    """Below whom an agency is on which days, whatever else changes meanwhile."""
    spans: list[ParentSpan[UUID]] = []
    for version in versions:
        last = spans[-1] if spans else None
        if last is not None and last.parent == version.parent and last.valid_to == version.valid_from:
            spans[-1] = ParentSpan(version.agency, version.parent, last.valid_from, version.valid_to)
        else:
            spans.append(ParentSpan(version.agency, version.parent, version.valid_from, version.valid_to))
    return spans


def replay(events: Iterable[Event]) -> Tree:
    """Make the tree from events in any order."""
    replaying = Replay()
    for day, own in groupby(sorted(events, key=lambda event: event.order), key=lambda event: event.on):
        replaying.run_day(day, own)
    return replaying.tree()


class Life:
    """An agency on the day the replay has come to."""

    __slots__ = ("born", "codes", "ended", "past_codes", "profile", "since", "versions")

    def __init__(self, day: date, profile: dict[str, Any]) -> None:
        self.born = self.since = day
        self.ended: date | None = None
        self.profile = profile
        self.versions: list[Version] = []
        self.codes: dict[tuple[str, str], tuple[date, UUID]] = {}
        self.past_codes: list[tuple[CodeSpan, UUID]] = []


class Replay:
    def __init__(self) -> None:
        self.lives: dict[UUID, Life] = {}
        self.below: dict[UUID, dict[UUID, None]] = {}  # who is directly below whom, in the order they came
        self.faults: list[Fault] = []
        self.placed: dict[UUID, UUID] = {}  # today: agency → the event that put it where it is
        self.abolished: dict[UUID, UUID] = {}  # today: agency → the event
        self.day = date.min
        self.event = UUID(int=0)
        self.steps: Mapping[type, Callable[[Any], None]] = {
            Establishment: self.establish,
            Amendment: self.amend,
            Recoding: self.recode,
            Merger: self.merge,
            Consolidation: self.consolidate,
            Division: self.divide,
            Abolition: self.abolish,
        }

    def run_day(self, day: date, events: Iterable[Event]) -> None:
        self.day = day
        self.placed, self.abolished = {}, {}
        for event in events:
            self.event = event.id
            self.steps[type(event.details)](event.details)
        self.end_day()

    def end_day(self) -> None:
        """Parents and children may come in any order within a day; in the evening everything must fit."""
        for agency, event in self.abolished.items():
            if left := self.below.get(agency):
                self.faults.append(Fault("has_children", agency, self.day, event, tuple(left)))
        for agency, event in self.placed.items():
            life = self.lives[agency]
            parent = life.profile["parent"]
            if life.ended is not None or parent is None or parent in self.abolished:
                continue
            if not self.exists(parent):
                self.faults.append(Fault("parent_missing", agency, self.day, event, (parent,)))
            elif (parent == agency or self.below.get(agency)) and (path := self.cycle(agency)):  # nothing below, no way round
                self.faults.append(Fault("cycle", agency, self.day, event, path))

    def cycle(self, agency: UUID) -> tuple[UUID, ...]:
        """The way up from an agency to itself; empty where there is none."""
        path = [agency]
        seen = {agency}
        above = self.lives[agency].profile["parent"]
        while above is not None and above in self.lives:
            if above == agency:
                return tuple(path)
            if above in seen:
                return ()  # a cycle above, which those on it report
            path.append(above)
            seen.add(above)
            above = self.lives[above].profile["parent"]
        return ()

    # The events.

    def establish(self, founding: Founding) -> None:
        if self.is_new(founding):
            self.found(founding)

    def amend(self, details: Amendment) -> None:
        changes = details.changes()
        if self.is_there(details.agency) and changes:
            self.change(details.agency, changes)

    def recode(self, details: Recoding) -> None:
        if not self.is_there(details.agency):
            return
        life = self.lives[details.agency]
        if not details.beside:
            for key in [key for key in life.codes if key[0] == details.scheme and key[1] != details.code]:
                self.end_code(details.agency, key)
        if details.code is not None:
            life.codes.setdefault((details.scheme, details.code), (self.day, self.event))

    def merge(self, details: Merger) -> None:
        if details.into in details.agencies:
            self.fault("merge_into_itself", details.into)
        elif self.is_there(details.into) and self.may_end(details.agencies, details.children):
            self.live_on(details.agencies, details.into, details.children)

    def consolidate(self, details: Consolidation) -> None:
        heir = details.founding.agency
        if heir in details.agencies:
            self.fault("merge_into_itself", heir)
        elif self.is_new(details.founding) and self.may_end(details.agencies, details.children):
            self.found(details.founding)
            self.live_on(details.agencies, heir, details.children)

    def divide(self, details: Division) -> None:
        agencies = [part.agency for part in details.parts]
        shares = [part.share for part in details.parts if part.share is not None]
        if details.agency in agencies or not agencies:
            self.fault("merge_into_itself", details.agency)
        elif len(set(agencies)) != len(agencies) or min(shares, default=0.0) < 0 or sum(shares) > 1 + 1e-9:
            self.fault("shares", details.agency)
        elif self.parts_fit(details) and self.may_end([details.agency], details.children, survives=details.survives):
            for part in details.parts:
                if part.founding is not None:
                    self.found(part.founding)
            if details.survives:
                self.rehouse([details.agency], None, details.children)
            else:
                self.live_on([details.agency], details.heir, details.children)

    def abolish(self, details: Abolition) -> None:
        if self.may_end([details.agency], details.children):
            self.rehouse([details.agency], None, details.children)
            self.end(details.agency)
            self.abolished[details.agency] = self.event

    # What they are made of.

    def parts_fit(self, details: Division) -> bool:
        return all(self.is_new(part.founding) if part.founding is not None else self.is_there(part.agency) for part in details.parts)

    def may_end(self, agencies: Iterable[UUID], children: Mapping[UUID, UUID | None], *, survives: bool = False) -> bool:
        ending = list(agencies)
        if not ending or len(set(ending)) != len(ending):
            self.faults.append(Fault("nobody_to_merge", ending[0] if ending else self.event, self.day, self.event))
            return False
        for agency in ending:
            if not self.is_there(agency):
                return False
            if self.lives[agency].born == self.day and not survives:
                self.fault("ends_at_birth", agency)
                return False
        strangers = [child for child in children if not any(child in self.below.get(agency, ()) for agency in ending)]
        if strangers:
            self.fault("not_a_child", strangers[0], *ending)
        return not strangers

    def live_on(self, agencies: Iterable[UUID], heir: UUID, children: Mapping[UUID, UUID | None]) -> None:
        ending = list(agencies)
        self.rehouse(ending, heir, children)
        for agency in ending:
            self.end(agency)

    def rehouse(self, agencies: list[UUID], heir: UUID | None, children: Mapping[UUID, UUID | None]) -> None:
        """Give what is directly below the agencies another parent: what is named its own, the others the heir where there is one."""
        for agency in agencies:
            for child in list(self.below.get(agency, ())):
                if child in children:
                    self.change(child, {"parent": children[child]})
                elif heir is not None and child not in agencies:
                    self.change(child, {"parent": heir})

    def found(self, founding: Founding) -> None:
        life = Life(
            self.day,
            {
                "name": founding.name,
                "short_name": founding.short_name,
                "kind": founding.kind,
                "block": founding.block,
                "level": founding.level,
                "parent": founding.parent,
                "legal_basis": founding.legal_basis,
            },
        )
        life.codes = {(code.scheme, code.code): (self.day, self.event) for code in founding.codes}
        self.lives[founding.agency] = life
        self.place(founding.agency, founding.parent)

    def change(self, agency: UUID, changes: Mapping[str, Any]) -> None:
        life = self.lives[agency]
        self.cut(agency, life)
        if "parent" in changes:
            self.below.get(life.profile["parent"], {}).pop(agency, None)
        life.profile = {**life.profile, **changes}
        if "parent" in changes:
            self.place(agency, changes["parent"])

    def place(self, agency: UUID, parent: UUID | None) -> None:
        if parent is not None:
            self.below.setdefault(parent, {})[agency] = None
        self.placed[agency] = self.event

    def cut(self, agency: UUID, life: Life) -> None:
        """What the agency was until yesterday is written down; from today on it may be another."""
        if life.since < self.day:
            life.versions.append(Version(agency, life.since, self.day, **life.profile))
            life.since = self.day

    def end(self, agency: UUID) -> None:
        life = self.lives[agency]
        self.cut(agency, life)
        self.below.get(life.profile["parent"], {}).pop(agency, None)
        for key in list(life.codes):
            self.end_code(agency, key)
        life.ended = self.day

    def end_code(self, agency: UUID, key: tuple[str, str]) -> None:
        since, event = self.lives[agency].codes.pop(key)
        if since < self.day:
            self.lives[agency].past_codes.append((CodeSpan(agency, *key, since, self.day), event))

    def is_new(self, founding: Founding) -> bool:
        if founding.agency in self.lives:
            self.fault("already_exists", founding.agency)
            return False
        return True

    def is_there(self, agency: UUID) -> bool:
        if self.exists(agency):
            return True
        self.fault("agency_ended" if agency in self.lives else "agency_missing", agency)
        return False

    def exists(self, agency: UUID) -> bool:
        life = self.lives.get(agency)
        return life is not None and life.ended is None

    def fault(self, kind: str, agency: UUID, *others: UUID) -> None:
        self.faults.append(Fault(kind, agency, self.day, self.event, others))

    def tree(self) -> Tree:
        result = Tree(faults=self.faults)
        borne: dict[tuple[str, str], list[tuple[CodeSpan, UUID]]] = {}
        for agency, life in self.lives.items():
            last = () if life.ended is not None else (Version(agency, life.since, FOREVER, **life.profile),)
            result.versions[agency] = (*life.versions, *last)
            held = [(CodeSpan(agency, *key, since, FOREVER), event) for key, (since, event) in life.codes.items()]
            spans = [*life.past_codes, *held]
            if spans:
                result.codes[agency] = tuple(
                    sorted((span for span, _ in spans), key=lambda span: (span.valid_from, span.scheme, span.code))
                )
            for span, event in spans:
                borne.setdefault((span.scheme, span.code), []).append((span, event))
        for bearers in borne.values():
            if len(bearers) > 1:
                result.faults.extend(_twice(bearers))
        return result


def _twice(bearers: list[tuple[CodeSpan, UUID]]) -> Iterable[Fault]:
    bearers.sort(key=lambda one: (one[0].valid_from, one[0].valid_to))
    for (span, _), (later, event) in pairwise(bearers):
        if later.valid_from < span.valid_to:
            yield Fault("code_taken", later.agency, later.valid_from, event, (span.agency,), later.code)
