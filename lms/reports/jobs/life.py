"""Freezing in steps that may stop anywhere, publishing at a set moment, and what follows the lock of a round by itself."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

import structlog

from lms.kit.actors import SERVICE, Actor
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.jobs import JobHandler, JobRun, Periodic
from lms.kit.unit import settings, transaction
from lms.reports.models import Report, ReportState
from lms.reports.operations.consulting import open_consultation
from lms.reports.operations.freezing import BODIES_AT_ONCE, FREEZING, finish_report, write_bodies
from lms.reports.operations.planning import freeze_what_is_locked, plan_of
from lms.reports.operations.publishing import PUBLISHING, publish_scheduled
from lms.reports.queries.composing import compose, head_of
from lms.reports.queries.life import written_bodies

log = structlog.get_logger()


def freeze_job(run: JobRun) -> Mapping[str, Any]:
    """Read, write the bodies some at a time, then the manifest. Taken up again it reads the same and writes what is missing."""
    report_id, actor = UUID(run.payload["report"]), _asked_by(run.payload)
    while True:
        with run.database.reading() as session:
            report = session.get(Report, report_id)
            if report is None or report.state != ReportState.BUILDING:
                return {"report": str(report_id)}
            composition = compose(session, head_of(session, report))
            written = written_bodies(session, report_id)
        total = len(composition.agencies)
        missing = [agency for agency in composition.agencies if agency not in written]
        run.progress(total - len(missing), total)
        for start in range(0, len(missing), BODIES_AT_ONCE):
            with run.database.transaction() as session:
                write_bodies(session, report_id, composition, missing[start : start + BODIES_AT_ONCE])
            run.progress(total - len(missing) + min(start + BODIES_AT_ONCE, len(missing)), total)
        with run.database.transaction() as session:
            if finish_report(session, actor, report_id, composition, now()):
                _consult_if_planned(session, report_id)
                return {"report": str(report_id), "agencies": total}


def publish_job(run: JobRun) -> Mapping[str, Any]:
    """At the set moment, everything at once or not at all."""
    with run.database.transaction() as session:
        moment = datetime.fromisoformat(run.payload["publish_at"])
        return {"published": publish_scheduled(session, UUID(run.payload["report"]), moment, now())}


def watch_locks(at: datetime) -> None:
    """Freeze what was locked and is to be frozen by itself."""
    with transaction() as session:
        freeze_what_is_locked(session, SERVICE, at)


def _consult_if_planned(session: Any, report_id: UUID) -> None:
    """The agencies are asked in the transaction that makes the draft whole, where the plan says so."""
    report = session.get_one(Report, report_id)
    plan = plan_of(session, report.activity)
    if plan is None or not plan.consults_when_frozen:
        return
    try:
        open_consultation(session, SERVICE, report_id, plan.consultation_days, zone=settings().zone, at=now())
    except DomainError as refused:  # a person may have gone further by now
        log.info("consultation_not_opened", report=str(report_id), reason=str(refused))


def _asked_by(payload: Mapping[str, Any]) -> Actor:
    person = payload.get("actor")
    return Actor(UUID(person), str(payload["name"]), "") if person else SERVICE


LIFE_JOBS: Mapping[str, JobHandler] = {FREEZING: freeze_job, PUBLISHING: publish_job}
LIFE_PERIODIC = (Periodic(name="reports.watch_locks", seconds=60, run=watch_locks),)
