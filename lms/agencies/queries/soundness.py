"""Whether what is stored about agencies is what follows from the believed events."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyClosure, AgencyCode, AgencyVersion
from lms.agencies.queries.believed import stored_history
from lms.agencies.queries.lookups import closure_on
from lms.agencies.rules.replay import Fault, Tree, replay
from lms.kit.collector import without_collector
from lms.kit.vietnamese import clean

VERSION = ("valid_from", "valid_to", "name", "short_name", "kind", "block", "level", "parent_id", "legal_basis")
CODE = ("valid_from", "valid_to", "scheme", "code")
Spans = dict[UUID, set[tuple[Any, ...]]]


@dataclass(frozen=True, slots=True)
class Deviation:
    """Where a table (`versions`, `codes`, `closure`) says otherwise about an agency than its events do, from which day on."""

    table: str
    agency: UUID
    name: str
    day: date


@dataclass(frozen=True, slots=True)
class Soundness:
    """`faults`: events that make no tree; rebuilding does not mend these."""

    events: int
    agencies: int
    faults: list[Fault]
    deviations: list[Deviation]


def soundness(session: Session, on: date) -> Soundness:
    """Replay what is believed and compare: versions and codes of all days, the closure of one day. Four statements; time grows with
    the events and with the closure of a day, some two seconds for 10,000 agencies with ten years of changes."""
    with without_collector():
        return _soundness(session, on)


def _soundness(session: Session, on: date) -> Soundness:
    history = stored_history(session)
    tree = replay(history.events)
    found = [
        *_deviations(session, "versions", _stored_spans(session, AgencyVersion, VERSION), _versions(tree), tree),
        *_deviations(session, "codes", _stored_spans(session, AgencyCode, CODE), _codes(tree), tree),
        *_closure_deviations(session, tree, on),
    ]
    return Soundness(len(history.events), len(tree.versions), tree.faults, sorted(found, key=lambda one: (one.day, one.table, one.name)))


def _stored_spans(session: Session, entity: Any, fields: Iterable[str]) -> Spans:
    found: Spans = {}
    columns = [getattr(entity, field) for field in fields]
    for agency, *values in session.execute(select(entity.agency_id, *columns).where(entity.superseded_at.is_(None))):
        found.setdefault(agency, set()).add(tuple(values))
    return found


def _versions(tree: Tree) -> Spans:
    return {
        agency: {
            (one.valid_from, one.valid_to, clean(one.name), one.short_name, one.kind, one.block, one.level, one.parent, one.legal_basis)
            for one in own
        }
        for agency, own in tree.versions.items()
        if own
    }


def _codes(tree: Tree) -> Spans:
    return {agency: {(one.valid_from, one.valid_to, one.scheme, one.code) for one in own} for agency, own in tree.codes.items() if own}


def _deviations(session: Session, table: str, stored: Spans, wanted: Spans, tree: Tree) -> Iterator[Deviation]:
    for agency in _different(stored, wanted):
        yield Deviation(table, agency, _name(session, agency, tree), _first_day(stored.get(agency, set()), wanted.get(agency, set())))


def _first_day(stored: set[tuple[Any, ...]], wanted: set[tuple[Any, ...]]) -> date:
    """On which they begin to say otherwise; where each day is alike and only the spans are cut otherwise, the first of all."""
    days: list[date] = sorted({day for span in stored | wanted for day in span[:2]})

    def then(spans: set[tuple[Any, ...]], day: date) -> set[tuple[Any, ...]]:
        return {span[2:] for span in spans if span[0] <= day < span[1]}

    return next((day for day in days if then(stored, day) != then(wanted, day)), days[0])


def _closure_deviations(session: Session, tree: Tree, on: date) -> Iterator[Deviation]:
    stored: dict[UUID, dict[UUID, int]] = {}
    rows = session.execute(
        select(AgencyClosure.descendant_id, AgencyClosure.ancestor_id, AgencyClosure.depth).where(closure_on(AgencyClosure, on))
    )
    for descendant, ancestor, depth in rows:
        stored.setdefault(descendant, {})[ancestor] = depth
    for agency in _different(stored, _above(tree, on)):
        yield Deviation("closure", agency, _name(session, agency, tree), on)


def _above(tree: Tree, on: date) -> dict[UUID, dict[UUID, int]]:
    """Each agency's ancestors on a day with their distance, itself at 0."""
    there = {agency: version.parent for agency in tree.versions if (version := tree.on(agency, on)) is not None}
    above: dict[UUID, dict[UUID, int]] = {}
    for agency, parent in there.items():
        found = {agency: 0}
        higher = parent
        while higher is not None and higher in there and higher not in found:  # of a tree at fault as far as it goes
            found[higher] = len(found)
            higher = there[higher]
        above[agency] = found
    return above


def _different(stored: Mapping[UUID, Any], wanted: Mapping[UUID, Any]) -> list[UUID]:
    return [agency for agency in {**stored, **wanted} if stored.get(agency) != wanted.get(agency)]


def _name(session: Session, agency: UUID, tree: Tree) -> str:
    if own := tree.versions.get(agency):
        return own[-1].name
    return session.scalar(select(AgencyVersion.name).where(AgencyVersion.agency_id == agency).limit(1)) or str(agency)
