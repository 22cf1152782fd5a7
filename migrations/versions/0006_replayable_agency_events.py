"""Events of agencies that can be replayed

From now on versions, codes and closure follow from the events of agencies. Those recorded before say what happened and not all that is
needed to replay it; here they get it, so that the replay comes to the versions and codes that are stored: an event that touched several
agencies becomes one for each, and where a version began without an event one is added. The closure learns since when each of its rows is
believed, and the rows believed before are kept in `agency_closure_past`.

The previous version goes on reading all of it; what it writes about agencies after this is not replayed, so it must not.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from itertools import pairwise
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from lms.agencies.rules.closure import CycleError, ParentMissingError, ParentSpan, ancestry, by_agency
from lms.kit.ids import uuid7

revision = "0006"
down_revision = "0005"

FOREVER = date(9999, 12, 31)
FIELDS = ("name", "short_name", "kind", "block", "level", "parent_id", "legal_basis")
AMENDING = ("rename", "move", "revise")
BATCH = 1000

Step = dict[str, Any]

moment = sa.DateTime(timezone=True)
version = sa.table(
    "agency_version",
    sa.column("agency_id", sa.Uuid()),
    *(sa.column(field, sa.Uuid() if field == "parent_id" else sa.String()) for field in FIELDS),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_to", sa.Date()),
    sa.column("recorded_at", moment),
    sa.column("superseded_at", moment),
)
code = sa.table(
    "agency_code",
    sa.column("agency_id", sa.Uuid()),
    sa.column("scheme", sa.String()),
    sa.column("code", sa.String()),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_to", sa.Date()),
    sa.column("recorded_at", moment),
    sa.column("superseded_at", moment),
)
event = sa.table(
    "agency_event",
    sa.column("id", sa.Uuid()),
    sa.column("kind", sa.String()),
    sa.column("effective_on", sa.Date()),
    sa.column("ordinal", sa.Integer()),
    sa.column("decision_number", sa.String()),
    sa.column("decision_date", sa.Date()),
    sa.column("note", sa.String()),
    sa.column("details", sa.JSON().with_variant(postgresql.JSONB(), "postgresql")),
    sa.column("recorded_at", moment),
    sa.column("superseded_at", moment),
)
link = sa.table(
    "agency_link",
    sa.column("id", sa.Uuid()),
    sa.column("event_id", sa.Uuid()),
    sa.column("predecessor_id", sa.Uuid()),
    sa.column("successor_id", sa.Uuid()),
)
closure = sa.table(
    "agency_closure",
    sa.column("ancestor_id", sa.Uuid()),
    sa.column("descendant_id", sa.Uuid()),
    sa.column("valid_from", sa.Date()),
    sa.column("recorded_at", moment),
)
closure_past = sa.table(
    "agency_closure_past",
    sa.column("id", sa.Uuid()),
    sa.column("ancestor_id", sa.Uuid()),
    sa.column("descendant_id", sa.Uuid()),
    sa.column("valid_from", sa.Date()),
    sa.column("valid_to", sa.Date()),
    sa.column("depth", sa.Integer()),
    sa.column("recorded_at", moment),
    sa.column("superseded_at", moment),
)


def upgrade() -> None:
    connection = op.get_bind()
    told = Told(connection)
    steps = sorted(told.steps(), key=lambda step: (step["on"], step["rank"], str(step["source"] or ""), str(step["agency"])))
    told.store(steps)
    remember_closure(connection)


def downgrade() -> None:
    """What was added goes with the columns and the table that 0003 made; events that became several say the same as before."""


class Told:
    """What the stored versions, codes and events say."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.versions: dict[UUID, list[Any]] = {}
        for row in connection.execute(
            sa.select(version).where(version.c.superseded_at.is_(None)).order_by(version.c.agency_id, version.c.valid_from)
        ):
            self.versions.setdefault(row.agency_id, []).append(row)
        self.codes: dict[UUID, list[Any]] = {}
        for row in connection.execute(sa.select(code).where(code.c.superseded_at.is_(None)).order_by(code.c.valid_from, code.c.code)):
            self.codes.setdefault(row.agency_id, []).append(row)
        self.events = {row.id: row for row in connection.execute(sa.select(event).where(event.c.superseded_at.is_(None)))}
        self.links: dict[tuple[str, UUID, date], tuple[UUID, UUID, UUID | None]] = {}
        for row in connection.execute(sa.select(link).order_by(link.c.event_id)):
            happened = self.events.get(row.event_id)
            if happened is not None:
                kind = "amend" if happened.kind in AMENDING else happened.kind
                agency = row.predecessor_id or row.successor_id
                self.links[kind, agency, happened.effective_on] = (row.event_id, row.id, row.successor_id)

    def end_of(self, agency: UUID) -> date:
        last: date = self.versions[agency][-1].valid_to
        return last

    def steps(self) -> Iterator[Step]:
        """Each with its `rank` within the day: births, mergers, changes, ends, codes."""
        mergers: dict[UUID, list[UUID]] = {}
        heirs: dict[UUID, UUID] = {}
        for agency, own in self.versions.items():
            yield self.birth(agency, own[0])
            end = self.end_of(agency)
            if end != FOREVER:
                merged = self.links.get(("merge", agency, end))
                if merged is not None and merged[2] is not None:
                    mergers.setdefault(merged[0], []).append(agency)
                    heirs[agency] = merged[2]
                else:
                    details = {"type": "abolish", "agency": str(agency)}
                    yield self.step("abolish", agency, end, details=details, rank=4, recorded_at=own[-1].recorded_at, stored_kind="abolish")
        for event_id, agencies in mergers.items():
            happened = self.events[event_id]
            details = {"type": "merge", "agencies": [str(one) for one in agencies], "into": str(heirs[agencies[0]])}
            yield {
                "on": happened.effective_on,
                "rank": 2,
                "source": event_id,
                "link": None,
                "agency": agencies[0],
                "details": details,
                "kind": "merge",
                "recorded_at": happened.recorded_at,
                "ends": (None, None),
            }
        for agency, own in self.versions.items():
            yield from self.amendments(agency, own, heirs)
            yield from self.recodings(agency)

    def step(self, kind: str, agency: UUID, on: date, *, details: dict[str, Any], rank: int, recorded_at: Any, stored_kind: str) -> Step:
        source = self.links.get((kind, agency, on))
        ends = {"establish": (None, agency), "abolish": (agency, None)}.get(kind, (agency, agency))
        return {
            "on": on,
            "rank": rank,
            "source": source[0] if source else None,
            "link": source[1] if source else None,
            "agency": agency,
            "details": details,
            "kind": stored_kind,
            "recorded_at": recorded_at,
            "ends": ends,
        }

    def birth(self, agency: UUID, first: Any) -> Step:
        borne = [one for one in self.codes.get(agency, ()) if one.valid_from <= first.valid_from < one.valid_to]
        details = {"type": "establish", "agency": str(agency), **plain(first, FIELDS)}
        details["codes"] = [{"scheme": one.scheme, "code": one.code} for one in borne]
        return self.step(
            "establish", agency, first.valid_from, details=details, rank=1, recorded_at=first.recorded_at, stored_kind="establish"
        )

    def amendments(self, agency: UUID, own: list[Any], heirs: dict[UUID, UUID]) -> Iterator[Step]:
        for before, after in pairwise(own):
            changed = [field for field in FIELDS if getattr(before, field) != getattr(after, field)]
            old = before.parent_id
            by_merger = old in heirs and self.end_of(old) == after.valid_from and heirs[old] == after.parent_id
            if by_merger and changed == ["parent_id"]:
                continue  # the merger of its parent moves it
            # A version that says what the one before said still begins with an event.
            details = {"type": "amend", "agency": str(agency), **plain(after, changed or ["name"])}
            kind = "move" if "parent_id" in changed else "rename" if "name" in changed else "revise"
            yield self.step("amend", agency, after.valid_from, details=details, rank=3, recorded_at=after.recorded_at, stored_kind=kind)

    def recodings(self, agency: UUID) -> Iterator[Step]:
        birth, end = self.versions[agency][0].valid_from, self.end_of(agency)
        own = self.codes.get(agency, [])
        for scheme in dict.fromkeys(one.scheme for one in own):
            spans = [one for one in own if one.scheme == scheme]
            for day in sorted({day for one in spans for day in (one.valid_from, one.valid_to) if birth < day < end}):
                gone = [one for one in spans if one.valid_to == day]
                kept = [one for one in spans if one.valid_from < day < one.valid_to]
                come = [one for one in spans if one.valid_from == day]
                recorded_at = (come or gone)[0].recorded_at
                wanted = [one.code for one in (*kept[:1], *come, *kept[1:])] if gone else [one.code for one in come]
                for number, borne in enumerate(wanted or [None]):
                    details = {"type": "recode", "agency": str(agency), "scheme": scheme, "code": borne}
                    if number or not gone:
                        details["beside"] = True
                    yield self.step("recode", agency, day, details=details, rank=5, recorded_at=recorded_at, stored_kind="recode")

    def store(self, steps: Iterable[Step]) -> None:
        """Give events their details; make those that are missing, or that stood for several agencies."""
        ordinals: dict[date, int] = {}
        used: set[UUID] = set()
        filled: list[dict[str, Any]] = []
        added: list[dict[str, Any]] = []
        links: list[dict[str, Any]] = []
        moved: list[dict[str, Any]] = []
        for step in steps:
            ordinals[step["on"]] = ordinals.get(step["on"], 0) + 1
            source = step["source"]
            if source is not None and source not in used:
                used.add(source)
                filled.append({"row": source, "own": step["details"], "place": ordinals[step["on"]]})
                continue
            told = self.events.get(source)
            added.append(
                {
                    "id": uuid7(),
                    "kind": told.kind if told else step["kind"],
                    "effective_on": step["on"],
                    "ordinal": ordinals[step["on"]],
                    "decision_number": told.decision_number if told else None,
                    "decision_date": told.decision_date if told else None,
                    "note": told.note if told else None,
                    "details": step["details"],
                    "recorded_at": told.recorded_at if told else step["recorded_at"],
                }
            )
            if step["link"] is not None:
                moved.append({"row": step["link"], "event": added[-1]["id"]})
            else:
                before, after = step["ends"]
                links.append({"id": uuid7(), "event_id": added[-1]["id"], "predecessor_id": before, "successor_id": after})
        fill = sa.update(event).where(event.c.id == sa.bindparam("row"))
        each(self.connection, fill.values(details=sa.bindparam("own"), ordinal=sa.bindparam("place")), filled)
        each(self.connection, sa.insert(event), added)
        each(self.connection, sa.update(link).where(link.c.id == sa.bindparam("row")).values(event_id=sa.bindparam("event")), moved)
        each(self.connection, sa.insert(link), links)


