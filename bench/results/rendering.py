"""A worker's child: `python -m bench.results.rendering` carries out the job that makes a report's documents, and the one that renders what
the public fetches, in a fresh process with the environment of the service. Prints as JSON what they took."""

from __future__ import annotations

import json
import os
import time
from collections import defaultdict
from pathlib import Path
from typing import Any
from uuid import UUID

from sqlalchemy import select

import courses
import quizzes
from lms.app import create_app
from lms.config import load_settings
from lms.kit.clock import now
from lms.kit.jobs import Job, JobRun, JobState, run_job
from lms.reports import rendering
from lms.reports.feeds.rendering import current_rendering
from lms.reports.jobs.public_files import render_public
from lms.reports.models import Report, ReportState
from lms.reports.models.files import ReportFile
from lms.reports.operations.public_files import RENDERING as PUBLIC
from lms.reports.operations.public_files import ask_public_files
from lms.reports.operations.rendering import RENDERING

AT = (1, 100, 200, 400, 700)


class Watched(JobRun):
    """Tells the memory of this process on the way."""

    def __init__(self, run: JobRun, resident: dict[int, float]) -> None:
        super().__init__(run.database, run.job_id, run.payload)
        self.resident = resident

    def progress(self, done: int, total: int) -> None:
        super().progress(done, total)
        if done in AT:
            self.resident[done] = _resident()


def main() -> None:
    app = create_app(load_settings(os.environ), features=(courses.feature, quizzes.feature))
    database = app.extensions["lms.database"]
    with database.reading() as session:
        report = session.scalars(select(Report).where(Report.state == ReportState.PUBLISHED).order_by(Report.period.desc()).limit(1)).one()
        jobs = session.execute(select(Job.id, Job.payload).where(Job.kind == RENDERING, Job.state == JobState.QUEUED)).all()
        job = next(row.id for row in jobs if row.payload["report"] == str(report.id))
    took: defaultdict[str, list[float]] = defaultdict(list)
    made = rendering.make

    def timed(source: Any, kind: Any, *rest: Any) -> bytes:
        begun = time.process_time()  # the compiler has threads of its own
        content = made(source, kind, *rest)
        took[kind].append(time.process_time() - begun)
        return content

    rendering.make = timed  # type: ignore[assignment]
    resident: dict[int, float] = {0: _resident()}
    begun, cpu = time.perf_counter(), time.process_time()
    with app.app_context():
        run_job(database, {RENDERING: lambda run: rendering.render_all(Watched(run, resident))}, job)
        documents = {"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "resident": resident}
        with database.transaction() as session:
            public = ask_public_files(session, report.id, current_rendering(), now())
        begun, cpu = time.perf_counter(), time.process_time()
        run_job(database, {PUBLIC: render_public}, _id(public))
        files = {"wall": time.perf_counter() - begun, "cpu": time.process_time() - cpu, "resident": _resident()}
    with database.reading() as session:
        sizes = session.execute(select(ReportFile.kind, ReportFile.size).where(ReportFile.report_id == report.id)).all()
    for kind, times in took.items():
        bytes_of = [row.size for row in sizes if row.kind == kind]
        documents[kind] = {"number": len(bytes_of), "times": times, "bytes": sum(bytes_of)}
    print(json.dumps({"documents": documents, "files": files}))


def _id(job: UUID | None) -> UUID:
    assert job is not None
    return job


def _resident() -> float:
    """MB of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


if __name__ == "__main__":
    main()
