"""The agency tree through time: what it costs to ask for the tree of a day and for what is below an agency, beside the floor.

10,000 agencies on 12 levels with ten years of renames, moves and mergers, some of them corrected later. Each question is one statement,
asked of the database in this process; the floor reads as many rows from a plain table by text: the same columns in the same order for
the tree, the count of as many rows, or one row by key. CPU is this process's and, on PostgreSQL, that of its server's processes."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
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
from bench.tree_history import KNOWN, YEARS, History, write_history
from lms.agencies import operations, queries
from lms.agencies.rules.events import Amendment, Change
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.db import Database
from lms.maintenance import schema
from tests.postgres import PrivatePostgres

DAY, EARLY = date(2024, 6, 1), date(2017, 6, 1)
LAST = datetime(2027, 1, 1, tzinfo=UTC)
_PLAIN = text(
    "CREATE TABLE floor_agency AS SELECT agency_id, id, name, short_name, kind, block, level, parent_id, legal_basis, valid_from, valid_to,"
    " sort_key, search_text FROM agency_version WHERE superseded_at IS NULL AND valid_from <= :day AND :day < valid_to"
)


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
            _measure(kind, database, pids, times // 10)  # most questions are of the whole province


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
    begin = _spent(pids)
    history = write_history(database)
    seconds = {f"events of {YEARS} years and two rebuilds": (_spent(pids) - begin) / 1e9}
    alive = history.alive
    with database.transaction() as session:
        session.execute(_PLAIN, {"day": DAY})
        below = {agency: queries.subtree_count(session, agency, DAY) for agency in alive if history.level[agency] == 4}
    root, middle = history.agencies[0], max(below, key=lambda agency: below[agency])
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
    seconds |= {name: _writing(database, pids, change) for name, change in _writings(history, below).items()}
    with database.reading() as session:
        seconds["doctor: compare with the replay"] = _cpu(pids, lambda session: queries.soundness(session, DAY), session) / 1e9
    print(f"\n{kind}: CPU ms of {times} askings of each, one statement each\n")
    header = ("question", "p10", "p25", "floor p10", "floor p25", "ratio p25")
    print_table(header, [_row(question) for question in questions])
    print()
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
    in_full = text("SELECT * FROM floor_agency ORDER BY sort_key, agency_id")

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


def _writings(history: History, below: Mapping[UUID, int]) -> dict[str, Change]:
    """Of an agency with nobody below it, and of the largest on the fifth level."""
    alive, leaf = history.alive, history.alive[-1]
    middle = max(below, key=lambda agency: below[agency])
    second = [agency for agency in alive if history.level[agency] == 1]
    return {
        "rename of one with nobody below": Change(DAY, Amendment(agency=leaf, name="Tên mới")),
        "the same nine years ago": Change(EARLY, Amendment(agency=leaf, name="Tên mới")),
        "move of one with nobody below": Change(DAY, Amendment(agency=leaf, parent=history.agencies[0])),
        f"move of one with {below[middle] - 1} below": Change(DAY, Amendment(agency=middle, parent=second[-1])),
    }


def _writing(database: Database, pids: Callable[[], list[int]], change: Change) -> float:
    """CPU seconds of recording a change, followers and audit entry included; the middle of three, taken back each time."""

    def record(session: Session) -> None:
        operations.record_change(session, SERVICE, change, LAST)
        session.flush()

    taken = []
    for _ in range(3):
        with database.transaction() as session:
            session.connection()
            taken.append(_cpu(pids, record, session) / 1e9)
            session.rollback()
    return sorted(taken)[1]


def _spent(pids: Callable[[], list[int]]) -> int:
    return time.process_time_ns() + on_processor(pids())
