"""Who is where on a day: conditions and look-ups for every other package. `on` is a day of the province; `known` the moment whose
knowledge is asked for, today's where it is left out."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, CompoundSelect, Select, and_, func, or_, select, true, union_all
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.agencies.models import AgencyClosure, AgencyClosurePast, AgencyCode, AgencyVersion
from lms.agencies.rules.kinds import AgencyKind, CodeScheme
from lms.kit.actors import Everywhere, Scope
from lms.kit.vietnamese import fold

BATCH = 500  # values of one IN (…)


@dataclass(frozen=True, slots=True)
class AgencyName:
    id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class VersionOnDay:
    """Which version of an agency held on a day, for what freezes it (rosters, reports)."""

    agency_id: UUID
    version_id: UUID
    name: str
    kind: str
    block: str
    level: str
    parent_id: UUID | None
    sort_key: str


AgencyColumn = InstrumentedAttribute[UUID] | InstrumentedAttribute[UUID | None] | ColumnElement[UUID]
ClosureRows = Select[tuple[UUID, UUID, int]] | CompoundSelect[tuple[UUID, UUID, int]]


def within(column: AgencyColumn, scope: Scope, on: date, known: datetime | None = None) -> ColumnElement[bool]:
    """The condition that an agency column lies in the scope's subtrees on a day. For every package's queries."""
    if isinstance(scope, Everywhere):
        return true()
    if known is not None:
        return column.in_(select(closure_rows(on, known, lambda entity: entity.ancestor_id.in_(scope)).subquery().c.descendant_id))
    return column.in_(
        select(AgencyClosure.descendant_id).where(
            AgencyClosure.ancestor_id.in_(scope), AgencyClosure.valid_from <= on, on < AgencyClosure.valid_to
        )
    )


def in_subtree(column: AgencyColumn, agency_id: UUID, on: date, known: datetime | None = None) -> ColumnElement[bool]:
    """The condition that an agency column is this agency or below it on a day."""
    return within(column, frozenset((agency_id,)), on, known)


def subtree_ids(session: Session, agency_id: UUID, on: date, known: datetime | None = None) -> frozenset[UUID]:
    """The agency and all below it on a day; empty where it does not exist then."""
    rows = closure_rows(on, known, lambda entity: entity.ancestor_id == agency_id).subquery()
    return frozenset(session.scalars(select(rows.c.descendant_id)))


def subtree_count(session: Session, agency_id: UUID, on: date, known: datetime | None = None) -> int:
    """How many the agency and all below it are on a day."""
    rows = closure_rows(on, known, lambda entity: entity.ancestor_id == agency_id).subquery()
    return session.scalar(select(func.count()).select_from(rows)) or 0


def agency_by_code(session: Session, code: str, on: date, scheme: str = CodeScheme.QD20, known: datetime | None = None) -> UUID | None:
    """Who bears a code on a day."""
    return session.scalar(
        select(AgencyCode.agency_id).where(
            AgencyCode.scheme == scheme, AgencyCode.code == code.strip().upper(), current(AgencyCode, on, known)
        )
    )


def agencies_by_code(session: Session, on: date, scheme: str = CodeScheme.QD20) -> dict[str, UUID]:
    """All codes of a scheme on a day."""
    rows = session.execute(select(AgencyCode.code, AgencyCode.agency_id).where(AgencyCode.scheme == scheme, current(AgencyCode, on)))
    return {row.code: row.agency_id for row in rows}


def agencies_by_name(session: Session, on: date, scope: Scope) -> dict[str, list[UUID]]:
    """Folded names and short names on a day, for sheets that name agencies without codes; a name may be borne by several."""
    rows = session.execute(
        select(AgencyVersion.agency_id, AgencyVersion.name, AgencyVersion.short_name).where(
            current(AgencyVersion, on), within(AgencyVersion.agency_id, scope, on)
        )
    )
    found: dict[str, set[UUID]] = {}
    for agency_id, name, short_name in rows:
        for text in (name, short_name):
            if text:
                found.setdefault(fold(text), set()).add(agency_id)
    return {name: sorted(ids) for name, ids in found.items()}


def agency_names(session: Session, ids: Iterable[UUID], on: date, known: datetime | None = None) -> dict[UUID, str]:
    """Names on a day; of an agency that does not exist then, the last it had before, or else the first."""
    best: dict[UUID, tuple[int, int, str]] = {}
    for batch in batches(ids):
        rows = session.execute(
            select(AgencyVersion.agency_id, AgencyVersion.name, AgencyVersion.valid_from).where(
                AgencyVersion.agency_id.in_(batch), believed(AgencyVersion, known)
            )
        )
        for agency_id, name, valid_from in rows:
            # The latest version begun by that day; failing that, the earliest of all.
            rank = (1, valid_from.toordinal(), name) if valid_from <= on else (0, -valid_from.toordinal(), name)
            best[agency_id] = max(best.get(agency_id, rank), rank)
    return {agency_id: name for agency_id, (_, _, name) in best.items()}


def root_names(session: Session, on: date) -> list[str]:
    """Names of the agencies with nobody above them on a day; of the leading one alone where its kind says so."""
    tops = session.execute(
        select(AgencyVersion.name, AgencyVersion.kind)
        .where(AgencyVersion.parent_id.is_(None), current(AgencyVersion, on))
        .order_by(AgencyVersion.sort_key, AgencyVersion.agency_id)
    ).all()
    return [name for name, kind in tops if kind == AgencyKind.PROVINCE] or [name for name, _ in tops]


def versions_on(session: Session, on: date, ids: Iterable[UUID] | None = None, known: datetime | None = None) -> dict[UUID, VersionOnDay]:
    """The version that holds on a day, of these agencies or of all."""
    statement = select(
        AgencyVersion.agency_id,
        AgencyVersion.id,
        AgencyVersion.name,
        AgencyVersion.kind,
        AgencyVersion.block,
        AgencyVersion.level,
        AgencyVersion.parent_id,
        AgencyVersion.sort_key,
    ).where(current(AgencyVersion, on, known))
    if ids is None:
        return {row[0]: VersionOnDay(*row) for row in session.execute(statement)}
    return {
        row[0]: VersionOnDay(*row) for batch in batches(ids) for row in session.execute(statement.where(AgencyVersion.agency_id.in_(batch)))
    }


def ancestors_on(session: Session, on: date, known: datetime | None = None) -> dict[UUID, list[UUID]]:
    """Every agency's ancestors on a day, itself first, the root last: one statement for reports over the whole tree."""
    above = closure_rows(on, known, lambda entity: true()).subquery()
    rows = session.execute(select(above.c.descendant_id, above.c.ancestor_id).order_by(above.c.descendant_id, above.c.depth))
    found: dict[UUID, list[UUID]] = {}
    for descendant, ancestor in rows:
        found.setdefault(descendant, []).append(ancestor)
    return found


