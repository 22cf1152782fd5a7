"""Looking at what a person's result was made from. That somebody looked is written down."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from quizzes.queries.provenance import Traced, trace


def look_at_origin(session: Session, actor: Actor, attempt_id: UUID, at: datetime) -> Traced:
    """Raises NotFound for a sitting that has no mark."""
    found = trace(session, attempt_id)
    audit.record(session, actor, "quizzes.look_at_origin", attempt_id, at, round=found.origin.round_code)
    return found
