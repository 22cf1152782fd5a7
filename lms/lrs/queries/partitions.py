"""How the store is cut into months, on PostgreSQL."""

from __future__ import annotations

import re
from dataclasses import dataclass
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.lrs.models import Statement

_BOUNDS = re.compile(r"FOR VALUES FROM \('?([^')]+)'?\) TO \('?([^')]+)'?\)")
_MONTH = re.compile(r"([0-9]{4})_([0-9]{2})")


@dataclass(frozen=True, slots=True)
class Partition:
    """`name`: a month (`2026-11`), `earlier` or `later`. `begin`: its first position, None for the first one. `rows` is the database's own
    estimate, `size` bytes with indexes; the terms, which lie in one table for all months, are not among them."""

    name: str
    begin: UUID | None
    rows: int
    size: int


def partitions(session: Session) -> list[Partition]:
    """Those attached, in order; none on SQLite."""
    if session.get_bind().dialect.name != "postgresql":
        return []
    found = session.execute(
        text(
            "SELECT c.relname, pg_get_expr(c.relpartbound, c.oid) AS bounds, greatest(c.reltuples, 0)::bigint AS rows,"
            " pg_total_relation_size(c.oid) AS size"
            " FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE i.inhparent = to_regclass(:statement)"
        ),
        {"statement": Statement.__tablename__},
    )
    return sorted(
        (Partition(_name(row.relname), _begin(row.bounds), row.rows, row.size) for row in found),
        key=lambda partition: partition.begin or UUID(int=0),
    )


def later_begins(session: Session) -> UUID | None:
    """Where the last partition begins; None where it holds all time."""
    return next(partition.begin for partition in partitions(session) if partition.name == "later")


def _name(table: str) -> str:
    return _MONTH.sub(r"\1-\2", table.removeprefix(f"{Statement.__tablename__}_"))


def _begin(bounds: str) -> UUID | None:
    match = _BOUNDS.fullmatch(bounds)
    if match is None:
        raise ValueError(f"bounds of a partition: {bounds!r}")
    return None if match[1] == "MINVALUE" else UUID(match[1])
