"""The tree as the pages show it. `scope` narrows what the asker may see, in the statement itself. `known` is the moment whose
knowledge is asked for, today's where it is left out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from msgspec import Struct
from sqlalchemy import ColumnElement, Select, and_, case, func, select, union_all
from sqlalchemy.orm import Session, aliased

from lms.agencies.models import AgencyClosure, AgencyClosurePast, AgencyCode, AgencyVersion
from lms.agencies.queries.lookups import AgencyName, closure_on, closure_rows, current, within
from lms.agencies.rules.kinds import CodeScheme
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.collector import without_collector
from lms.kit.vietnamese import clean, fold

_PARENT = 8  # the place of the parent in a row
# Of communes no other is known in many provinces than that of the administrative unit.
_SHOWN_SCHEMES = (CodeScheme.QD20, CodeScheme.DVHC)


class AgencyRow(Struct, frozen=True, gc=False):
    """An agency as it is on a day. `children` exist directly below it that day, `below` at any depth."""

    id: UUID
    version_id: UUID
    name: str
    short_name: str | None
    code: str | None
    kind: str
    block: str
    level: str
    parent_id: UUID | None
    legal_basis: str | None
    valid_from: date
    valid_to: date
    sort_key: str
    children: int
    below: int


@dataclass(frozen=True, slots=True)
class TreeNode:
    """An agency and what is below it, as deep as it was asked for."""

    agency: AgencyRow
    children: list[TreeNode]


def agency(session: Session, agency_id: UUID, on: date, scope: Scope, known: datetime | None = None) -> AgencyRow:
    """An agency on a day. Raises NotFound where it does not exist then or lies outside the scope."""
    row = session.execute(
        _rows(on, known).where(AgencyVersion.agency_id == agency_id, within(AgencyVersion.agency_id, scope, on, known))
    ).one_or_none()
    if row is None:
        raise NotFound
    return AgencyRow(*row)


def life_of(session: Session, agency_id: UUID, scope: Scope, known: datetime | None = None) -> tuple[date, date]:
    """First day and first day no longer of an agency that was in the scope at any time. Raises NotFound."""
    rows = _whole_rows(agency_id, known).subquery()
    statement = select(func.min(rows.c.valid_from), func.max(rows.c.valid_to)).where(rows.c.ancestor_id == agency_id)
    if not isinstance(scope, Everywhere):
        above = _whole_rows(agency_id, known).subquery()
        statement = statement.where(select(above.c.descendant_id).where(above.c.ancestor_id.in_(scope)).exists())
    begin, end = session.execute(statement).one()
    if begin is None:
        raise NotFound
    return begin, end


def top_agencies(session: Session, on: date, scope: Scope, known: datetime | None = None) -> list[AgencyRow]:
    """Where the asker's view of the tree begins: the roots, or the highest agencies of the scope."""
    if isinstance(scope, Everywhere):
        return _agency_rows(session, _rows(on, known).where(AgencyVersion.parent_id.is_(None)))
    lower = closure_rows(
        on, known, lambda entity: and_(entity.descendant_id.in_(scope), entity.ancestor_id.in_(scope), entity.depth > 0)
    ).subquery()
    highest = and_(AgencyVersion.agency_id.in_(scope), AgencyVersion.agency_id.not_in(select(lower.c.descendant_id)))
    return _agency_rows(session, _rows(on, known).where(highest))


def tree_below(session: Session, tops: Sequence[AgencyRow], on: date, depth: int, known: datetime | None = None) -> list[TreeNode]:
    """The agencies below each of `tops`, `depth` levels down, in one statement."""
    ids = [top.id for top in tops]
    below = closure_rows(on, known, lambda entity: and_(entity.ancestor_id.in_(ids), entity.depth.between(1, depth))).subquery()
    found = (
        _agency_rows(session, _rows(on, known).where(AgencyVersion.agency_id.in_(select(below.c.descendant_id)))) if ids and depth else []
    )
    nodes = {row.id: TreeNode(row, []) for row in (*tops, *found)}
    for row in found:
        if row.parent_id in nodes:
            nodes[row.parent_id].children.append(nodes[row.id])
    return [nodes[top.id] for top in tops]


def whole_tree(session: Session, on: date, scope: Scope, known: datetime | None = None) -> list[tuple[int, AgencyRow]]:
    """All agencies of the scope on a day, parents before children, each with its depth: for export. One statement that reads each table
    once: whoever is below an agency of the scope is in the scope, so that the numbers are counted from the rows themselves."""
    with without_collector():
        return _in_order(session.connection().execute(_whole(on, scope, known)).all())


def _in_order(rows: Sequence[Any]) -> list[tuple[int, AgencyRow]]:
    """Rows as the tree goes, with their depth and with how many are below them."""
    places = {row[0]: place for place, row in enumerate(rows)}
    tops: list[int] = []
    children: list[list[int]] = [[] for _ in rows]
    for place, row in enumerate(rows):
        above = places.get(row[_PARENT])
        (tops if above is None else children[above]).append(place)
    ordered: list[tuple[int, int]] = []
    waiting = [(0, place) for place in reversed(tops)]
    while waiting:
        depth, place = waiting.pop()
        ordered.append((depth, place))
        waiting += [(depth + 1, child) for child in reversed(children[place])]
    below = [0] * len(rows)
    for _, place in reversed(ordered):  # those below come before those above
        below[place] = sum(below[child] + 1 for child in children[place])
    return [(depth, AgencyRow(*(*rows[place], len(children[place]), below[place]))) for depth, place in ordered]


