"""Rendering a public report once, and forgetting renderings nobody is served any more."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, or_, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.kit import jobs
from lms.reports.models import PublicFile, PublicRendering, Report, ReportState

RENDERING = "reports.render_public"


def ask_public_files(session: Session, report_id: UUID, rendering: str, at: datetime) -> UUID | None:
    """Have the worker render what the public fetches of a report. None where that was asked before, unless it failed since. Returns the
    job's id."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    new = insert(PublicRendering).values(report_id=report_id, rendering=rendering, asked_at=at).on_conflict_do_nothing()
    session.execute(new)
    row = session.scalars(
        select(PublicRendering)
        .where(PublicRendering.report_id == report_id, PublicRendering.rendering == rendering)
        .with_for_update()
        .execution_options(populate_existing=True)
    ).one()
    if row.finished_at is not None or (row.job_id is not None and not _failed(session, row.job_id)):
        return None
    job = jobs.enqueue(session, RENDERING, {"report": str(report_id), "rendering": rendering}, at=at)
    session.flush()
    row.job_id, row.asked_at = job.id, at
    session.flush()
    return job.id


def store_files(session: Session, report_id: UUID, rendering: str, rows: Sequence[dict[str, Any]]) -> None:
    """Keep some rendered files; those that are there are the same."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    whose = {"report_id": report_id, "rendering": rendering}
    session.execute(insert(PublicFile).values([{**whose, **row} for row in rows]).on_conflict_do_nothing())


def finish_files(session: Session, report_id: UUID, rendering: str, at: datetime) -> None:
    session.execute(
        update(PublicRendering).where(PublicRendering.report_id == report_id, PublicRendering.rendering == rendering).values(finished_at=at)
    )


def drop_old_files(session: Session, rendering: str) -> int:
    """Forget files of reports that are not public any more, and those of an earlier version of the programme once they are made anew."""
    public = select(Report.id).where(Report.state == ReportState.PUBLISHED)
    renewed = select(PublicRendering.report_id).where(PublicRendering.rendering == rendering, PublicRendering.finished_at.is_not(None))
    dropped = 0
    for table in (PublicFile, PublicRendering):
        old = or_(
            table.report_id.not_in(public),
            (table.rendering != rendering) & table.report_id.in_(renewed),
        )
        dropped += len(session.execute(delete(table).where(old).returning(table.report_id)).all())
    return dropped


def _failed(session: Session, job_id: UUID) -> bool:
    return session.scalar(select(jobs.Job.state).where(jobs.Job.id == job_id)) in (None, jobs.JobState.FAILED)
