"""Months of the store as partitions, on PostgreSQL: added ahead of time, detached for archive.

The last partition (`…_later`) takes everything after the months that have their own, so a statement always finds its place even if nobody
cut a month for years. There is no default partition: with one the database could no longer read the others in order.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.lrs import queries
from lms.lrs.models import Statement, StatementTerm
from lms.lrs.queries.partitions import later_begins, partitions
from lms.lrs.rules.partitions import Month, ahead, months_until

_STATEMENTS = Statement.__tablename__
_TERMS = StatementTerm.__tablename__
_WAIT = "SET LOCAL lock_timeout = '3s'"  # a long read must not make every writer queue up behind us: we try again later


def add_partitions(session: Session, at: datetime) -> list[str]:
    """Cut off the months from where the last partition begins to a few months ahead; returns them (`2026-12`), none if all are there.

    Statements of these months that are stored already move along. Does nothing on SQLite, which has no partitions.
    """
    if session.get_bind().dialect.name != "postgresql" or not _alone(session):
        return []
    begin = later_begins(session)
    months = months_until(Month.of(at) if begin is None else Month.at(begin), ahead(at))
    if not months:
        return []
    session.execute(text(_WAIT))
    _cut(session, _STATEMENTS, None if begin is None else months[0].begin, months)
    session.execute(text(f"ANALYZE {_STATEMENTS}"))  # the whole's statistics are nobody else's business
    return [str(month) for month in months]


def detach_partition(session: Session, actor: Actor, month: str, at: datetime) -> list[str]:
    """Take a month that is over out of the store; returns the names of the tables it lies in from now on, for archive. Its statements are
    no longer found; their ids stay taken. Raises DomainError where there is no such month, Conflict where it is not over."""
    wanted = Month.parse(month)
    if wanted >= Month.of(at):
        raise Conflict(N_("Tháng %(month)s chưa kết thúc nên chưa thể tách ra lưu trữ"), code="month_not_over", month=month)
    if str(wanted) not in {found.name for found in partitions(session)}:
        raise DomainError(N_("Kho không có phân vùng của tháng %(month)s"), code="no_such_partition", month=month)
    names = [f"{table}_{wanted.suffix}" for table in (_STATEMENTS, _TERMS)]
    _move_terms_away(session, names[1], wanted)  # first: it takes long, and whoever reads or writes must not wait for it
    session.execute(text(_WAIT))
    session.execute(text(f"ALTER TABLE {_STATEMENTS} DETACH PARTITION {names[0]}"))
    audit.record(session, actor, "lrs.detach_partition", str(wanted), at)
    return names


def _move_terms_away(session: Session, name: str, month: Month) -> None:
    """Into a table of their own. Reads the whole table of terms, which has no index by position: it is asked for once a month at most,
    and such an index would cost every statement ten rows."""
    session.execute(text(f"CREATE TABLE {name} (LIKE {_TERMS} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
    there = f"position >= '{month.begin}' AND position < '{month.next.begin}'"
    moved = f"DELETE FROM {_TERMS} WHERE {there} RETURNING *"  # noqa: S608  # names and bounds are made here
    session.execute(text(f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"))  # noqa: S608


def _alone(session: Session) -> bool:
    lock = text("SELECT pg_try_advisory_xact_lock(:space, :partitions)")
    return bool(session.execute(lock, {"space": queries.LOCK_SPACE, "partitions": queries.LOCK_PARTITIONS}).scalar_one())


def _cut(session: Session, table: str, begin: UUID | None, months: Sequence[Month]) -> None:
    later, border = f"{table}_later", months[-1].next.begin
    session.execute(text(f"ALTER TABLE {table} DETACH PARTITION {later}"))
    spans: list[tuple[str, str | None, str]] = [(f"{table}_{month.suffix}", str(month.begin), str(month.next.begin)) for month in months]
    if begin is None:
        spans.insert(0, (f"{table}_earlier", None, str(months[0].begin)))
    for name, low, high in spans:
        session.execute(text(f"CREATE TABLE {name} (LIKE {later} INCLUDING DEFAULTS INCLUDING CONSTRAINTS)"))
        lowest = "" if low is None else f"position >= '{low}' AND "
        moved = f"DELETE FROM {later} WHERE {lowest}position < '{high}' RETURNING *"  # noqa: S608  # names and bounds are made here
        session.execute(text(f"WITH moved AS ({moved}) INSERT INTO {name} SELECT * FROM moved"))  # noqa: S608
        session.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {name} FOR VALUES FROM ({_bound(low)}) TO ({_bound(high)})"))
    session.execute(text(f"ALTER TABLE {table} ATTACH PARTITION {later} FOR VALUES FROM ({_bound(str(border))}) TO (MAXVALUE)"))


def _bound(position: str | None) -> str:
    return "MINVALUE" if position is None else f"'{position}'"
