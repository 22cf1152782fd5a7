"""That a person's own file was made."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor


def note_disclosure(session: Session, actor: Actor, person_id: UUID, at: datetime, *, form: str, rows: int) -> None:
    """Note that a person's own file was made, before it is handed over. Whose file it may be is the caller's to check."""
    audit.record(session, actor, "privacy.disclose", person_id, at, form=form, rows=rows)
