"""The agency tree through time: what it costs to ask for the tree of a day and for what is below an agency, beside the floor.

10,000 agencies on 12 levels with ten years of renames, moves and mergers, some of them corrected later. Each question is one statement,
asked of the database in this process; the floor reads as many rows, by key or in full, from a plain table. CPU is this process's and,
on PostgreSQL, that of its server's processes."""

from __future__ import annotations

import random
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import Engine, event, text
from sqlalchemy.orm import Session

import wsgi  # noqa: F401  (imports every feature's models)
from bench import floor
from bench.measure import percentile
from bench.processes import children, on_processor, postmaster
from bench.tables import print_table
from lms.agencies import operations, queries
from lms.agencies.operations.stored_events import believed_events
from lms.agencies.rules.events import Amendment, Change, Establishment, Merger
from lms.agencies.rules.replay import replay
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.maintenance import schema
from tests.postgres import PrivatePostgres

AGENCIES, LEVELS, YEARS = 10_000, 12, 10
FIRST = date(2016, 1, 1)
KNOWN = datetime(2016, 1, 2, tzinfo=UTC)
DAY = date(2024, 6, 1)


@dataclass(slots=True)
class Question:
    name: str
    ask: Callable[[Session], Any]
    floor: Callable[[Session], Any]
    samples: list[int] = field(default_factory=list)
    floor_samples: list[int] = field(default_factory=list)


def run(kinds: Sequence[str], times: int) -> None:
    for kind in kinds:
        with _database(kind) as (database, pids):
            _measure(kind, database, pids, times)


@contextmanager
def _database(kind: str) -> Iterator[tuple[Database, Callable[[], list[int]]]]:
    if kind == "sqlite":
        with tempfile.TemporaryDirectory() as folder:
            yield Database(f"sqlite:///{Path(folder) / 'tree.db'}"), list
        return
    server = PrivatePostgres(durable=True).start()
    try:
        main = postmaster(server.folder)
        yield Database(server.create("tree")), lambda: children(main)
    finally:
        server.stop()


def _measure(kind: str, database: Database, pids: Callable[[], list[int]], times: int) -> None:
    schema.upgrade(database)
    floor.fill(database.engine.url.render_as_string(hide_password=False))
    seconds, root, middle = _load(database)
    if kind == "postgresql":
        with database.engine.execution_options(isolation_level="AUTOCOMMIT").connect() as connection:
            connection.execute(text("VACUUM ANALYZE"))
    questions = _questions(root, middle)
    with database.reading() as session:
        for question in questions:
            _explain(session, database.engines[1], question, kind)
        for _ in range(times):
            for question in questions:
                question.samples.append(_cpu(pids, question.ask, session))
                question.floor_samples.append(_cpu(pids, question.floor, session))
    print(f"\n{kind}: CPU ms of {times} askings of each, one statement each\n")
    header = ("question", "p10", "p25", "floor p10", "floor p25", "ratio p25")
    print_table(header, [_row(question) for question in questions])
    print_table(("writing", "CPU s"), [(name, f"{value:.2f}") for name, value in seconds.items()])
    database.dispose()


def _row(question: Question) -> tuple[str, ...]:
    own = [percentile(question.samples, percent) / 1e6 for percent in (10, 25)]
    least = [percentile(question.floor_samples, percent) / 1e6 for percent in (10, 25)]
    return (question.name, *(f"{value:.2f}" for value in (*own, *least)), f"{own[1] / least[1]:.1f}")


def _cpu(pids: Callable[[], list[int]], ask: Callable[[Session], Any], session: Session) -> int:
    others = pids()
    before, own = on_processor(others), time.process_time_ns()
    ask(session)
    return time.process_time_ns() - own + on_processor(others) - before


def _questions(root: UUID, middle: UUID) -> list[Question]:
    by_key = text("SELECT value FROM floor_row WHERE id = :id")
    in_full = text("SELECT id, value, value AS a, value AS b, value AS c, value AS d, value AS e, value AS f FROM floor_row ORDER BY value")

    def one(session: Session) -> Any:
        return session.execute(by_key, {"id": 77}).scalar_one()

    def some(session: Session) -> Any:
        return session.execute(text("SELECT count(*) FROM floor_row WHERE id <= :many"), {"many": 1000}).scalar_one()

    def every(session: Session) -> Any:
        return session.execute(in_full).all()

    found = []
    for said, known in (("", None), (", as known in 2016", KNOWN)):
        found += [
            Question(f"all agencies on a day{said}", lambda s, at=known: queries.versions_on(s, DAY, None, at), every),
            Question(
                f"the tree on a day, with numbers{said}", lambda session, at=known: queries.whole_tree(session, DAY, EVERYWHERE, at), every
            ),
            Question(f"how many below the root{said}", lambda s, at=known: queries.subtree_count(s, root, DAY, at), some),
            Question(
                f"how many below one of level 4{said}", lambda session, at=known: queries.subtree_count(session, middle, DAY, at), one
            ),
            Question(f"who is below one of level 4{said}", lambda s, at=known: queries.subtree_ids(s, middle, DAY, at), one),
        ]
    return found


