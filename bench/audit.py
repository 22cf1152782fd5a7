"""What the audit's chain costs: sealing, verifying and searching a million entries (two to three years of a province), on both databases.

CPU is this process's and, on PostgreSQL, that of its server's processes; the peak of memory is this process's own, taken anew for each
step. The floor reads the same rows in the same batches and does nothing with them."""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, cast
from uuid import UUID

from sqlalchemy import Table, func, insert, select, text

import wsgi  # noqa: F401  (imports every feature's models)
from bench.processes import children, on_processor, postmaster
from bench.tables import machine, print_table
from lms.audit import operations, queries
from lms.audit.queries import Search
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.maintenance import schema
from tests.postgres import PrivatePostgres

ENTRIES = 1_000_000
FIRST = datetime(2025, 1, 1, tzinfo=UTC)
LAST = datetime(2026, 11, 22, tzinfo=UTC)
WRITTEN_AT_ONCE = 5_000
EXPORTED = 50_000
TIMES = 50  # searches of each kind
ACTORS = [UUID(int=(1 << 120) + number) for number in range(2_000)]
ACTIONS = [f"accounts.action_{number}" for number in range(60)]


def run(kinds: Sequence[str], entries: int) -> None:
    print(machine())
    for kind in kinds:
        with _database(kind) as (database, pids):
            _measure(kind, database, pids, entries)


@contextmanager
def _database(kind: str) -> Iterator[tuple[Database, Callable[[], list[int]]]]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield Database(f"sqlite:///{Path(folder) / 'audit.db'}"), list
        return
    server = PrivatePostgres(durable=True).start()
    try:
        main = postmaster(server.folder)
        yield Database(server.create("audit")), lambda: children(main)
    finally:
        server.stop()


def _measure(kind: str, database: Database, pids: Callable[[], list[int]], entries: int) -> None:
    schema.upgrade(database)
    rows: list[tuple[str, ...]] = []

    def step(name: str, act: Callable[[], Any]) -> Any:
        _forget_peak()
        before, own, wall = _each(pids()), time.process_time(), time.perf_counter()
        outcome = act()
        own, wall = time.process_time() - own, time.perf_counter() - wall
        server = sum(spent - before.get(pid, 0) for pid, spent in _each(pids()).items()) / 1e9
        rows.append(
            (
                name,
                f"{own:.2f}",
                f"{server:.2f}",
                f"{own + server:.2f}",
                f"{wall:.1f}",
                f"{(own + server) / entries * 1e6:.1f}",
                f"{_peak():.0f}",
            )
        )
        return outcome

    step("write", lambda: _write(database, entries))
    if kind == "postgresql":
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE audit_entry"))
    step("floor: read all", lambda: _read_all(database))
    sealed = step("seal all", lambda: _seal(database))
    assert sealed == entries, sealed
    if kind == "postgresql":
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE audit_link"))
    step("seal again, nothing to do (hourly)", lambda: _seal(database))
    step("seal the last minutes, nothing to do (every 3 s)", lambda: _seal(database, operations.LATE))
    verified = step("verify all", lambda: _verify(database))
    assert (verified.links, verified.fault) == (entries, None)
    step("count unsealed (doctor)", lambda: _unsealed(database))
    step(f"read {EXPORTED:,} for an export", lambda: _export(database))
    print(f"\n{kind}: {entries:,} entries\n")
    print_table(("step", "CPU s here", "CPU s server", "CPU s", "wall s", "µs an entry", "peak MB here"), rows)
    print()
    print_table(
        ("search, a page of 50", "CPU ms, mean", "wall ms, slowest"),
        [_search(database, pids, name, wanted) for name, wanted in _searches()],
    )
    database.dispose()


