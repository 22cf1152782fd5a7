"""Noting who has read the notice."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from uuid import UUID

from sqlalchemy import insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import AccessDenied, Actor
from lms.privacy.models import NoticeRead


def read_notice(session: Session, actor: Actor, version: str, at: datetime) -> None:
    """Note that the actor has read a version of the notice; reading it again keeps the first time."""
    if actor.person_id is None:
        raise AccessDenied
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    row = dialect.insert(NoticeRead).values(person_id=actor.person_id, version=version, read_at=at)
    if session.execute(row.on_conflict_do_nothing().returning(NoticeRead.version)).first() is not None:
        audit.record(session, actor, "privacy.read_notice", actor.person_id, at, version=version)


def note_all_read(session: Session, person_ids: Iterable[UUID], version: str, at: datetime) -> None:
    """For many at once, who were told by other means (a demonstration's people)."""
    known = set(session.scalars(select(NoticeRead.person_id).where(NoticeRead.version == version)))
    rows = [{"person_id": person_id, "version": version, "read_at": at} for person_id in person_ids if person_id not in known]
    if rows:
        session.execute(insert(NoticeRead), rows)
