"""Pages of 50 in stores of 10⁴, 10⁶ and 10⁷ statements: what a page costs must not depend on what lies around it."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import event, text
from sqlalchemy.orm import Session

from bench import requests
from bench.data import prepare_schema
from bench.lrs.filling import BEGIN, OLD_AGENT, RARE_VERB, SELDOM, SPAN, VOIDED_ACTIVITY, fill
from bench.lrs.statements import ADL, COURSE, actor
from bench.measure import percentile
from bench.processes import on_processor
from bench.tables import machine, print_table
from lms.kit.db import Database
from lms.lrs.queries.pages import statement_page
from lms.lrs.rules.parameters import Selection
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.terms import TermKind, agent_identity, term

ASKINGS = 60
PLANS = 20  # of these the buffers are counted
MOST_ON_SQLITE = 1_000_000

Keys = tuple[UUID, ...]


@dataclass(frozen=True, slots=True)
class Asked:
    """`keys` by chance; `since` and `cursor` are shares of the whole span; `own`: a credential that sees only what it stored."""

    keys: Callable[[Random], Keys] = lambda _chance: ()
    own: dict[str, Any] | None = None
    ascending: bool = False
    since: bool = False
    deep: bool = False

    def selection(self, chance: Random) -> Selection:
        start = _at(chance.uniform(0.8, 0.98)) if self.since else None
        cursor = _at(chance.uniform(0.02, 0.1)) if self.deep else None
        return Selection(self.keys(chance), start=start, limit=50, ascending=self.ascending, cursor=cursor)


def _at(share: float) -> UUID:
    return first_position(BEGIN + share * SPAN)


def _agent(chance: Random, kind: TermKind = TermKind.AGENT) -> UUID:
    return term(kind, agent_identity(actor(chance.randrange(25_000))) or "")


def _verb(chance: Random) -> UUID:
    return term(TermKind.VERB, ADL + chance.choice(["initialized", "completed", "passed", "terminated", "answered"]))


def _activity(chance: Random) -> UUID:
    return term(TermKind.ACTIVITY, f"{COURSE}/bai-{chance.randrange(40)}")


_OLD = term(TermKind.AGENT, agent_identity(OLD_AGENT) or "")
_COURSE = term(TermKind.RELATED_ACTIVITY, COURSE)

CASES: dict[str, Asked] = {
    "all": Asked(),
    "all, since": Asked(since=True),
    "all, ascending": Asked(ascending=True),
    "agent": Asked(lambda chance: (_agent(chance),)),
    "agent, since": Asked(lambda chance: (_agent(chance),), since=True),
    "agent of years ago": Asked(lambda _chance: (_OLD,)),
    "agent of years ago, verb": Asked(lambda chance: (_OLD, _verb(chance))),
    "verb": Asked(lambda chance: (_verb(chance),)),
    "verb, ascending": Asked(lambda chance: (_verb(chance),), ascending=True),
    "verb, among the last pages": Asked(lambda chance: (_verb(chance),), deep=True),
    "verb, rare": Asked(lambda _chance: (term(TermKind.VERB, RARE_VERB),)),
    "activity": Asked(lambda chance: (_activity(chance),)),
    "activity, verb": Asked(lambda chance: (_activity(chance), _verb(chance))),
    "activity, verb: never together": Asked(
        lambda chance: (term(TermKind.ACTIVITY, f"{COURSE}/video-{chance.randrange(20)}"), _verb(chance))
    ),
    "activity, nearly all voided": Asked(lambda _chance: (term(TermKind.ACTIVITY, VOIDED_ACTIVITY),)),
    "related activity (everything), verb": Asked(lambda chance: (_COURSE, _verb(chance))),
    "related activity (everything), verb, since": Asked(lambda chance: (_COURSE, _verb(chance)), since=True),
    "related activity (everything), agent": Asked(lambda chance: (_COURSE, _agent(chance))),
    "related agent, verb": Asked(lambda chance: (_agent(chance, TermKind.RELATED_AGENT), _verb(chance))),
    "own statements": Asked(own=SELDOM),
    "own statements, verb": Asked(lambda chance: (_verb(chance),), own=SELDOM),
}


def run(sizes: Sequence[int], kinds: Sequence[str]) -> None:
    print(machine())
    for kind in kinds:
        columns: dict[str, list[str]] = {name: [] for name in CASES}
        measured = [size for size in sizes if kind == "postgresql" or size <= MOST_ON_SQLITE]
        for size in measured:
            with requests.place(kind) as where:
                database = Database(where.url)
                prepare_schema(database)
                begun = time.monotonic()
                fill(database, size)
                print(f"{size:,} statements in {time.monotonic() - begun:.0f} s")
                for name, cells in measure(database).items():
                    columns[name] += cells
                database.dispose()
        print(f"\n{kind}\n")
        show(columns, measured, buffers=kind == "postgresql")


def show(columns: dict[str, list[str]], sizes: Sequence[int], *, buffers: bool) -> None:
    kinds = ("CPU ms p50", "p95", "buffers p50", "p95") if buffers else ("CPU ms p50", "p95")
    header = [f"{size:,}: {kind}" if place == 0 else kind for size in sizes for place, kind in enumerate(kinds)]
    print_table(["page of 50", *header], [[name, *cells] for name, cells in columns.items()])


def measure(database: Database) -> dict[str, list[str]]:
    """By case: milliseconds on the processor, and on PostgreSQL buffers."""
    found = {}
    for name, asked in CASES.items():
        spans = _processor(database, asked)
        cells = [f"{percentile(spans, percent) / 1e6:.2f}" for percent in (50, 95)]
        if not database.is_sqlite:
            buffers = _buffers(database, asked)
            cells += [f"{percentile(buffers, percent):.0f}" for percent in (50, 95)]
        found[name] = cells
    return found


def _processor(database: Database, asked: Asked) -> list[int]:
    """Nanoseconds of this thread, with what the library adds, and of the server's process; after ten that warm the caches of both."""
    chance, spans = Random(7), []
    with database.reading() as session:
        server = [] if database.is_sqlite else [session.execute(text("SELECT pg_backend_pid()")).scalar_one()]
        for number in range(10 + ASKINGS):
            selection = asked.selection(chance)
            before = time.thread_time_ns() + on_processor(server)
            statement_page(session, selection, asked.own)
            if number >= 10:
                spans.append(time.thread_time_ns() + on_processor(server) - before)
    return spans


def _buffers(database: Database, asked: Asked) -> list[int]:
    """Pages of 8 kB that the execution of all statements of a page looked at, planning left out."""
    chance, counted = Random(7), []
    with database.reading() as session:
        seen = _explained(session)
        for _ in range(PLANS):
            seen.clear()
            statement_page(session, asked.selection(chance), asked.own)
            counted.append(sum(seen))
    return counted


def _explained(session: Session) -> list[int]:
    """Have every statement of this session explained before it is carried out; the buffers of each come into the list."""
    seen: list[int] = []

    def explain(_connection: Any, cursor: Any, statement: str, parameters: Any, *_more: Any) -> None:
        with cursor.connection.cursor() as other:
            plan = [line for (line,) in other.execute(f"EXPLAIN (ANALYZE, BUFFERS, TIMING OFF) {statement}", parameters)]
        first = next((line for line in plan if "Buffers:" in line), "")
        seen.append(sum(int(count) for count in re.findall(r"(?:hit|read)=(\d+)", first)))

    event.listen(session.connection(), "before_cursor_execute", explain)
    return seen