def _write(database: Database, entries: int) -> None:
    chance, table = random.Random(1), cast(Table, AuditEntry.__table__)
    gap = (LAST - FIRST) / entries
    for start in range(0, entries, WRITTEN_AT_ONCE):
        values = []
        for number in range(start, min(start + WRITTEN_AT_ONCE, entries)):
            at = FIRST + number * gap
            actor = chance.randrange(len(ACTORS))
            values.append(
                {
                    "id": UUID(int=(int(at.timestamp() * 1000) << 80) | (7 << 76) | (2 << 62) | number),
                    "at": at,
                    "actor_id": ACTORS[actor],
                    "actor_name": f"Nguyễn Thị Số {actor}",
                    "action": chance.choice(ACTIONS),
                    "subject": str(UUID(int=(2 << 120) + chance.randrange(30_000))),
                    "details": {
                        "before": {"state": "open", "name": "Nông Văn Dũng"},
                        "after": {"state": "closed", "name": "Nông Văn Dũng"},
                    },
                    "request_id": f"{number:016x}",
                    "remote_address": f"10.{chance.randrange(4)}.{chance.randrange(100)}.1",
                }
            )
        with database.transaction() as session:
            session.execute(insert(table), values)


def _read_all(database: Database) -> int:
    """The columns of an entry as the driver gives them, in the order of identifiers."""
    count = 0
    names = ", ".join(column.key for column in queries.ENTRY)
    with database.engine.begin() as connection:
        for _row in connection.execution_options(yield_per=queries.BATCH).execute(
            text(f"SELECT {names} FROM audit_entry ORDER BY id")
        ):  # our own columns
            count += 1
    return count


def _seal(database: Database, back: timedelta | None = None) -> int:
    """What the worker does, without an application around it."""
    total, last = 0, None
    while True:
        with database.transaction() as session:
            sealed, last = operations.seal_batch(session, LAST, back=back, limit=operations.BATCH, after=last)
        total += sealed
        if sealed < operations.BATCH:
            return total


def _verify(database: Database) -> queries.Verified:
    with database.reading() as session:
        return queries.verify(session)


def _unsealed(database: Database) -> queries.Unsealed:
    with database.reading() as session:
        return queries.unsealed(session)


def _export(database: Database) -> int:
    with database.reading() as session:
        return sum(len(part) for part in queries.entries_in_parts(session, Search(), EXPORTED))


def _searches() -> list[tuple[str, Callable[[random.Random], Search]]]:
    return [
        ("the newest", lambda _chance: Search()),
        ("by actor", lambda chance: Search(actors=[chance.choice(ACTORS)])),
        ("by subject", lambda chance: Search(subjects=[str(UUID(int=(2 << 120) + chance.randrange(30_000)))])),
        ("by action", lambda chance: Search(action=chance.choice(ACTIONS))),
        ("by address", lambda chance: Search(address=f"10.{chance.randrange(4)}.{chance.randrange(100)}.1")),
        ("a day", lambda chance: _day(chance.randrange(600))),
        ("by actor and action", lambda chance: Search(actors=[chance.choice(ACTORS)], action=chance.choice(ACTIONS))),
        ("for what is not there", lambda _chance: Search(subjects=["nobody"])),
    ]


def _day(number: int) -> Search:
    since = FIRST + timedelta(days=number)
    return Search(since=since, until=since + timedelta(days=1))


def _search(database: Database, pids: Callable[[], list[int]], name: str, wanted: Callable[[random.Random], Search]) -> tuple[str, ...]:
    chance, slowest = random.Random(2), 0.0
    with database.reading() as session:
        session.scalar(select(func.count()).select_from(select(AuditEntry.id).limit(1).subquery()))
        before, own = sum(_each(pids()).values()), time.process_time_ns()
        for _time in range(TIMES):
            began = time.perf_counter()
            queries.entries(session, wanted(chance))
            slowest = max(slowest, time.perf_counter() - began)
        cpu = time.process_time_ns() - own + sum(_each(pids()).values()) - before
    return name, f"{cpu / TIMES / 1e6:.2f}", f"{slowest * 1e3:.1f}"


def _each(pids: Sequence[int]) -> dict[int, int]:
    """What each process has been on a processor for; those that begin later are counted from their beginning."""
    return {pid: on_processor([pid]) for pid in pids}


def _forget_peak() -> None:
    Path("/proc/self/clear_refs").write_text("5")


def _peak() -> float:
    """Megabytes this process had in memory at most since the peak was forgotten."""
    line = next(line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM"))
    return int(line.split()[1]) / 1000
