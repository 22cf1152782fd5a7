"""CPU milliseconds of storing and getting statements, floor and store side by side."""

from __future__ import annotations

import http.client
from collections import defaultdict
from collections.abc import Sequence
from itertools import islice
from random import Random

import courses
import quizzes
from bench.data import prepare_schema
from bench.lrs import floor
from bench.lrs.client import OPERATIONS, Client, calls
from bench.measure import Meter, Series
from bench.processes import gunicorn
from bench.requests import WARM_UP, Place, place
from bench.tables import machine, print_table
from lms.app import create_app
from lms.config import load_settings
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.lrs import operations
from lms.lrs.rules.credentials import Scope


def run(kinds: Sequence[str], number: int) -> None:
    print(machine())
    for kind in kinds:
        with place(kind) as where:
            print(f"\n## {where.name}\n")
            key, secret = prepare(where)
            _print(_measure(where, number, key, secret), database_apart=where.postmaster is not None)


def prepare(where: Place) -> tuple[str, str]:
    """The schema and a credential that may do everything."""
    app = create_app(load_settings(where.environment), features=(courses.feature, quizzes.feature))
    database = app.extensions["lms.database"]
    prepare_schema(database)
    with database.transaction() as session:
        made = operations.add_credential(session, SERVICE, "bench", (str(Scope.ALL),), now())
    database.dispose()
    return made.key, made.secret


def _measure(where: Place, number: int, key: str, secret: str) -> dict[str, dict[str, Series]]:
    floor.fill(where.floor_url)
    environment = {**where.environment, "BENCH_FLOOR_URL": where.floor_url}
    results: dict[str, dict[str, Series]] = {"floor": defaultdict(Series), "store": defaultdict(Series)}
    with (
        gunicorn("bench.lrs.floor:app", environment, where.folder / "floor.log") as (floor_port, floor_pids),
        gunicorn("bench.service:app", where.environment, where.folder / "service.log") as (port, pids),
    ):
        sides = {
            "floor": (Client(http.client.HTTPConnection("127.0.0.1", floor_port), key, secret), Meter(floor_pids, where.postmaster)),
            "store": (Client(http.client.HTTPConnection("127.0.0.1", port), key, secret), Meter(pids, where.postmaster)),
        }
        for count, call in enumerate(islice(calls(Random(5)), (WARM_UP + number) * len(OPERATIONS))):
            for side, (client, meter) in sides.items():
                _answer, sample = meter.measure(lambda client=client, call=call: client.send(call))  # type: ignore[misc]
                if count >= WARM_UP * len(OPERATIONS):
                    results[side][call.name].samples.append(sample)
    return results


def _print(results: dict[str, dict[str, Series]], *, database_apart: bool) -> None:
    rows = []
    for name in OPERATIONS:
        lowest = results["floor"][name].percentile(lambda sample: sample.together, 25)
        for side in ("floor", "store"):
            series = results[side][name]
            both = [series.percentile(lambda sample: sample.together, percent) for percent in (25, 50, 95)]
            parts = [series.percentile(value, 25) for value in (lambda sample: sample.web, lambda sample: sample.database)]
            wall = [series.percentile(lambda sample: sample.wall, percent) for percent in (50, 95)]
            numbers = [*(parts if database_apart else ()), *both, *wall]
            rows.append([f"{name}, {side}", *(f"{value:.2f}" for value in numbers), f"{both[0] / lowest:.2f}", series.queries])
    parts_header = ["web p25", "db p25"] if database_apart else []
    print_table(["CPU ms per request", *parts_header, "p25", "p50", "p95", "wall p50", "wall p95", "× floor", "statements"], rows)