def _explain(session: Session, engine: Engine, question: Question, kind: str) -> None:
    """The plan of a question's one statement."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_rest: Any) -> None:
        seen.append((statement, parameters))

    event.listen(engine, "before_cursor_execute", note)
    question.ask(session)
    event.remove(engine, "before_cursor_execute", note)
    asked = [one for one in seen if not one[0].startswith("BEGIN")]
    assert len(asked) == 1, asked
    prefix = "EXPLAIN QUERY PLAN " if kind == "sqlite" else "EXPLAIN (COSTS OFF) "
    rows = session.connection().exec_driver_sql(prefix + asked[0][0], asked[0][1]).all()
    print(f"\n{kind}: {question.name}")
    for row in rows:
        print("   ", row[-1])


def _load(database: Database) -> tuple[dict[str, float], UUID, UUID]:
    """The tree with its ten years; CPU seconds of this process for each kind of writing."""
    chance = random.Random(1)
    agencies: list[UUID] = []
    level: dict[UUID, int] = {}
    changes: list[Change] = []
    for number in range(AGENCIES):
        # A chain down to the last level first, then anywhere above it.
        parent = None if not number else agencies[-1] if number < LEVELS else _parent(chance, agencies, level)
        agency = uuid7()
        level[agency] = 0 if parent is None else level[parent] + 1
        agencies.append(agency)
        changes.append(
            Change(
                FIRST,
                Establishment(agency=agency, name=f"Đơn vị {number}", kind="department", block="so_nganh", level="tinh", parent=parent),
            )
        )
    seconds = {f"import of {AGENCIES} agencies": _timed(database, changes, KNOWN - timedelta(hours=1))}
    ended: set[UUID] = set()
    for year in range(YEARS):
        at = KNOWN + timedelta(days=365 * year + 1)
        seconds[f"import of a year's changes ({year + 1})"] = _timed(database, _year(chance, agencies, level, ended, year), at)
    with database.reading() as session:
        tree = replay(believed_events(session).values())
    alive = [agency for agency in agencies if tree.on(agency, DAY)]
    last = KNOWN + timedelta(days=4000)
    seconds["one rename"] = _timed_one(database, Change(DAY, Amendment(agency=alive[-1], name="Tên mới")), last)
    seconds["one move"] = _timed_one(database, Change(DAY, Amendment(agency=alive[-1], parent=alive[0])), last + timedelta(hours=1))
    children = Counter(version.parent for own in tree.versions.values() for version in own)
    middle = max((agency for agency in alive if level[agency] == 4), key=lambda agency: children[agency])
    return seconds, agencies[0], middle


def _parent(chance: random.Random, agencies: list[UUID], level: dict[UUID, int]) -> UUID:
    while True:
        parent = agencies[int(len(agencies) * chance.random() ** 2)]
        if level[parent] < LEVELS - 1:
            return parent


def _year(chance: random.Random, agencies: list[UUID], level: dict[UUID, int], ended: set[UUID], year: int) -> list[Change]:
    """Renames, moves and mergers among agencies of one level, so that none comes below itself."""
    on = FIRST + timedelta(days=365 * year + 30)
    alive = [agency for agency in agencies[LEVELS:] if agency not in ended]
    changes = [Change(on, Amendment(agency=agency, name=f"Tên {year}")) for agency in chance.sample(alive, 500)]
    by_level: dict[int, list[UUID]] = {}
    for agency in alive:
        by_level.setdefault(level[agency], []).append(agency)
    for agency in chance.sample(alive, 500):
        above = by_level.get(level[agency] - 1)
        if above:
            changes.append(Change(on + timedelta(days=10), Amendment(agency=agency, parent=chance.choice(above))))
    for own in by_level.values():
        for one, other in zip(*[iter(chance.sample(own, min(len(own), 10) // 2 * 2))] * 2, strict=True):
            changes.append(Change(on + timedelta(days=20), Merger(agencies=(one,), into=other)))
            ended.add(one)
    return changes


def _timed(database: Database, changes: Sequence[Change], at: datetime) -> float:
    begin = time.process_time()
    with database.transaction() as session:
        operations.record_changes(session, SERVICE, changes, at)
    return time.process_time() - begin


def _timed_one(database: Database, change: Change, at: datetime) -> float:
    begin = time.process_time()
    with database.transaction() as session:
        operations.record_change(session, SERVICE, change, at)
    return time.process_time() - begin
