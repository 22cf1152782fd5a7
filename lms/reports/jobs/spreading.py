"""What happened to a report is told on: public files, webhooks, letters. Each step may stop anywhere and be taken again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from flask import Flask, current_app
from sqlalchemy import select

from lms.kit.clock import local_date, now
from lms.kit.jobs import JobHandler, JobRun, Periodic
from lms.kit.unit import reading, settings, transaction
from lms.reports.delivering import Courier
from lms.reports.feeds.rendering import current_rendering
from lms.reports.models import ReportEvent, ReportHappening
from lms.reports.operations.letters import add_letters
from lms.reports.operations.public_files import ask_public_files
from lms.reports.operations.spreading import ask_spreading
from lms.reports.operations.webhooks import add_deliveries
from lms.reports.posting import hand_over
from lms.reports.queries.deliveries import SPREADING, due_targets, has_waiting_events
from lms.reports.queries.files import agencies_in_order

AGENCIES_AT_ONCE = 100


def spread(run: JobRun) -> Mapping[str, Any]:
    """Rows for those to be told. What is there already is not written twice. `letters` in what it is asked: nothing but letters."""
    event_id, deliveries = int(run.payload["event"]), 0
    with run.database.transaction() as session:
        event = session.get_one(ReportEvent, event_id)
        if not run.payload.get("letters"):
            if event.kind == ReportHappening.PUBLISHED:
                ask_public_files(session, event.report_id, current_rendering(), now())
            deliveries = add_deliveries(session, event, now())
        agencies = agencies_in_order(session, event.report_id)
    letters = _write_letters(run, event_id, agencies) if settings().smtp_url is not None else 0
    return {"deliveries": deliveries, "letters": letters}


def _write_letters(run: JobRun, event_id: int, agencies: Sequence[UUID]) -> int:
    letters = 0
    for start in range(0, len(agencies), AGENCIES_AT_ONCE):
        at = now()
        with run.database.transaction() as session:
            event = session.scalars(select(ReportEvent).where(ReportEvent.id == event_id)).one()
            some = agencies[start : start + AGENCIES_AT_ONCE]
            letters += add_letters(session, event, some, local_date(at, settings().zone), at)
        run.progress(min(start + AGENCIES_AT_ONCE, len(agencies)), len(agencies))
    return letters


def notice_events(at: datetime) -> None:
    with reading() as session:
        if not has_waiting_events(session):
            return
    with transaction() as session:
        ask_spreading(session, at)


def deliver(at: datetime) -> None:
    """See that somebody is telling every receiver for whom something is due, beside the worker's other work."""
    app = cast(Flask, current_app._get_current_object())  # type: ignore[attr-defined]
    courier: Courier = app.extensions.setdefault("lms.reports.courier", Courier())
    with reading() as session:
        targets: list[UUID] = due_targets(session, at)
    for target in targets:
        courier.start(app, target)


SPREADING_JOBS: Mapping[str, JobHandler] = {SPREADING: spread}
SPREADING_PERIODIC = (
    Periodic(name="reports.spread", seconds=2, run=notice_events),
    Periodic(name="reports.deliver", seconds=3, run=deliver),
    Periodic(name="reports.letters", seconds=20, run=hand_over),
)
