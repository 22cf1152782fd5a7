"""A published quarter of a whole province: making its documents, what the public fetches, and the pages of those who sign in."""

from __future__ import annotations

import http.client
import json
import os
import subprocess
import sys
from collections import defaultdict
from collections.abc import Callable

from sqlalchemy import insert, select, text
from sqlalchemy.orm import Session

import courses
import quizzes
from bench import floor
from bench.browser import Answer, Browser
from bench.data import PASSWORD, prepare_schema
from bench.journey import signed_in
from bench.measure import Meter, Series, percentile
from bench.processes import ROOT, gunicorn
from bench.public import LIMIT, READ, measure, print_figures
from bench.requests import WARM_UP, Place, place
from bench.results.filling import LONG_AGO, fill, terms
from bench.results.freezing import LAST, publish
from bench.tables import print_table
from lms.accounts.models import Account, Posting
from lms.accounts.rules.passwords import hash_password
from lms.agencies.models import AgencyCode
from lms.app import create_app
from lms.config import load_settings
from lms.kit.actors import Role
from lms.privacy.notice import VERSION
from lms.privacy.operations.notices import note_all_read
from tests.factories import grant

ROOT_CODE, CODE = "H55", "H55.12"
DEPARTMENT, HEAD = "quantri", "thutruong"


def run(people: int, agencies: int, quarters: int, number: int) -> None:
    with place("postgresql") as where:
        app = create_app(load_settings(where.environment), features=(courses.feature, quizzes.feature))
        database = app.extensions["lms.database"]
        prepare_schema(database)
        fill(database, people=people, agencies=agencies, quarters=terms(LAST, quarters))
        for term in terms(LAST, quarters):
            publish(database, term)
        with database.transaction() as session:
            _accounts(session)
        with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as outside:
            outside.execute(text("VACUUM ANALYZE"))
        database.dispose()
        print(f"\n## {people:,} people, {agencies} agencies, {quarters} quarters, {where.name}\n", flush=True)
        _documents(where)
        print(f"\n### What the public fetches (load {os.getloadavg()[0]:.1f})\n", flush=True)
        print_figures(measure(where, LAST, CODE, number))
        print(f"\nLimit: {LIMIT} × floor.")
        print(f"\n### Pages (load {os.getloadavg()[0]:.1f})\n", flush=True)
        _pages(where, number)


def _accounts(session: Session) -> None:
    """Somebody of the department, and the head of an agency."""
    agency = session.scalars(select(AgencyCode.agency_id).where(AgencyCode.code == CODE)).one()
    people = session.scalars(select(Posting.person_id).where(Posting.agency_id == agency).order_by(Posting.person_id).limit(2)).all()
    for person, login in zip(people, (DEPARTMENT, HEAD), strict=True):
        password = hash_password(PASSWORD)
        session.execute(
            insert(Account).values(person_id=person, login_name=login, password_hash=password, activated_at=LONG_AGO, failures=0)
        )
    grant(session, people[0], Role.DEPARTMENT)
    grant(session, people[1], Role.HEAD, agency)
    note_all_read(session, people, VERSION, LONG_AGO)


def _documents(where: Place) -> None:
    command = [sys.executable, "-m", "bench.results.rendering"]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, **where.environment}, stdout=subprocess.PIPE, text=True, check=True)
    found = json.loads(done.stdout.splitlines()[-1])
    documents, files = found["documents"], found["files"]
    print(f"### Documents, by the job (load {os.getloadavg()[0]:.1f})\n")
    rows = []
    for kind in ("pdf", "xlsx"):
        one = documents[kind]
        times = [int(taken * 1e6) for taken in one["times"]]
        columns = [f"{percentile(times, percent) / 1e3:.1f}" for percent in (25, 50, 95)]
        rows.append([kind, str(one["number"]), *columns, f"{max(times) / 1e3:.0f}", f"{sum(times) / 1e6:.1f}", f"{one['bytes'] / 1e6:.1f}"])
    print_table(["CPU ms per document", "n", "p25", "p50", "p95", "largest", "total s", "MB"], rows)
    print(f"\nThe job took {documents['wall']:.1f} s, its process {documents['cpu']:.1f} s of CPU. MB resident after so many agencies:")
    print(", ".join(f"{after}: {size:.0f}" for after, size in documents["resident"].items()))
    print(f"What the public fetches, rendered: {files['wall']:.1f} s, CPU {files['cpu']:.1f} s, {files['resident']:.0f} MB resident after.")


def _pages(where: Place, number: int) -> None:
    environment = {**where.environment, "BENCH_FLOOR_URL": where.floor_url}
    pages = {
        "province": (DEPARTMENT, f"/reports/{LAST}/{ROOT_CODE}"),
        "province, same people": (DEPARTMENT, f"/reports/{LAST}/{ROOT_CODE}?lens=same_people"),
        "agency with others below": (DEPARTMENT, f"/reports/{LAST}/{CODE}"),
        "agency, for its head": (HEAD, f"/reports/{LAST}/{CODE}"),
        "gap map of the province": (DEPARTMENT, f"/reports/{LAST}/{ROOT_CODE}/gaps"),
        "gap map of the agency": (HEAD, f"/reports/{LAST}/{CODE}/gaps"),
        "list of those missing": (HEAD, f"/reports/{LAST}/{CODE}/people?list=missing"),
    }
    with (
        gunicorn("bench.floor:app", environment, where.folder / "floor.log") as (floor_port, floor_pids),
        gunicorn("bench.service:app", where.environment, where.folder / "service.log") as (port, pids),
    ):
        floor_meter, meter = Meter(floor_pids, where.postmaster), Meter(pids, where.postmaster)
        plain = Browser(http.client.HTTPConnection("127.0.0.1", floor_port))
        browsers = {login: signed_in(Browser(http.client.HTTPConnection("127.0.0.1", port)), login) for login in (DEPARTMENT, HEAD)}
        results: defaultdict[str, Series] = defaultdict(Series)
        sizes: dict[str, int] = {}

        def measured(name: str, by: Meter, request: Callable[[], Answer]) -> None:
            answer, sample = by.measure(request)
            results[name].samples.append(sample)
            sizes[name] = len(answer.sent)

        for turn in range(number + WARM_UP):
            if turn == WARM_UP:
                results.clear()
            measured(READ, floor_meter, lambda turn=turn: plain.get(f"/rows/{turn % floor.ROWS + 1}"))  # type: ignore[misc]
            for name, (login, path) in pages.items():
                measured(name, meter, lambda login=login, path=path: browsers[login].get(path))  # type: ignore[misc]
    print_figures({name: (series, sizes[name]) for name, series in results.items()})
