"""CPU milliseconds per request on a database, floor and service side by side."""

from __future__ import annotations

import contextlib
import http.client
import shutil
import sqlite3
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from sqlalchemy import text

import courses
import quizzes
from bench import floor
from bench.browser import Answer, Browser
from bench.data import Province, load_province, prepare_schema
from bench.journey import AGAINST, READ, SIGN_IN, SIGN_IN_WITHOUT_HASH, UPSERT, Rounds, without_hash
from bench.measure import Meter, Sample, Series
from bench.processes import gunicorn, postmaster
from bench.tables import machine, print_table
from lms.app import create_app
from lms.config import load_settings
from tests.postgres import PrivatePostgres

WARM_UP = 20
SECRET = "a-secret-key-for-measuring-only-0123456789"


@dataclass(frozen=True, slots=True)
class Place:
    """A fresh database for the service, one for the floor, and a folder; `postmaster` None for SQLite."""

    name: str
    url: str
    floor_url: str
    folder: Path
    postmaster: int | None

    @property
    def environment(self) -> dict[str, str]:
        return {
            "LMS_ENV": "production",
            "LMS_SECRET_KEY": SECRET,
            "LMS_DATABASE_URL": self.url,
            "LMS_DATA_DIR": str(self.folder / "var"),
            "LMS_REQUIRE_SECOND_FACTOR": "no",  # the department signs in with a password alone, to look at its report
            "WEB_CONCURRENCY": "1",
        }


@contextlib.contextmanager
def place(kind: str) -> Iterator[Place]:
    folder = Path(tempfile.mkdtemp(prefix="lms-bench-"))
    try:
        if kind == "sqlite":
            name = f"SQLite {sqlite3.sqlite_version}, WAL, synchronous=FULL"
            yield Place(name, f"sqlite:///{folder / 'lms.db'}", f"sqlite:///{folder / 'floor.db'}", folder, None)
            return
        server = PrivatePostgres(durable=True).start()
        try:
            name = f"PostgreSQL {(server.folder / 'data' / 'PG_VERSION').read_text().strip()}, fsync on, through a socket"
            yield Place(name, server.create("lms"), server.create("floor"), folder, postmaster(server.folder))
        finally:
            server.stop()
    finally:
        shutil.rmtree(folder)


@contextlib.contextmanager
def loaded(kind: str, *, people: int) -> Iterator[tuple[Place, Province]]:
    """A place with a province in it."""
    with place(kind) as where:
        app = create_app(load_settings(where.environment), features=(courses.feature, quizzes.feature))
        prepare_schema(app.extensions["lms.database"])
        province = load_province(app, people=people)
        if where.postmaster is not None:  # what autovacuum does within a minute or two: without it plans change while we measure
            with app.extensions["lms.database"].transaction() as session:
                session.execute(text("ANALYZE"))
        app.extensions["lms.database"].dispose()
        yield where, province


def run(kinds: Sequence[str], number: int) -> None:
    print(machine())
    for kind in kinds:
        begun = time.monotonic()
        with loaded(kind, people=max(1000, number + WARM_UP)) as (where, province):
            print(f"\n## {where.name}\n")
            results = _measure(where, province, number)
            _print(results, database_apart=where.postmaster is not None)
        print(f"\n({time.monotonic() - begun:.0f} s)")


def _measure(where: Place, province: Province, number: int) -> dict[str, Series]:
    floor.fill(where.floor_url)
    floor_environment = {**where.environment, "BENCH_FLOOR_URL": where.floor_url}
    with (
        gunicorn("bench.floor:app", floor_environment, where.folder / "floor.log") as (floor_port, floor_pids),
        gunicorn("bench.service:app", where.environment, where.folder / "service.log") as (port, pids),
    ):
        floor_meter, meter = Meter(floor_pids, where.postmaster), Meter(pids, where.postmaster)
        connection = http.client.HTTPConnection("127.0.0.1", port)
        rounds = Rounds(province, Browser(http.client.HTTPConnection("127.0.0.1", floor_port)), lambda: Browser(connection), Random(1))
        results: defaultdict[str, Series] = defaultdict(Series)

        def measured(name: str, request: Callable[[], Answer]) -> Answer:
            answer, sample = (floor_meter if name in (READ, UPSERT) else meter).measure(request)
            results[name].samples.append(sample)
            return answer

        for _ in range(WARM_UP):
            rounds.run(measured)
        results.clear()
        for _ in range(number):
            rounds.run(measured)
    results[SIGN_IN_WITHOUT_HASH] = without_hash(results[SIGN_IN])
    return results


def _print(results: dict[str, Series], *, database_apart: bool) -> None:
    parts: dict[str, Callable[[Sample], int]] = {"both": lambda sample: sample.together}
    if database_apart:
        parts = {"web": lambda sample: sample.web, "db": lambda sample: sample.database} | parts
    percents = [f"{name} p{percent}" if percent == 10 else f"p{percent}" for name in parts for percent in (10, 25, 50)]
    rows = []
    for name, against in AGAINST.items():
        series = results[name]
        columns = [series.percentile(value, percent) for value in parts.values() for percent in (10, 25, 50)]
        ratio = series.percentile(parts["both"], 25) / results[against].percentile(parts["both"], 25)
        wall = series.percentile(lambda sample: sample.wall, 50)
        rows.append([name, str(len(series.samples)), *(f"{value:.2f}" for value in (*columns, wall)), f"{ratio:.2f}", series.queries])
    print_table(["CPU ms per request", "n", *percents, "wall p50", "× floor", "statements"], rows)
    hash_cost = results[SIGN_IN].percentile(lambda sample: sample.hash, 25)
    print(f"\nOne password hash (argon2id, 19 MiB, 2 passes): {hash_cost:.1f} ms (p25), taken from each sign-in above.")
