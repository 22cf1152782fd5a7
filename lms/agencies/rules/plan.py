"""What an agency file would change in the tree: pure, so that the preview and the import are one and the same."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec

from lms.agencies.rules.event_sheet import EventGroup
from lms.agencies.rules.events import Change, Event, encoded
from lms.agencies.rules.kinds import BLOCK_NAMES, KIND_NAMES, LEVEL_NAMES, Decision
from lms.agencies.rules.replay import Tree
from lms.agencies.rules.sheet import AgencyLine
from lms.kit.imports.rules import Checked, Finding, fingerprint_of

SHOWN_AGENCIES = 2_000  # kept with the run for its page; the counts are always of all

Words = Mapping[str, Mapping[str, str]]
WORDS: Words = {"kind": KIND_NAMES, "block": BLOCK_NAMES, "level": LEVEL_NAMES}


@dataclass(frozen=True, slots=True)
class StoredHistory:
    """All that is believed to have happened, and the decision of each event."""

    events: list[Event] = field(default_factory=list)
    decisions: dict[UUID, Decision] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Step:
    """A change the file asks for, and the rows that ask for it. `event` is its id while planning."""

    change: Change
    event: UUID
    source: AgencyLine | EventGroup

    @property
    def rows(self) -> int:
        return 1 if isinstance(self.source, AgencyLine) else len(self.source.rows) + len(self.source.children)


@dataclass(frozen=True, slots=True)
class AgencyDifference:
    """An agency that comes out differently. `what`: new, ended or changed; `fields`: which, before and after, in words;
    `heirs`: in which agencies it lives on."""

    code: str
    name: str
    day: date
    what: str
    fields: tuple[tuple[str, str, str], ...] = ()
    heirs: tuple[str, ...] = ()


@dataclass
class Plan:
    """Steps in the order in which they are recorded; `unchanged` lines and `known_events` say what is stored already."""

    steps: list[Step] = field(default_factory=list)
    unchanged: int = 0
    known_events: int = 0
    findings: list[Finding] = field(default_factory=list)
    differences: list[AgencyDifference] = field(default_factory=list)
    new: dict[UUID, str] = field(default_factory=dict)  # agencies the file brings, by the code it gives them
    tree: Tree = field(default_factory=Tree)  # as it would be

    @property
    def changes(self) -> list[Change]:
        return [step.change for step in self.steps]

    def checked(self) -> Checked:
        """The plan as the preview shows it; ask when it is complete."""
        return self._checked

    @cached_property
    def _checked(self) -> Checked:
        counts = dict.fromkeys(("added", "changed", "ended"), 0)
        for difference in self.differences:
            counts[{"new": "added"}.get(difference.what, difference.what)] += 1
        recorded = len({id(step.source) for step in self.steps if isinstance(step.source, EventGroup)})
        return Checked(
            counts={**counts, "unchanged": self.unchanged, "events": recorded, "known_events": self.known_events},
            rows=sum({id(step.source): step.rows for step in self.steps}.values()),
            fingerprint=fingerprint_of([[self._told(step) for step in self.steps], [_plain(one) for one in self.differences]]),
            findings=self.findings,
            details={"agencies": [_plain(one) for one in self.differences[:SHOWN_AGENCIES]], "agencies_total": len(self.differences)},
        )

    def _told(self, step: Step) -> Any:
        """A step as plain values that are the same whenever the plan is made: new agencies go by the code the file gives them."""
        decision = step.change.decision
        return [step.change.on, decision.number, decision.dated, decision.note, self._named(encoded(step.change.details))]

    def _named(self, value: Any) -> Any:
        if isinstance(value, dict):
            return {self._named(key): self._named(one) for key, one in value.items()}
        if isinstance(value, list | tuple):
            return [self._named(one) for one in value]
        if isinstance(value, str) and len(value) == 36:
            return self._new_by_text.get(value, value)
        return value

    @cached_property
    def _new_by_text(self) -> Mapping[str, str]:
        return {str(agency): f"new {code}" for agency, code in self.new.items()}


def _plain(difference: AgencyDifference) -> dict[str, Any]:
    result: dict[str, Any] = msgspec.to_builtins(difference)
    return result
