"""Keeping the closure true to the believed versions, in the transaction that changes them. Rows that no longer hold move to the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, delete, insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyClosure, AgencyClosurePast
from lms.agencies.rules.closure import Ancestry, ParentSpan, ancestry
from lms.kit.ids import uuid7

BATCH = 1000
Spans = Mapping[UUID, Sequence[ParentSpan[UUID]]]
Key = tuple[UUID, UUID, date]
_DELETE = delete(AgencyClosure).where(
    AgencyClosure.ancestor_id == bindparam("above"),
    AgencyClosure.descendant_id == bindparam("below"),
    AgencyClosure.valid_from == bindparam("since"),
)


def refresh_closure(session: Session, spans: Spans, agencies: Iterable[UUID] | None, at: datetime) -> tuple[int, int]:
    """Make the rows above some agencies, whose own place or whose ancestors' place changed, follow from `spans`, which are of all agencies;
    with no `agencies`, all rows. Returns how many rows were taken away and added.

    Raises CycleError or ParentMissingError where the spans make no tree; replaying events sees to it that they do.
    """
    chosen = set(spans) if agencies is None else set(agencies)
    wanted = {
        (row.ancestor, row.descendant, row.valid_from): row for agency in chosen if spans.get(agency) for row in ancestry(agency, spans)
    }
    stored = _stored_closure(session, None if agencies is None else chosen)
    stale = {key: recorded_at for key, (row, recorded_at) in stored.items() if wanted.get(key) != row}
    fresh = [row for key, row in wanted.items() if key not in stored or stored[key][0] != row]
    _move_to_past(session, [(stored[key][0], recorded_at) for key, recorded_at in stale.items()], at)
    rows = [{**_row(row), "recorded_at": at} for row in fresh]
    for start in range(0, len(rows), BATCH):
        session.connection().execute(insert(AgencyClosure), rows[start : start + BATCH])
    return len(stale), len(fresh)


def touched_by(changed: Iterable[UUID], since: date, *trees: Spans) -> set[UUID]:
    """The agencies and all that are below them on a day or later, in any of the trees."""
    reached = set(changed)
    if not reached:
        return reached
    below: dict[UUID, set[UUID]] = {}
    for tree in trees:
        for agency, spans in tree.items():
            for span in spans:
                if span.parent is not None and span.valid_to > since:
                    below.setdefault(span.parent, set()).add(agency)
    waiting = list(reached)
    while waiting:
        for child in below.get(waiting.pop(), ()):
            if child not in reached:
                reached.add(child)
                waiting.append(child)
    return reached


def _move_to_past(session: Session, rows: Sequence[tuple[Ancestry[UUID], datetime]], at: datetime) -> None:
    keys = [{"above": row.ancestor, "below": row.descendant, "since": row.valid_from} for row, _ in rows]
    for start in range(0, len(keys), BATCH):
        session.connection().execute(_DELETE, keys[start : start + BATCH])
    # What came and went in one moment was never known.
    known = [{"id": uuid7(), **_row(row), "recorded_at": recorded_at, "superseded_at": at} for row, recorded_at in rows if recorded_at < at]
    for start in range(0, len(known), BATCH):
        session.connection().execute(insert(AgencyClosurePast), known[start : start + BATCH])


def _row(row: Ancestry[UUID]) -> dict[str, Any]:
    return {
        "ancestor_id": row.ancestor,
        "descendant_id": row.descendant,
        "valid_from": row.valid_from,
        "valid_to": row.valid_to,
        "depth": row.depth,
    }


def _stored_closure(session: Session, agencies: set[UUID] | None) -> dict[Key, tuple[Ancestry[UUID], datetime]]:
    statement = select(
        AgencyClosure.ancestor_id,
        AgencyClosure.descendant_id,
        AgencyClosure.valid_from,
        AgencyClosure.valid_to,
        AgencyClosure.depth,
        AgencyClosure.recorded_at,
    )
    if agencies is None:
        rows = list(session.connection().execute(statement))
    else:
        ids = list(agencies)
        rows = [
            row
            for start in range(0, len(ids), 500)
            for row in session.connection().execute(statement.where(AgencyClosure.descendant_id.in_(ids[start : start + 500])))
        ]
    return {(row[0], row[1], row[2]): (Ancestry(*row[:5]), row[5]) for row in rows}
