"""A roster read once and gone through as often as needed: its lines lie in a nameless file, a chunk of them in memory."""

from __future__ import annotations

import tempfile
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import lru_cache
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

from lms.accounts.queries.roster import group_names, known_people, roster_agencies
from lms.accounts.rules.roster.duplicates import SeenRows
from lms.accounts.rules.roster.lines import ReadingOptions, read_roster
from lms.accounts.rules.roster.person import RosterLine, RosterReading
from lms.accounts.rules.roster.plan import Lookups, RosterPlan, plan_roster
from lms.kit.collector import without_collector
from lms.kit.imports.rules import Finding
from lms.kit.secrets import vault_of
from lms.kit.sheets import Sheet

CHUNK = 1_000
"""Lines planned and applied at a time: what one transaction of an import changes."""
_LENGTH_BYTES = 4


@dataclass(frozen=True, slots=True)
class RosterOptions:
    """What was chosen besides the file. `replace`: the agency whose people, its subtree's included, leave where the file does not name
    them. `columns`: label as it compares → field. `decisions`: row → whom it means."""

    as_of: date
    replace: UUID | None = None
    capitalise: bool = False
    columns: Mapping[str, str] = field(default_factory=dict)
    decisions: Mapping[str, str] = field(default_factory=dict)

    @classmethod
    def of_run(cls, options: Mapping[str, Any], decisions: Mapping[str, Any]) -> RosterOptions:
        """The options as an import's row keeps them."""
        replace = options.get("replace")
        return cls(
            date.fromisoformat(options["as_of"]),
            UUID(replace) if replace else None,
            bool(options.get("capitalise")),
            options.get("columns") or {},
            decisions,
        )


class RosterFile:
    """Reads the sheets as it is made. Raises DomainError where no sheet is a roster."""

    def __init__(self, session: Session, sheets: Iterable[Sheet], file_name: str, options: RosterOptions) -> None:
        self.options = options
        self.agencies = roster_agencies(session, options.as_of)
        self._spool = tempfile.TemporaryFile(prefix="lms-roster-")  # noqa: SIM115 - read until the import ends
        weakref.finalize(self, self._spool.close)
        self._waiting: list[RosterLine] = []
        self._seen = SeenRows()
        self._sheets: list[str] = []
        reading = RosterReading(keep=self._keep)
        how = ReadingOptions(options.as_of, options.columns, options.capitalise)
        read_roster(self._named(sheets), self.agencies, group_names(session), how, file_name, reading=reading)
        self._flush()
        self.people = reading.people
        self.lines = reading.readable
        self.findings: list[Finding] = reading.findings
        self.dropped = reading.dropped
        self._clashes = self._seen.clashes()

    def plans(self, session: Session) -> Iterator[RosterPlan]:
        """What each chunk would change as things stand."""
        lookups = self.lookups(session)
        for lines in self.chunks():
            yield self.plan(session, lines, lookups)

    def plan(self, session: Session, lines: list[RosterLine], lookups: Lookups) -> RosterPlan:
        with without_collector():
            return plan_roster(lines, known_people(session, lines, lookups), lookups)

    def lookups(self, session: Session) -> Lookups:
        """For one pass over all chunks."""
        keys = vault_of(session)
        return Lookups(
            self.agencies,
            lru_cache(maxsize=4 * CHUNK)(keys.fingerprint),  # asked for when people are looked up, and when their rows are planned
            keys.unseal,
            self.options.as_of,
            clashes=self._clashes,
            decisions=self.options.decisions,
            place_of=self._seen.place_of,
        )

    def chunks(self) -> Iterator[list[RosterLine]]:
        position = 0
        while True:
            self._spool.seek(position)
            length = int.from_bytes(self._spool.read(_LENGTH_BYTES), "big")
            if not length:
                return
            encoded = self._spool.read(length)
            position = self._spool.tell()
            yield msgspec.msgpack.decode(encoded, type=list[RosterLine])

    def in_order(self, findings: Iterable[Finding]) -> list[Finding]:
        """Findings as their rows stand in the file."""
        order = {name: position for position, name in enumerate(self._sheets)}
        return sorted(findings, key=lambda finding: (order[finding.sheet], finding.row, finding.column or 0))

    def _named(self, sheets: Iterable[Sheet]) -> Iterator[Sheet]:
        for sheet in sheets:
            self._sheets.append(sheet.name)
            yield sheet

    def _keep(self, line: RosterLine) -> None:
        self._seen.add(line)
        self._waiting.append(line)
        if len(self._waiting) == CHUNK:
            self._flush()

    def _flush(self) -> None:
        if self._waiting:
            encoded = msgspec.msgpack.encode(self._waiting)
            self._spool.write(len(encoded).to_bytes(_LENGTH_BYTES, "big") + encoded)
            self._waiting.clear()
