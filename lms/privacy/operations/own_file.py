"""Everything kept about one person, gathered from every package."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.following import PersonalSection, followers_of


def disclose(session: Session, actor: Actor, person_id: UUID, at: datetime, *, form: str) -> list[PersonalSection]:
    """All sections of a person's own file; that it was made is noted. Whose file it may be is the caller's to check."""
    sections = [section for follower in followers_of(session).persons for section in follower.disclose(session, person_id)]
    audit.record(session, actor, "privacy.disclose", person_id, at, form=form, rows=sum(len(section.rows) for section in sections))
    return sections
