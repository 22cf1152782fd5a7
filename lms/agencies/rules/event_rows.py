"""Events as rows of the sheet of events, such that reading them again means the same agencies. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from typing import Any
from uuid import UUID

from lms.agencies.rules.event_sheet import BESIDE, EVENT_COLUMNS
from lms.agencies.rules.events import (
    Abolition,
    Amendment,
    Code,
    Consolidation,
    Details,
    Division,
    Establishment,
    Event,
    Founding,
    Merger,
    Recoding,
    kind_of,
)
from lms.agencies.rules.kinds import EVENT_NAMES, Decision, EventKind
from lms.agencies.rules.line import CODE_COLUMNS, EMPTY_WORD
from lms.agencies.rules.plan import WORDS, StoredHistory
from lms.agencies.rules.refs import naming, ref_text
from lms.agencies.rules.replay import Tree, replay

EventCells = dict[str, str | float | date | None]
"""Field (of `EVENT_COLUMNS`) → what its cell says."""


def event_rows(history: StoredHistory) -> Iterator[tuple[object, ...]]:
    """All believed events in their order, each row in the order of the columns."""
    writer = _Writer(history)
    for number, event in enumerate(sorted(history.events, key=lambda event: event.order), start=1):
        for row in writer.rows(event):
            row["number"] = str(number)
            yield tuple(row.get(field) for field in EVENT_COLUMNS)


class _Writer:
    def __init__(self, history: StoredHistory) -> None:
        self.tree: Tree = replay(history.events)
        self.decisions = history.decisions
        # Who gets or loses a code within a day cannot be named by one on that day.
        self.recoded = {(event.details.agency, event.on) for event in history.events if isinstance(event.details, Recoding)}
        self.day = date.min

    def rows(self, event: Event) -> list[EventCells]:
        self.day = event.on
        details, decision = event.details, self.decisions.get(event.id, Decision())
        rows = self.told(details, decision)
        rows += [self.child(child, parent) for child, parent in getattr(details, "children", {}).items()]
        kind = EVENT_NAMES[kind_of(details)]
        for row in rows:
            row.setdefault("event", kind)
            row["on"] = event.on
        rows[0] |= {"decision_number": decision.number, "decision_date": decision.dated, "note": decision.note}
        return rows

    def told(self, details: Details, decision: Decision) -> list[EventCells]:
        rows: list[EventCells] = []
        if isinstance(details, Establishment):
            rows = [self.founded(details, decision)]
        elif isinstance(details, Amendment):
            rows = [self.amended(details, decision)]
        elif isinstance(details, Recoding):
            rows = [self.recoding(details)]
        elif isinstance(details, Merger):
            rows = [{**self.before(agency), "after": self.after(details.into)} for agency in details.agencies]
        elif isinstance(details, Consolidation):
            founded = self.founded(details.founding, decision)
            rows = [{**self.before(agency), "after": founded["after"]} for agency in details.agencies]
            rows[0] |= founded
        elif isinstance(details, Division):
            rows = self.parts(details, decision)
        elif isinstance(details, Abolition):
            rows = [self.before(details.agency)]
        return rows

    def before(self, agency: UUID) -> EventCells:
        morning = self.day - timedelta(days=1)
        there = self.tree.on(agency, morning) is not None and (agency, self.day) not in self.recoded
        version = self.tree.on(agency, morning) or self.tree.on(agency, self.day)
        return {"before": self.ref(agency, morning if there else None), "before_name": version.name if version else None}

    def after(self, agency: UUID) -> str:
        return self.ref(agency, None if (agency, self.day) in self.recoded else self.day)

    def ref(self, agency: UUID, day: date | None) -> str:
        spans = self.tree.codes.get(agency, ()) if day is not None else ()
        code = naming(Code(span.scheme, span.code) for span in spans if day is not None and span.valid_from <= day < span.valid_to)
        return ref_text(code or agency)

    def founded(self, founding: Founding, decision: Decision) -> EventCells:
        code = naming(founding.codes)
        others = [other for other in founding.codes if other != code]
        cells: EventCells = {
            "after": ref_text(code or founding.agency),
            "name": founding.name,
            "short_name": founding.short_name,
            "legal_basis": None if founding.legal_basis == decision.number else founding.legal_basis,
            "parent_code": None if founding.parent is None else self.after(founding.parent),
            "identity": str(founding.agency),
        }
        cells |= {field: WORDS[field].get(value := getattr(founding, field), value) for field in WORDS}
        for scheme in CODE_COLUMNS:
            cells[scheme] = "; ".join(other.code for other in others if other.scheme == scheme) or None
        return cells

    def amended(self, details: Amendment, decision: Decision) -> EventCells:
        changes: Mapping[str, Any] = details.changes()
        cells = self.before(details.agency)
        for field, value in changes.items():
            if field == "parent":
                cells["parent_code"] = EMPTY_WORD if value is None else self.after(value)
            elif field != "legal_basis" or value != decision.number or value is None:
                cells[field] = EMPTY_WORD if value is None else WORDS.get(field, {}).get(value, value)
        return cells

    def recoding(self, details: Recoding) -> EventCells:
        code = Code(details.scheme, details.code or "")
        cells: EventCells = {"after": ref_text(code) if details.code else f"{details.scheme.upper()}:"}
        if details.beside:
            cells["event"] = BESIDE
        return self.before(details.agency) | cells

    def parts(self, details: Division, decision: Decision) -> list[EventCells]:
        rows: list[EventCells] = []
        for part in details.parts:
            cells = self.founded(part.founding, decision) if part.founding is not None else {"after": self.after(part.agency)}
            rows.append({**self.before(details.agency), **cells, "share": part.share})
        if details.survives:
            rows.append({**self.before(details.agency), "after": self.after(details.agency)})
        return rows

    def child(self, child: UUID, parent: UUID | None) -> EventCells:
        place = EMPTY_WORD if parent is None else self.after(parent)
        return {**self.before(child), "event": EVENT_NAMES[EventKind.MOVE], "parent_code": place}
