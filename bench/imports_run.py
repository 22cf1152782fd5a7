"""One measured run: `python -m bench.imports_run prepare|floor|import FILE`; prints what its parts took as JSON."""

from __future__ import annotations

import json
import os
import resource
import sys
from collections.abc import Iterator, Sequence
from datetime import date
from itertools import islice
from pathlib import Path
from typing import Any

import python_calamine
from flask import Flask
from sqlalchemy import text

import courses
import quizzes
from bench.data import prepare_schema
from bench.imports import AGENCIES, HEADER, agency_name
from bench.processes import children, on_processor
from lms.accounts import operations
from lms.accounts.jobs import ROSTER_JOB
from lms.accounts.operations import RosterOptions
from lms.app import create_app
from lms.config import load_settings
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.imports.models import ImportRun
from lms.kit.imports.operations import confirm_import, record_check
from lms.kit.jobs import run_job
from lms.kit.sheets import iterate_workbook
from tests.factories import make_agency

DAY = date(2026, 10, 1)
BATCH = 1_000


class Taken:
    """Processor time and peaks from here on."""

    def __init__(self) -> None:
        self._own, self._database = self._now()

    def told(self) -> dict[str, float]:
        own, database = self._now()
        peaks = [resource.getrusage(who).ru_maxrss / 1024 for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
        result = {"own": own - self._own, "database": database - self._database, "peak": peaks[0], "parser_peak": peaks[1]}
        self._own, self._database = self._now()
        return result

    @staticmethod
    def _now() -> tuple[float, float]:
        times = os.times()
        postmaster = os.environ.get("BENCH_POSTMASTER")
        database = on_processor(children(int(postmaster))) / 1e9 if postmaster else 0.0
        return times.user + times.system + times.children_user + times.children_system, database


def main(mode: str, file: Path) -> list[dict[str, float]]:
    if mode == "floor":
        url = os.environ["BENCH_FLOOR_URL"]
        return [_floor(url, _read_safely(file)), _floor(url, _read_barely(file))]
    app = create_app(load_settings(dict(os.environ)), features=(courses.feature, quizzes.feature))
    with app.app_context():
        return _prepare(app) if mode == "prepare" else _import(app, file)


def _prepare(app: Flask) -> list[dict[str, float]]:
    database: Database = app.extensions["lms.database"]
    prepare_schema(database)
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh Thái Nguyên", code="H55")
        for number in range(AGENCIES):
            make_agency(session, agency_name(number), parent=root, code=f"H55.{number + 1}", block="su_nghiep")
    return []


def _import(app: Flask, file: Path) -> list[dict[str, float]]:
    database: Database = app.extensions["lms.database"]
    options = {"as_of": DAY.isoformat()}
    taken = Taken()
    with database.reading() as session:
        checked = operations.check_roster(session, iterate_workbook(file), file.name, RosterOptions(DAY)).checked()
    preview = taken.told()
    at = now()
    with database.transaction() as session:
        # A file of nothing new cannot be confirmed; here it is, to see what finding that out again costs the worker.
        content = file.read_bytes()
        run_id = record_check(
            session, SERVICE, app.extensions["lms.vault"], kind="roster", file_name=file.name, content=content, checked=checked,
            options=options, at=at,
        )  # fmt: skip
        session.get_one(ImportRun, run_id).rows = max(checked.rows, 1)
    with database.transaction() as session:
        confirm_import(session, SERVICE, run_id, job_kind=ROSTER_JOB, skip_faulty=True, at=at)
        job_id = session.get_one(ImportRun, run_id).job_id
    assert job_id is not None
    taken.told()
    run_job(database, app.extensions["lms.job_handlers"], job_id)
    applied = taken.told()
    with database.reading() as session:
        run = session.get_one(ImportRun, run_id)
        if run.state != "done":
            sys.exit(f"{run.state}: {run.error}")
    return [preview, applied]


def _floor(url: str, sheet_rows: Iterator[Sequence[Any]]) -> dict[str, float]:
    database = Database(url)
    columns = ", ".join(f"c{number} text" for number in range(len(HEADER)))
    with database.transaction() as session:
        session.execute(text("DROP TABLE IF EXISTS copied"))
        session.execute(text(f"CREATE TABLE copied ({columns})"))
    names = [f"c{number}" for number in range(len(HEADER))]
    insert = text(f"INSERT INTO copied VALUES ({', '.join(f':{name}' for name in names)})")
    taken = Taken()
    with database.transaction() as session:
        for rows in _batches(sheet_rows):
            session.execute(insert, [dict(zip(names, row, strict=True)) for row in rows])
    result = taken.told()
    database.dispose()
    return result


def _read_safely(file: Path) -> Iterator[Sequence[Any]]:
    """As the service reads what it was sent: checked whole before it is parsed, and parsed in a process of its own."""
    for sheet in iterate_workbook(file):
        for row in sheet.rows[1:]:
            yield row.cells


def _read_barely(file: Path) -> Iterator[Sequence[Any]]:
    """The parser alone, trusting the file."""
    with python_calamine.load_workbook(file) as workbook:
        for name in workbook.sheet_names:
            rows = workbook.get_sheet_by_name(name).iter_rows()
            next(rows)
            yield from rows


def _batches(rows: Iterator[Sequence[Any]]) -> Iterator[list[Sequence[Any]]]:
    while batch := list(islice(rows, BATCH)):
        yield batch


if __name__ == "__main__":
    print(json.dumps(main(sys.argv[1], Path(sys.argv[2]))))
