"""`python -m bench.public`: CPU of what the public fetches of a published report, interleaved with the floor's one read."""

from __future__ import annotations

import argparse
import http.client
from collections import defaultdict
from collections.abc import Callable, Sequence

from sqlalchemy import select

import courses
import quizzes
from bench import floor
from bench.browser import Answer, Browser
from bench.measure import Meter, Sample, Series
from bench.processes import gunicorn
from bench.requests import WARM_UP, Place, loaded
from bench.tables import machine, print_table
from lms.app import create_app
from lms.config import load_settings
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter, now
from lms.kit.queue import run_due
from lms.reports.jobs.public_files import keep_rendered
from lms.reports.models import PublicFile, ReportAgency
from lms.reports.operations import build_report, publish_report
from lms.results.queries import activities

READ = "floor: one read"
LIMIT = 1.5


def run(kinds: Sequence[str], number: int) -> None:
    print(machine())
    for kind in kinds:
        with loaded(kind, people=1000) as (where, _province):
            print(f"\n## {where.name}\n")
            quarter, code = _published(where)
            print_figures(measure(where, quarter, code, number))
            print(f"\nLimit: {LIMIT} × floor.")


def _published(where: Place) -> tuple[Quarter, str]:
    """The newest quarter, published and rendered, and an agency of it with figures."""
    app = create_app(load_settings(where.environment), features=(courses.feature, quizzes.feature))
    database = app.extensions["lms.database"]
    with database.transaction() as session:
        activity = next(one for one in activities(session))
        build_report(session, SERVICE, activity, now())
        publish_report(session, SERVICE, activity.period, now())
    with app.app_context():
        keep_rendered(now())
    run_due(app)
    with database.reading() as session:
        assert session.scalar(select(PublicFile.path).limit(1)) is not None
        code = session.scalars(select(ReportAgency.code).where(~ReportAgency.is_withheld, ReportAgency.parent_id.is_not(None))).first()
    database.dispose()
    assert code is not None
    return Quarter.from_code(activity.period), code


def measure(where: Place, quarter: Quarter, code: str, number: int) -> dict[str, tuple[Series, int]]:
    """Each address in turn with the floor's one read: what it cost, and how many bytes were sent."""
    floor.fill(where.floor_url)
    environment = {**where.environment, "BENCH_FLOOR_URL": where.floor_url}
    with (
        gunicorn("bench.floor:app", environment, where.folder / "floor.log") as (floor_port, floor_pids),
        gunicorn("bench.service:app", where.environment, where.folder / "service.log") as (port, pids),
    ):
        floor_meter, meter = Meter(floor_pids, where.postmaster), Meter(pids, where.postmaster)
        plain = Browser(http.client.HTTPConnection("127.0.0.1", floor_port))
        browser = Browser(http.client.HTTPConnection("127.0.0.1", port))
        etag = browser.get(f"/embed/{code}").headers["ETag"]
        results: defaultdict[str, Series] = defaultdict(Series)
        sizes: dict[str, int] = {}

        def measured(name: str, by: Meter, request: Callable[[], Answer]) -> None:
            answer, sample = by.measure(request)
            results[name].samples.append(sample)
            sizes[name] = len(answer.sent)

        fetched = {
            "widget of an agency": f"/embed/{code}",
            "JSON of an agency": f"/public/{quarter}/{code}.json",
            "IOC records of an agency": f"/public/{quarter}/{code}.ioc.json",
            "page of an agency": f"/public/{quarter}/{code}",
            "JSON of all agencies": f"/public/{quarter}.json",
            "Atom of all agencies": f"/public/{quarter}.atom",
        }
        known = {"If-None-Match": etag}
        for turn in range(number + WARM_UP):
            if turn == WARM_UP:
                results.clear()
            measured(READ, floor_meter, lambda turn=turn: plain.get(f"/rows/{turn + 1}"))  # type: ignore[misc]
            for name, path in fetched.items():
                measured(name, meter, lambda path=path: browser.get(path))  # type: ignore[misc]
            measured("widget, not changed (304)", meter, lambda: browser._send("GET", f"/embed/{code}", None, dict(known), (304,)))
    return {name: (series, sizes[name]) for name, series in results.items()}


def print_figures(results: dict[str, tuple[Series, int]]) -> None:
    def together(sample: Sample) -> int:
        return sample.together

    base = results[READ][0].percentile(together, 25)
    rows = []
    for name, (series, size) in results.items():
        columns = [series.percentile(together, percent) for percent in (10, 25, 50)]
        rows.append(
            [name, str(len(series.samples)), *(f"{one:.2f}" for one in columns), f"{columns[1] / base:.2f}", series.queries, str(size)]
        )
    print_table(["CPU ms per request", "n", "p10", "p25", "p50", "× floor", "statements", "bytes"], rows)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(prog="python -m bench.public", description=__doc__)
    parser.add_argument("--requests", type=int, default=200, metavar="N")
    parser.add_argument("--database", choices=("sqlite", "postgresql"), help="only this one")
    arguments = parser.parse_args()
    run([arguments.database] if arguments.database else ["sqlite", "postgresql"], arguments.requests)
