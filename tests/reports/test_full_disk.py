"""A disk that is full while results are frozen, made public or signed: nothing is there by halves, the reason is told, and once there is
room it goes on by itself or by the same button."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import psycopg
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select
from sqlalchemy.exc import OperationalError

from lms.config import Settings
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database, is_disk_full
from lms.kit.jobs import MAX_TRIES, ROOM, Job, JobState
from lms.kit.queue import run_due
from lms.reports import operations
from lms.reports.models import PublicFile, Report, ReportAgency, SignedFile
from lms.reports.queries.verifying import verify_report
from tests.reports.making import ACTIVITY, CLOSED, Province, make_province, revisions
from tests.reports.signing_keys import PASSPHRASE
from tests.reports.test_public_files import publish, render
from tests.reports.test_report_files import sealing

__all__ = ["sealing"]


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


@contextmanager
def full(database: Database, table: str) -> Iterator[None]:
    """As if the disk had no room for another row of a table."""
    starts = re.compile(rf"INSERT INTO {table}\b")

    def refuse(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        if starts.match(statement):
            if database.is_sqlite:
                origin: Exception = sqlite3.OperationalError("database or disk is full")
                origin.sqlite_errorcode = sqlite3.SQLITE_FULL  # type: ignore[attr-defined]
            else:
                origin = psycopg.errors.DiskFull("could not extend file: No space left on device")
            raise OperationalError(statement, {}, origin)

    event.listen(database.engine, "before_cursor_execute", refuse)
    yield
    event.remove(database.engine, "before_cursor_execute", refuse)


def state_of(database: Database, kind: str) -> tuple[str, str | None]:
    with database.reading() as session:
        job = session.scalars(select(Job).where(Job.kind == kind)).one()
        return job.state, job.error


def count(database: Database, table: type[Any]) -> int:
    with database.reading() as session:
        return session.scalar(select(func.count()).select_from(table)) or 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_database_without_room_is_known_for_one(database: Database) -> None:
    with pytest.raises(OperationalError) as caught, database.transaction() as session:
        pages = session.connection().exec_driver_sql("PRAGMA page_count").scalar_one()
        session.connection().exec_driver_sql(f"PRAGMA max_page_count = {pages}")
        for number in range(1000):
            session.connection().exec_driver_sql(f"CREATE TABLE grows_{number} (a TEXT)")
    assert is_disk_full(caught.value)
    assert not is_disk_full(OperationalError("", {}, sqlite3.OperationalError("database is locked")))
    assert is_disk_full(OperationalError("", {}, psycopg.errors.DiskFull()))


def test_freezing_waits_for_room_however_long_and_goes_on(
    app: Flask, province: Province, database: Database, sign_in: Callable[[str], FlaskClient]
) -> None:
    with database.transaction() as session:
        job = operations.request_freezing(session, SERVICE, ACTIVITY, CLOSED)
    with time_machine.travel(CLOSED, tick=False) as clock:
        with full(database, "report_agency"):
            for _time in range(MAX_TRIES + 3):
                assert run_due(app) == 1
                assert state_of(database, "reports.freeze")[0] == JobState.QUEUED
                clock.shift(ROOM)
            assert "Hết chỗ trên đĩa" in sign_in("quantri").get(f"/manage/reports/progress/{job}").text
            assert revisions(database) == [(1, "building")]
            assert count(database, ReportAgency) == 0
        clock.shift(ROOM)
        run_due(app)
    assert revisions(database) == [(1, "draft")]
    with database.reading() as session:
        report = session.scalars(select(Report)).one()
        assert report.built_at == CLOSED
        assert verify_report(session, report.id).holds


def test_public_files_wait_for_room_and_the_public_reads_meanwhile(app: Flask, province: Province, database: Database) -> None:
    public = app.test_client()
    with time_machine.travel(CLOSED + timedelta(hours=1), tick=False) as clock:
        publish(database, CLOSED)
        with full(database, "report_public_file"):
            render(app)
            run_due(app)
            assert count(database, PublicFile) == 0
            asked = public.get("/public/2026-Q4.json")
            assert asked.status_code == 200
        clock.shift(ROOM)
        run_due(app)
        assert count(database, PublicFile) > 0
        assert public.get("/public/2026-Q4.json").data == asked.data


def test_a_seal_there_is_no_room_for_is_not_said_to_be_there(
    app: Flask, province: Province, database: Database, sealing: Settings, sign_in: Callable[[str], FlaskClient]
) -> None:
    assert sealing.report_seal_passphrase == PASSPHRASE
    publish(database, CLOSED - timedelta(days=1))
    client = sign_in("quantri")
    with full(database, "report_signed_file"):
        refused = client.post("/reports/2026-Q4/H55.1/seal")
    assert refused.status_code == 503
    assert "Đã đóng dấu" not in client.get("/reports/2026-Q4/H55.1/signed").text
    assert count(database, SignedFile) == 0
    assert client.post("/reports/2026-Q4/H55.1/seal").status_code == 303
    assert count(database, SignedFile) == 1
    assert now() > CLOSED - timedelta(days=1)
