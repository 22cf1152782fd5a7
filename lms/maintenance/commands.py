"""`lms worker`, `lms db` and `lms doctor`."""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Mapping
from datetime import UTC, datetime

import click
from flask import current_app
from sqlalchemy import func, select

from lms.audit import jobs as audit_jobs
from lms.audit import queries as audit
from lms.audit.reading import fault_sentence, told
from lms.config import Settings
from lms.feature import Check, merged
from lms.kit import queue
from lms.kit.clock import now
from lms.kit.jobs import Job, JobState
from lms.kit.unit import database, reading
from lms.maintenance import schema

MIN_FREE_BYTES = 500 * 1024 * 1024
MAX_CLOCK_DIFFERENCE = 2.0


@click.command()
def worker() -> None:
    """Carry out jobs until Ctrl-C."""
    # The proxy has no end a consumer could hold on to; it needs the application itself.
    queue.work(current_app._get_current_object())  # type: ignore[attr-defined]


@click.group()
def db() -> None:
    """The database's schema."""


@db.command("upgrade")
def db_upgrade() -> None:
    """Bring the schema to the newest version."""
    schema.upgrade(database())
    click.echo(f"schema: {schema.current_revision(database())}")


@db.command("check")
def db_check() -> None:
    """Compare the schema with what the application expects."""
    found = schema.differences(database())
    for difference in found:
        click.echo(difference, err=True)
    if found:
        sys.exit(1)
    click.echo("schema: equal to the models")


@click.command()
def doctor() -> None:
    """Check everything the service stands on; each line says ok, or how to mend it."""
    checks: Mapping[str, Check] = {
        "settings": _settings,
        "database": _database,
        "clock": _clock,
        "disk": _disk,
        "queue": _queue,
        "audit": _audit,
        **merged(current_app.extensions["lms.features"], "checks"),
    }
    healthy = True
    for name, check in checks.items():
        try:
            click.echo(f"ok    {name}: {check()}")
        except Exception as error:  # the doctor's trade: whatever is wrong becomes a line
            healthy = False
            click.echo(f"WRONG {name}: {error}", err=True)
    if not healthy:
        sys.exit(1)


def _current() -> Settings:
    settings: Settings = current_app.extensions["lms.settings"]
    return settings


def _settings() -> str:
    return f"{_current().env}, {_current().timezone}, {_current().base_url}"


def _database() -> str:
    current, newest = schema.current_revision(database()), schema.newest_revision(database())
    if current != newest:
        raise RuntimeError(f"schema is {current}, newest is {newest}: run lms db upgrade")
    return f"{database().engine.dialect.name}, schema {current}"


def _clock() -> str:
    with reading() as session:
        answer = session.scalar(select(func.current_timestamp()))
    moment = answer if isinstance(answer, datetime) else datetime.fromisoformat(str(answer))
    moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
    difference = abs((moment - now()).total_seconds())
    if difference > MAX_CLOCK_DIFFERENCE:
        raise RuntimeError(f"the database's clock differs by {difference:.1f} s: set both by NTP")
    return f"{difference:.1f} s from the database's"


def _disk() -> str:
    folder = _current().data_dir
    folder.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=folder) as probe:
        probe.write(b"x")
        os.fsync(probe.fileno())
    free = shutil.disk_usage(folder).free
    if free < MIN_FREE_BYTES:
        raise RuntimeError(f"only {free // 2**20} MB free in {folder}: make room or move LMS_DATA_DIR")
    return f"{free // 2**30} GB free in {folder}"


def _queue() -> str:
    with reading() as session:
        states = dict(session.execute(select(Job.state, func.count()).group_by(Job.state)).all())
        oldest = session.scalar(select(func.min(Job.run_after)).where(Job.state == JobState.QUEUED))
    if oldest and (now() - oldest).total_seconds() > 60:
        raise RuntimeError(f"a job has waited since {oldest:%d/%m/%Y %H:%M} UTC: is the worker running? start it with lms worker")
    return f"{states.get(JobState.QUEUED, 0)} waiting, {states.get(JobState.FAILED, 0)} failed"


def _audit() -> str:
    """Seal what is written, then compute the whole chain again: some 15 s for a million entries."""
    audit_jobs.seal(now(), back=None)
    with reading() as session:
        found, waiting = audit.verify(session), audit.unsealed(session)
    if found.fault is not None:
        raise RuntimeError(fault_sentence(found))
    return told(found, waiting)