def plain(row: Any, fields: Iterable[str]) -> dict[str, Any]:
    values = {field.removesuffix("_id"): getattr(row, field) for field in fields}
    return {name: str(value) if isinstance(value, UUID) else value for name, value in values.items()}


def remember_closure(connection: sa.Connection) -> None:
    """Since when each row of the closure is believed, and which were believed before, from what was believed of the versions when."""
    rows = connection.execute(
        sa.select(
            version.c.agency_id,
            version.c.parent_id,
            version.c.valid_from,
            version.c.valid_to,
            version.c.recorded_at,
            version.c.superseded_at,
        )
    ).all()
    moments = sorted({row.recorded_at for row in rows} | {row.superseded_at for row in rows if row.superseded_at is not None})
    held: dict[tuple[UUID, UUID, date, date, int], Any] = {}
    past: list[dict[str, Any]] = []
    for at in moments:
        known = [row for row in rows if row.recorded_at <= at and (row.superseded_at is None or row.superseded_at > at)]
        spans = by_agency(ParentSpan(*row[:4]) for row in known)
        try:
            found = {
                (row.ancestor, row.descendant, row.valid_from, row.valid_to, row.depth)
                for agency in spans
                for row in ancestry(agency, spans)
            }
        except (CycleError, ParentMissingError):
            continue  # seen in the middle of a change
        for key in held.keys() - found:
            past.append({"id": uuid7(), **closure_row(key), "recorded_at": held.pop(key), "superseded_at": at})
        for key in found - held.keys():
            held[key] = at
    since = [{"above": key[0], "below": key[1], "begin": key[2], "at": at} for key, at in held.items()]
    its_own = sa.and_(
        closure.c.ancestor_id == sa.bindparam("above"),
        closure.c.descendant_id == sa.bindparam("below"),
        closure.c.valid_from == sa.bindparam("begin"),
    )
    each(connection, sa.update(closure).where(its_own).values(recorded_at=sa.bindparam("at")), since)
    each(connection, sa.insert(closure_past), past)


def closure_row(key: tuple[UUID, UUID, date, date, int]) -> dict[str, Any]:
    return dict(zip(("ancestor_id", "descendant_id", "valid_from", "valid_to", "depth"), key, strict=True))


def each(connection: sa.Connection, statement: Any, rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        connection.execute(statement, rows[start : start + BATCH])
