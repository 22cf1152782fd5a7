"""What freezing a quarter for all agencies costs, as the worker's job does it, beside plain statements that count the same totals."""

from __future__ import annotations

import gc
import os
import resource
import time
from collections import Counter, defaultdict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select, text

from bench.measure import percentile
from bench.processes import children, on_processor, postmaster
from bench.results import floor
from bench.results.filling import Term, fill, terms
from bench.tables import print_table
from lms.kit.actors import SERVICE
from lms.kit.clock import Quarter
from lms.kit.db import Base, Database
from lms.kit.following import Followers
from lms.kit.ids import uuid7
from lms.kit.jobs import JobRun
from lms.reports.jobs.life import freeze_job
from lms.reports.models import Report, ReportAgency, ReportState
from lms.reports.operations import build_report, publish_report
from lms.reports.operations.freezing import begin_report
from lms.results.queries import activity_of_period
from quizzes.queries.competences import competences
from tests.postgres import PrivatePostgres

LAST = Quarter.parse("2026-Q3")
WARM_UP = 2


@dataclass(frozen=True, slots=True)
class Case:
    """`quarters` of history with the one that is frozen; `papers`: with topics."""

    people: int
    agencies: int
    quarters: int
    papers: bool

    @property
    def name(self) -> str:
        parts = [f"{self.people:,} people × {self.agencies} agencies"]
        if self.quarters > 1:
            parts.append(f"{self.quarters} quarters")
        if self.papers:
            parts.append("with topics")
        return ", ".join(parts)

    @property
    def floor(self) -> tuple[str, ...]:
        """What a report of this case holds, and no more."""
        statements = [floor.FIGURES]
        if self.papers:
            statements.append(floor.COMPETENCES)
        if self.quarters > 1:
            statements += [floor.BEFORE, floor.SAME]
        return tuple(statements)


@dataclass(slots=True)
class Samples:
    """Nanoseconds: of this process's thread, of PostgreSQL, of the clock."""

    own: list[int] = field(default_factory=list)
    server: list[int] = field(default_factory=list)
    wall: list[int] = field(default_factory=list)

    def take(self, action: Callable[[], object], server: int) -> None:
        gc.collect()
        before = (on_processor([os.getpid()]), on_processor(children(server)), time.perf_counter_ns())
        action()
        after = (on_processor([os.getpid()]), on_processor(children(server)), time.perf_counter_ns())
        for series, end, begin in zip((self.own, self.server, self.wall), after, before, strict=True):
            series.append(end - begin)

    @property
    def together(self) -> list[int]:
        return [one + other for one, other in zip(self.own, self.server, strict=True)]


def run(cases: Sequence[Case], number: int) -> None:
    rows = []
    for case in cases:
        print(f"load {os.getloadavg()[0]:.1f}: {case.name}", flush=True)
        rows.append(_measured(case, number))
    print()
    head = [
        "",
        "floor CPU ms p10",
        "p25",
        "freeze CPU ms p10",
        "p25",
        "of it server",
        "× floor p10",
        "p25",
        "× groups alone",
        "wall p25",
        "peak MB",
    ]
    print_table(head, rows)


def _measured(case: Case, number: int) -> list[str]:
    server = PrivatePostgres(durable=True).start()
    try:
        database = _filled(server, case)
        watched = postmaster(server.folder)
        last = terms(LAST, case.quarters)[-1]
        values = {"key": last.key, "day": last.counted_on, "before": terms(LAST, 2)[0].key}
        freeze_job(_asked(database, last))
        _compare(database, values)
        _forget(database)
        plain, least, frozen = Samples(), Samples(), Samples()
        for turn in range(number + WARM_UP):
            if turn == WARM_UP:
                plain, least, frozen = Samples(), Samples(), Samples()
            plain.take(lambda: floor.count(database, case.floor, values), watched)
            least.take(lambda: floor.count(database, (floor.GROUPS_ALONE,), values), watched)
            job = _asked(database, last)
            frozen.take(lambda job=job: freeze_job(job), watched)  # type: ignore[misc]
            _forget(database)
        database.dispose()
    finally:
        server.stop()
    base, groups, whole = ([percentile(one.together, percent) / 1e6 for percent in (10, 25)] for one in (plain, least, frozen))
    part, wall = percentile(frozen.server, 25) / 1e6, percentile(frozen.wall, 25) / 1e6
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    numbers = [*(f"{one:.0f}" for one in (*base, *whole, part)), *(f"{a / b:.2f}" for a, b in zip(whole, base, strict=True))]
    against_less = "–" if case.papers or case.quarters > 1 else f"{whole[1] / groups[1]:.2f}"
    return [case.name, *numbers, against_less, f"{wall:.0f}", str(peak)]


def publish(database: Database, term: Term) -> None:
    """Freeze and publish a quarter at its time."""
    with database.transaction() as session:
        activity = activity_of_period(session, term.quarter.code)
        assert activity is not None
        build_report(session, SERVICE, activity, term.frozen_at)
        publish_report(session, SERVICE, term.quarter.code, term.published_at)


def _filled(server: PrivatePostgres, case: Case) -> Database:
    database = Database(server.create("results"), followers=Followers(competences=(competences,)))
    Base.metadata.create_all(database.engine)
    quarters = terms(LAST, case.quarters)
    begun = time.perf_counter()
    fill(database, people=case.people, agencies=case.agencies, quarters=quarters, papers=case.papers)
    for term in quarters[:-1]:
        publish(database, term)
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as outside:
        outside.execute(text("VACUUM ANALYZE"))
        outside.execute(text("CHECKPOINT"))
    size = sum(file.stat().st_size for file in Path(server.folder / "data").rglob("*") if file.is_file()) / 1e9
    print(f"  filled in {time.perf_counter() - begun:.0f} s, {size:.1f} GB", flush=True)
    return database


def _asked(database: Database, term: Term) -> JobRun:
    with database.transaction() as session:
        report = begin_report(session, SERVICE, term.key, term.frozen_at)
        return JobRun(database, uuid7(), {"report": str(report.id), "actor": None, "name": ""})


def _compare(database: Database, values: Mapping[str, Any]) -> None:
    """The floor counts what the report says. Raises AssertionError where it does not."""
    counted: defaultdict[UUID, Counter[str]] = defaultdict(Counter)
    with database.reading() as session:
        for agency, _own, _group, reason, people, took_part, passed, score, *_ in session.execute(text(floor.FIGURES), values):
            sums = {"excluded": people} if reason else {"expected": people, "took_part": took_part, "passed": passed}
            counted[agency].update({**sums, "score_hundredths": int(score or 0)})
        draft = select(ReportAgency.agency_id, ReportAgency.figures).join(Report, Report.id == ReportAgency.report_id)
        for agency, line in session.execute(draft.where(Report.state == ReportState.DRAFT)):
            said = {name: line["figures"][name] for name in ("expected", "excluded", "took_part", "passed", "score_hundredths")}
            assert said == {name: counted[agency][name] for name in said}, (agency, said, counted[agency])


def _forget(database: Database) -> None:
    """The revision is taken away again, so that the next one meets what this one met."""
    with database.transaction() as session:
        drafts = "(SELECT id FROM report WHERE state IN ('draft', 'discarded'))"
        session.execute(text(f"DELETE FROM report_agency WHERE report_id IN {drafts}"))
        session.execute(text(f"DELETE FROM report WHERE id IN {drafts}"))
