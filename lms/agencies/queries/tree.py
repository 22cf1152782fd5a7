"""The tree as the pages show it. `scope` narrows what the asker may see, in the statement itself."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select
from sqlalchemy.orm import Session, aliased

from lms.agencies.models import AgencyClosure, AgencyCode, AgencyVersion
from lms.agencies.queries.lookups import AgencyName, closure_on, current, within
from lms.agencies.rules.kinds import CodeScheme
from lms.kit.actors import Everywhere, NotFound, Scope
from lms.kit.vietnamese import clean, fold


@dataclass(frozen=True, slots=True)
class AgencyRow:
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


def agency(session: Session, agency_id: UUID, on: date, scope: Scope) -> AgencyRow:
    """An agency on a day. Raises NotFound where it does not exist then or lies outside the scope."""
    row = session.execute(_rows(on).where(AgencyVersion.agency_id == agency_id, within(AgencyVersion.agency_id, scope, on))).one_or_none()
    if row is None:
        raise NotFound
    return AgencyRow(*row)


def life_of(session: Session, agency_id: UUID, scope: Scope) -> tuple[date, date]:
    """First day and first day no longer of an agency that was in the scope at any time. Raises NotFound."""
    statement = select(func.min(AgencyClosure.valid_from), func.max(AgencyClosure.valid_to)).where(
        AgencyClosure.ancestor_id == agency_id, AgencyClosure.descendant_id == agency_id
    )
    if not isinstance(scope, Everywhere):
        above = aliased(AgencyClosure)
        statement = statement.where(
            select(above.descendant_id).where(above.ancestor_id.in_(scope), above.descendant_id == agency_id).exists()
        )
    begin, end = session.execute(statement).one()
    if begin is None:
        raise NotFound
    return begin, end


def top_agencies(session: Session, on: date, scope: Scope) -> list[AgencyRow]:
    """Where the asker's view of the tree begins: the roots, or the highest agencies of the scope."""
    if isinstance(scope, Everywhere):
        return _agency_rows(session, _rows(on).where(AgencyVersion.parent_id.is_(None)))
    higher = select(AgencyClosure.ancestor_id).where(
        AgencyClosure.descendant_id == AgencyVersion.agency_id,
        AgencyClosure.ancestor_id.in_(scope),
        AgencyClosure.depth > 0,
        closure_on(AgencyClosure, on),
    )
    return _agency_rows(session, _rows(on).where(AgencyVersion.agency_id.in_(scope), ~higher.exists()))


def tree_below(session: Session, tops: Sequence[AgencyRow], on: date, depth: int) -> list[TreeNode]:
    """The agencies below each of `tops`, `depth` levels down, in one statement."""
    ids = [top.id for top in tops]
    below = select(AgencyClosure.descendant_id).where(
        AgencyClosure.ancestor_id.in_(ids), AgencyClosure.depth.between(1, depth), closure_on(AgencyClosure, on)
    )
    found = _agency_rows(session, _rows(on).where(AgencyVersion.agency_id.in_(below))) if ids and depth else []
    nodes = {row.id: TreeNode(row, []) for row in (*tops, *found)}
    for row in found:
        if row.parent_id in nodes:
            nodes[row.parent_id].children.append(nodes[row.id])
    return [nodes[top.id] for top in tops]


def whole_tree(session: Session, on: date, scope: Scope) -> list[tuple[int, AgencyRow]]:
    """All agencies of the scope on a day, parents before children, each with its depth: for export. Two statements."""
    rows = _agency_rows(session, _rows(on).where(within(AgencyVersion.agency_id, scope, on)))
    children: dict[UUID | None, list[AgencyRow]] = {}
    present = {row.id for row in rows}
    for row in rows:
        children.setdefault(row.parent_id if row.parent_id in present else None, []).append(row)
    ordered: list[tuple[int, AgencyRow]] = []
    waiting = [(0, row) for row in reversed(children.get(None, []))]
    while waiting:
        depth, row = waiting.pop()
        ordered.append((depth, row))
        waiting.extend((depth + 1, child) for child in reversed(children.get(row.id, [])))
    return ordered


def path_to(session: Session, agency_id: UUID, on: date, scope: Scope) -> list[AgencyName]:
    """From the top of the scope down to the agency itself, for breadcrumbs."""
    rows = session.execute(
        select(AgencyVersion.agency_id, AgencyVersion.name)
        .join(AgencyClosure, and_(AgencyClosure.ancestor_id == AgencyVersion.agency_id, closure_on(AgencyClosure, on)))
        .where(AgencyClosure.descendant_id == agency_id, current(AgencyVersion, on), within(AgencyVersion.agency_id, scope, on))
        .order_by(AgencyClosure.depth.desc())
    )
    return [AgencyName(*row) for row in rows]


def search_agencies(session: Session, text: str, on: date, scope: Scope, limit: int = 50) -> list[AgencyRow]:
    """Agencies whose name, short name or code contains every word, marks and case aside; where the words stand with their marks first."""
    words = fold(text).split()
    if not words:
        return []
    conditions = [AgencyVersion.search_text.contains(word, autoescape=True) for word in words]
    found = _agency_rows(session, _rows(on).where(*conditions, within(AgencyVersion.agency_id, scope, on)).limit(limit))
    exact = clean(text).casefold()
    return sorted(found, key=lambda row: (exact not in row.name.casefold() and exact != (row.code or "").casefold(), row.sort_key))


def _rows(on: date) -> Select[Any]:
    child, below = aliased(AgencyVersion), aliased(AgencyClosure)
    # Joined to nothing, the scheme is no use to SQLite's planner, which would else search a whole scheme for each agency.
    scheme = AgencyCode.scheme + ""
    code = (
        select(func.min(AgencyCode.code))
        .where(AgencyCode.agency_id == AgencyVersion.agency_id, scheme == CodeScheme.QD20, current(AgencyCode, on))
        .scalar_subquery()
    )
    children = select(func.count()).where(child.parent_id == AgencyVersion.agency_id, current(child, on)).scalar_subquery()
    all_below = (
        select(func.count()).where(below.ancestor_id == AgencyVersion.agency_id, below.depth > 0, closure_on(below, on)).scalar_subquery()
    )
    return (
        select(
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
            children,
            all_below,
        )
        .where(current(AgencyVersion, on))
        .order_by(AgencyVersion.sort_key, AgencyVersion.agency_id)
    )


def _agency_rows(session: Session, statement: Select[Any]) -> list[AgencyRow]:
    return [AgencyRow(*row) for row in session.execute(statement)]
