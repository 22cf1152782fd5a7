"""Asking the worker for the documents of a report."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit.actors import Actor
from lms.kit.jobs import Job, enqueue
from lms.reports.documents import Variant

RENDERING = "reports.render"


def ask_rendering(session: Session, actor: Actor, report_id: UUID, variant: Variant, at: datetime) -> Job:
    """Have every agency's PDF and XLSX of a report made; what is there already is left as it is, so asking twice does no harm."""
    payload = {"report": str(report_id), "variant": variant.value}
    return enqueue(session, RENDERING, payload, at=at, created_by=actor.person_id)
