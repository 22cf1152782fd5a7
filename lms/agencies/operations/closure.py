"""Keeping the closure true to the believed versions, in the transaction that changes them. Rows that no longer hold move to the past."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyClosure, AgencyClosurePast
from lms.agencies.rules.closure import Ancestry, ParentSpan, ancestry
from lms.kit.ids import uuid7

BATCH = 1000
Spans = Mapping[UUID, Sequence[ParentSpan[UUID]]]
Key = tuple[UUID, UUID, date]


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
        session.execute(insert(AgencyClosure), rows[start : start + BATCH])
    return len(stale), len(fresh)


def touched_by(changed: Iterable[UUID], *trees: Spans) -> set[UUID]:
    """The agencies and all that are below them on any day, in any of the trees."""
    reached = set(changed)
    if not reached:
        return reached
    below: dict[UUID, set[UUID]] = {}
    for tree in trees:
        for agency, spans in tree.items():
            for span in spans:
                if span.parent is not None:
                    below.setdefault(span.parent, set()).add(agency)
    waiting = list(reached)
    while waiting:
        for child in below.get(waiting.pop(), ()):
            if child not in reached:
                reached.add(child)
                waiting.append(child)
    return reached


def _move_to_past(session: Session, rows: Sequence[tuple[Ancestry[UUID], datetime]], at: datetime) -> None:
    by_descendant: dict[tuple[UUID, date], list[UUID]] = {}
    for row, _ in rows:
        by_descendant.setdefault((row.descendant, row.valid_from), []).append(row.ancestor)
    for (descendant, valid_from), ancestors in by_descendant.items():
        session.execute(
            delete(AgencyClosure).where(
                AgencyClosure.descendant_id == descendant, AgencyClosure.valid_from == valid_from, AgencyClosure.ancestor_id.in_(ancestors)
            )
        )
    # What came and went in one moment was never known.
    known = [{"id": uuid7(), **_row(row), "recorded_at": recorded_at, "superseded_at": at} for row, recorded_at in rows if recorded_at < at]
    for start in range(0, len(known), BATCH):
        session.execute(insert(AgencyClosurePast), known[start : start + BATCH])


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
        rows = list(session.execute(statement))
    else:
        ids = list(agencies)
        rows = [
            row
            for start in range(0, len(ids), 500)
            for row in session.execute(statement.where(AgencyClosure.descendant_id.in_(ids[start : start + 500])))
        ]
    return {(row[0], row[1], row[2]): (Ancestry(*row[:5]), row[5]) for row in rows}