def path_to(session: Session, agency_id: UUID, on: date, scope: Scope, known: datetime | None = None) -> list[AgencyName]:
    """From the top of the scope down to the agency itself, for breadcrumbs."""
    above = closure_rows(on, known, lambda entity: entity.descendant_id == agency_id).subquery()
    rows = session.execute(
        select(AgencyVersion.agency_id, AgencyVersion.name)
        .join(above, above.c.ancestor_id == AgencyVersion.agency_id)
        .where(current(AgencyVersion, on, known), within(AgencyVersion.agency_id, scope, on, known))
        .order_by(above.c.depth.desc())
    )
    return [AgencyName(*row) for row in rows]


def search_agencies(
    session: Session,
    text: str,
    on: date,
    scope: Scope,
    *,
    limit: int = 50,
    known: datetime | None = None,
    block: str | None = None,
    level: str | None = None,
) -> list[AgencyRow]:
    """Agencies whose name, short name or code contains every word, marks and case aside; where the words stand with their marks first.
    `block` and `level` narrow it, or find by themselves where there are no words."""
    words = fold(text).split()
    if not (words or block or level):
        return []
    conditions = [AgencyVersion.search_text.contains(word, autoescape=True) for word in words]
    conditions += [column == value for column, value in ((AgencyVersion.block, block), (AgencyVersion.level, level)) if value]
    found = _agency_rows(session, _rows(on, known).where(*conditions, within(AgencyVersion.agency_id, scope, on, known)).limit(limit))
    exact = clean(text).casefold()
    return sorted(found, key=lambda row: (exact not in row.name.casefold() and exact != (row.code or "").casefold(), row.sort_key))


def _whole_rows(agency_id: UUID, known: datetime | None) -> Any:
    """All rows of the closure above an agency, on whichever days."""

    def rows(entity: Any) -> Select[Any]:
        return select(entity.ancestor_id, entity.descendant_id, entity.valid_from, entity.valid_to).where(entity.descendant_id == agency_id)

    if known is None:
        return rows(AgencyClosure)
    past = and_(AgencyClosurePast.recorded_at <= known, known < AgencyClosurePast.superseded_at)
    return union_all(rows(AgencyClosure).where(AgencyClosure.recorded_at <= known), rows(AgencyClosurePast).where(past))


def _whole(on: date, scope: Scope, known: datetime | None) -> Select[Any]:
    """The columns of a row without its numbers, of all agencies of the scope."""
    schemes = {scheme: func.min(case((AgencyCode.scheme == scheme, AgencyCode.code))) for scheme in _SHOWN_SCHEMES}
    codes = (
        select(AgencyCode.agency_id, func.coalesce(*schemes.values()).label("code"))
        .where(AgencyCode.scheme.in_(_SHOWN_SCHEMES), current(AgencyCode, on, known))
        .group_by(AgencyCode.agency_id)
        .subquery()
    )
    return (
        select(*_columns(codes.c.code))
        .outerjoin(codes, codes.c.agency_id == AgencyVersion.agency_id)
        .where(current(AgencyVersion, on, known), within(AgencyVersion.agency_id, scope, on, known))
        .order_by(AgencyVersion.sort_key, AgencyVersion.agency_id)
    )


def _columns(code: ColumnElement[Any]) -> tuple[Any, ...]:
    """The first thirteen fields of an AgencyRow."""
    return (
        AgencyVersion.agency_id,
        AgencyVersion.id,
        AgencyVersion.name,
        AgencyVersion.short_name,
        code,
        AgencyVersion.kind,
        AgencyVersion.block,
        AgencyVersion.level,
        AgencyVersion.parent_id,
        AgencyVersion.legal_basis,
        AgencyVersion.valid_from,
        AgencyVersion.valid_to,
        AgencyVersion.sort_key,
    )


def _rows(on: date, known: datetime | None = None) -> Select[Any]:
    child = aliased(AgencyVersion)
    code = func.coalesce(*(_code(scheme, on, known) for scheme in _SHOWN_SCHEMES))
    children = select(func.count()).where(child.parent_id == AgencyVersion.agency_id, current(child, on, known)).scalar_subquery()
    all_below = _below(AgencyClosure, on)
    if known is not None:
        now_known = _below(AgencyClosure, on, AgencyClosure.recorded_at <= known)
        then_known = _below(AgencyClosurePast, on, AgencyClosurePast.recorded_at <= known, known < AgencyClosurePast.superseded_at)
        all_below = now_known + then_known
    return (
        select(*_columns(code), children, all_below)
        .where(current(AgencyVersion, on, known))
        .order_by(AgencyVersion.sort_key, AgencyVersion.agency_id)
    )


def _code(scheme: CodeScheme, on: date, known: datetime | None) -> ColumnElement[str | None]:
    """The first code in a scheme of the agency of the row."""
    # Joined to nothing, the scheme is no use to SQLite's planner, which would else search a whole scheme for each agency.
    own = and_(AgencyCode.agency_id == AgencyVersion.agency_id, AgencyCode.scheme + "" == scheme)
    return select(func.min(AgencyCode.code)).where(own, current(AgencyCode, on, known)).scalar_subquery()


def _below(entity: Any, on: date, *known: ColumnElement[bool]) -> ColumnElement[int]:
    """How many are below the agency of the row."""
    return (
        select(func.count())
        .where(entity.ancestor_id == AgencyVersion.agency_id, entity.depth > 0, closure_on(entity, on), *known)
        .scalar_subquery()
    )


def _agency_rows(session: Session, statement: Select[Any]) -> list[AgencyRow]:
    return [AgencyRow(*row) for row in session.execute(statement)]
