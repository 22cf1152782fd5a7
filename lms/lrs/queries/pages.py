"""Pages of statements, at a cost that does not grow with the store.

First the places of the statements are found, in order, through the index of terms alone; then the statements are fetched by their places,
so that only the months they lie in are looked at. Several terms are met by walking their indexes in turn, each time on to the next place
the term in turn has: whichever is rarest sets the pace, and nobody need know beforehand which that is. A page that would take too much
walking (two frequent terms that seldom meet, thousands voided in a row) ends early and says where to go on, which the standard leaves to
the store.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, ColumnElement, Integer, TextualSelect, Uuid, any_, bindparam, column, func, select, text, true
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.orm import Session

from lms.lrs.models import Statement, StatementTerm
from lms.lrs.queries import GIVEN, Rows, StatementPage, StoredStatement, authority_term, stored
from lms.lrs.rules.parameters import Selection
from lms.lrs.rules.terms import TermKind, agent_identity, term

BUDGET = 4_000  # entries of the index read for one page; several terms meet within twice the page where they are frequent together
_FEW_MONTHS = 90 * 24 * 3600 * 1000  # in milliseconds, as positions begin
_FIRST, _LAST = UUID(int=0), UUID(int=(1 << 128) - 1)


@dataclass(frozen=True, slots=True)
class Places:
    """Where statements stand that have all the terms, in order. `read`: entries of the index; `last`: the place after which to go on, None
    where there are no more."""

    found: list[UUID]
    read: int
    last: UUID | None


def statement_page(session: Session, selection: Selection, authority: Mapping[str, Any] | None = None) -> StatementPage:
    """The next page of a selection, without voided statements; with `authority` only its own."""
    keys = tuple(dict.fromkeys((*selection.terms, *_keys_of(authority))))
    wanted = selection.limit + 1  # one more than the page has: is there another page?
    page: list[StoredStatement] = []
    left, here = BUDGET, selection
    asked = wanted + wanted // 16  # here and there one is voided: rather look at a few in vain than come again
    while len(page) < wanted:
        places = next_places(session, here, keys, min(asked, left), left)
        page += _fetched(session, places.found, authority, wanted - len(page), ascending=selection.ascending)
        left -= places.read
        if places.last is None:
            return _cut(page, selection.limit, None)
        if left <= 0:
            return _cut(page, selection.limit, places.last)
        here, asked = replace(here, cursor=places.last), asked * 2
    return _cut(page, selection.limit, None)


def next_places(session: Session, selection: Selection, keys: Sequence[UUID], wanted: int, budget: int) -> Places:
    """At most so many places, voided or not, where all these keys are; reads no more entries than the budget."""
    if len(keys) > 1:
        return _where_they_meet(session, selection, keys, wanted, budget)
    place: ColumnElement[UUID] = (StatementTerm.position if keys else Statement.position).expression
    found = select(place)
    for key in keys:
        found = found.where(StatementTerm.term == key)
    found = found.order_by(place if selection.ascending else place.desc()).limit(wanted)
    for bound in _bounds(place, selection):
        found = found.where(bound)
    places = list(session.scalars(found))
    return Places(places, len(places), places[-1] if len(places) == wanted else None)


def _keys_of(authority: Mapping[str, Any] | None) -> list[UUID]:
    """The terms that every statement of an authority has; others may have them too."""
    members = [] if authority is None else authority.get("member", [authority])
    return [term(TermKind.RELATED_AGENT, identity) for identity in map(agent_identity, members) if identity is not None]


def _bounds(place: ColumnElement[UUID], selection: Selection) -> list[ColumnElement[bool]]:
    bounds = []
    if selection.start is not None:
        bounds.append(place >= selection.start)
    if selection.end is not None:
        bounds.append(place < selection.end)
    if selection.cursor is not None:
        bounds.append(place > selection.cursor if selection.ascending else place < selection.cursor)
    return bounds


def _fetched(
    session: Session, places: Sequence[UUID], authority: Mapping[str, Any] | None, most: int, *, ascending: bool
) -> list[StoredStatement]:
    if not places:
        return []
    conditions: list[ColumnElement[bool]] = [Statement.voided.is_(False)]
    if authority is not None:
        conditions.append(Statement.authority == authority_term(authority))
    place = Statement.position.expression
    if session.get_bind().dialect.name != "postgresql":
        found = select(*GIVEN).where(Statement.position.in_(places), *conditions)
    elif abs(places[0].int - places[-1].int) >> 80 < _FEW_MONTHS:
        found = select(*GIVEN).where(Statement.position == any_(_array(places)), *conditions)
    else:
        found, place = _one_by_one(places, conditions)
    return [stored(row) for row in session.execute(found.order_by(place if ascending else place.desc()).limit(most))]


def _one_by_one(places: Sequence[UUID], conditions: Sequence[ColumnElement[bool]]) -> tuple[Rows, ColumnElement[UUID]]:
    """A list of places is looked for in every month between its ends. Where those are many, PostgreSQL is to go to the month of each place,
    and is kept from reading all months instead."""
    given = func.unnest(_array(places)).table_valued(column("place", Uuid()), name="given")
    given = given.render_derived()
    there = select(*GIVEN).where(Statement.position == given.c.place, *conditions).limit(1).lateral("there")
    return select(*there.c).select_from(given).join(there, true()), there.c.position


def _array(places: Sequence[UUID]) -> BindParameter[Sequence[UUID]]:
    """One value, however many places."""
    return bindparam("places", list(places), type_=ARRAY(Uuid()))


def _cut(page: list[StoredStatement], limit: int, last: UUID | None) -> StatementPage:
    """`last`: where reading ended before everything was read."""
    if len(page) > limit:
        page = page[:limit]
        last = page[-1].position
    return StatementPage(page, last)


def _where_they_meet(session: Session, selection: Selection, keys: Sequence[UUID], wanted: int, budget: int) -> Places:
    up = selection.ascending
    given = [place for place in (selection.cursor, selection.start if up else selection.end) if place is not None]
    # Both ends are left out. No statement stands where a millisecond begins: `rules.positions` puts the shape of a UUID after it.
    near = (max(given, default=_FIRST)) if up else min(given, default=_LAST)
    far = (selection.end or _LAST) if up else (selection.start or _FIRST)
    values = {"near": near, "far": far, "most": budget, "wanted": wanted, **{f"key_{index}": key for index, key in enumerate(keys)}}
    rows = session.execute(_walk(len(keys), up), values).all()
    found = [row.found for row in rows if row.meets]
    end = rows[-1]
    if end.found is None:
        return Places(found, end.step, None)
    if end.meets:
        return Places(found, end.step, end.found)
    return Places(found, end.step, UUID(int=end.found.int + (-1 if up else 1)))  # whether this one has all of them is not known yet


@cache
def _walk(keys: int, up: bool) -> TextualSelect:
    """Each row is a step: the key in turn was sought from `sought` on, and is next at `found`. Where all keys in a row found the place from
    which they were sought, they meet; from there the walk goes on behind it. `before` is how many in a row had found `sought`."""
    before, order = (">", "ASC") if up else ("<", "DESC")
    agreed = "CASE WHEN walk.found = walk.sought THEN walk.before + 1 ELSE 1 END"
    turn = " ".join(f"WHEN {index} THEN :key_{index}" for index in range(keys))
    following = (
        f"SELECT position FROM xapi_term WHERE term = CASE walk.step % {keys} {turn} END"  # noqa: S608  # numbers and signs alone
        f" AND position {before}= walk.found AND (position {before} walk.found OR {agreed} < {keys})"
        f" AND {':far' if up else 'position'} > {'position' if up else ':far'} ORDER BY position {order} LIMIT 1"
    )
    walk = (
        "WITH RECURSIVE walk (step, sought, found, before, met) AS ("  # noqa: S608
        f" SELECT 0, :near, :near, {keys - 1}, -1"
        f" UNION ALL SELECT walk.step + 1, walk.found, ({following}),"
        f" CASE WHEN {agreed} = {keys} THEN 0 ELSE {agreed} END, walk.met + CASE WHEN {agreed} = {keys} THEN 1 ELSE 0 END"
        " FROM walk WHERE walk.found IS NOT NULL AND walk.step < :most"
        f" AND walk.met + CASE WHEN {agreed} = {keys} THEN 1 ELSE 0 END < :wanted"
        "), seen AS (SELECT walk.step, walk.found, CASE WHEN walk.step > 0 AND walk.found IS NOT NULL"
        f" AND {agreed} = {keys} THEN 1 ELSE 0 END AS meets FROM walk)"
        " SELECT step, found, meets FROM seen WHERE meets = 1 OR step = (SELECT max(step) FROM seen) ORDER BY step"
    )
    uuids = [bindparam(name, type_=Uuid()) for name in ("near", "far", *(f"key_{index}" for index in range(keys)))]
    return text(walk).bindparams(*uuids).columns(step=Integer(), found=Uuid(), meets=Integer())
