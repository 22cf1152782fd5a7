"""The floor of freezing: plain statements that count the same totals, for every agency with all below it, of the ledger as it stands
today. They check nothing, know nothing of an earlier day, and leave names, ranks, splits, what is withheld and every text to others.

`FIGURES` gives each agency's figures together, of its own staff and by group, its excluded people by reason and its tenths of the scale;
`COMPETENCES` right answers, answers and people by topic and group; `BEFORE` and `SAME` the four sums of the earlier quarter on today's tree
and those of the people expected both times. Bands are sums of tenths. `GROUPS_ALONE` is less than a report holds: figures by agency
and group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from sqlalchemy import text

from lms.kit.db import Database

_BINS = ", ".join(f"sum(CASE WHEN o.score >= {low} AND o.score < {low + 10 + (low == 90)} THEN 1 ELSE 0 END)" for low in range(0, 100, 10))
_CLOSURE = "JOIN agency_closure c ON c.descendant_id = {table}.agency_id AND c.valid_from <= :day AND c.valid_to > :day"
_STANDS = "{outcome}.superseded_by IS NULL AND {list}.excluded_because IS NULL"


def _outcome(outcome: str, listed: str) -> str:
    same = f"{outcome}.activity = {listed}.activity AND {outcome}.person_id = {listed}.person_id"
    return f"LEFT JOIN outcome {outcome} ON {same} AND {_STANDS.format(outcome=outcome, list=listed)}"


def _sums(outcome: str, condition: str) -> str:
    score = f"sum(CASE WHEN {condition} THEN round({outcome}.score * 100) END)"
    passed = f"count(*) FILTER (WHERE {condition} AND {outcome}.passed)"
    return f"count(*) FILTER (WHERE {condition}), count({outcome}.id) FILTER (WHERE {condition}), {passed}, {score}"


FIGURES = f"""
SELECT c.ancestor_id, c.depth = 0, e.group_code, e.excluded_because, count(*), count(o.id), sum(CASE WHEN o.passed THEN 1 ELSE 0 END),
       sum(round(o.score * 100)), sum(o.attempts), {_BINS}
FROM expectation e {_CLOSURE.format(table="e")} {_outcome("o", "e")}
WHERE e.activity = :key GROUP BY 1, 2, 3, 4"""

GROUPS_ALONE = f"""
SELECT c.ancestor_id, e.group_code, count(*) FILTER (WHERE e.excluded_because IS NULL),
       count(*) FILTER (WHERE e.excluded_because IS NOT NULL), count(o.id),
       sum(CASE WHEN o.passed THEN 1 ELSE 0 END), sum(round(o.score * 100)), sum(o.attempts), {_BINS}
FROM expectation e {_CLOSURE.format(table="e")} {_outcome("o", "e")}
WHERE e.activity = :key GROUP BY 1, 2"""

COMPETENCES = f"""
SELECT c.ancestor_id, e.group_code, v.topic, sum(CASE WHEN r.points >= 1 THEN 1 ELSE 0 END), count(*), count(DISTINCT r.attempt_id)
FROM expectation e {_CLOSURE.format(table="e")} {_outcome("o", "e").removeprefix("LEFT ")}
JOIN attempt a ON a.id = o.source_id JOIN response r ON r.attempt_id = a.id
JOIN form_slot s ON s.form_id = a.form_id AND s.slot = r.slot JOIN item_version v ON v.id = s.item_version_id
WHERE e.activity = :key GROUP BY 1, 2, 3"""

BEFORE = f"""
SELECT c.ancestor_id, {_sums("o", "e.excluded_because IS NULL")}
FROM expectation e {_CLOSURE.format(table="e")} {_outcome("o", "e")}
WHERE e.activity = :before GROUP BY 1"""

_BOTH = "e.excluded_because IS NULL AND b.excluded_because IS NULL"
SAME = f"""
SELECT c.ancestor_id, {_sums("p", _BOTH)}, {_sums("o", _BOTH)}
FROM expectation e {_CLOSURE.format(table="e")} {_outcome("o", "e")}
JOIN expectation b ON b.person_id = e.person_id AND b.activity = :before
JOIN agency_closure d ON d.descendant_id = b.agency_id AND d.ancestor_id = c.ancestor_id AND d.valid_from <= :day AND d.valid_to > :day
{_outcome("p", "b")}
WHERE e.activity = :key GROUP BY 1"""


def count(database: Database, statements: tuple[str, ...], values: Mapping[str, Any]) -> int:
    """Carry them out and take every row over. Returns how many there were."""
    rows = 0
    with database.reading() as session:
        for statement in statements:
            rows += len(session.execute(text(statement), values).all())
    return rows