def closure_rows(on: date, known: datetime | None, where: Callable[[Any], ColumnElement[bool]]) -> ClosureRows:
    """`ancestor_id, descendant_id, depth` on a day: one read of an index today, two for what was known earlier, with the conditions
    in each of them. `where` is given the table it is to speak of."""

    def rows(entity: Any) -> Select[tuple[UUID, UUID, int]]:
        return select(entity.ancestor_id, entity.descendant_id, entity.depth).where(where(entity), closure_on(entity, on))

    if known is None:
        return rows(AgencyClosure)
    past = and_(AgencyClosurePast.recorded_at <= known, known < AgencyClosurePast.superseded_at)
    return union_all(rows(AgencyClosure).where(AgencyClosure.recorded_at <= known), rows(AgencyClosurePast).where(past))


def current(entity: Any, on: date, known: datetime | None = None) -> ColumnElement[bool]:
    return and_(entity.valid_from <= on, on < entity.valid_to, believed(entity, known))


def believed(entity: Any, known: datetime | None = None) -> ColumnElement[bool]:
    """What is believed now, or was on a moment."""
    if known is None:
        condition: ColumnElement[bool] = entity.superseded_at.is_(None)
        return condition
    return and_(entity.recorded_at <= known, or_(entity.superseded_at.is_(None), entity.superseded_at > known))


def closure_on(entity: Any, on: date) -> ColumnElement[bool]:
    return and_(entity.valid_from <= on, on < entity.valid_to)


def batches(ids: Iterable[UUID]) -> Iterable[list[UUID]]:
    distinct = list(dict.fromkeys(ids))
    return (distinct[start : start + BATCH] for start in range(0, len(distinct), BATCH))
