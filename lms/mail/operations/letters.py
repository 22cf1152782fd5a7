"""The day's letters: written once, read when they go out, forgotten."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.ids import uuid7
from lms.kit.notices import Notice
from lms.mail.models import DigestRun, Message, Told
from lms.mail.operations.queue import hold_due, send_again
from lms.mail.rules import Letter, MessageState

Write = Callable[[UUID, Sequence[Notice]], tuple[str, str]]
"""(person, what is new to them) → subject and body of the letter, in the language letters are written in."""


def write_digests(session: Session, notices: Mapping[UUID, Sequence[Notice]], write: Write, at: datetime) -> int:
    """One letter for each of these people about whatever they have not been told yet; returns how many there were.

    Several workers may write at once: whose note of having told comes first writes.
    """
    rows = [{"key": notice.key, "person_id": person, "told_at": at} for person, given in notices.items() for notice in given]
    if not rows:
        return 0
    insert_new = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    told = session.execute(insert_new(Told).values(rows).on_conflict_do_nothing().returning(Told.person_id, Told.key))
    new = {(row.person_id, row.key) for row in told}
    letters: list[dict[str, Any]] = []
    for person, given in notices.items():
        untold = sorted((notice for notice in given if (person, notice.key) in new), key=lambda notice: (notice.order, notice.key))
        if untold:
            subject, body = write(person, untold)
            letters.append({"id": uuid7(), "person_id": person, "subject": subject, "body": body, "created_at": at, "due_at": at})
    if letters:
        session.execute(insert(Message), letters)
    return len(letters)


def finish_day(session: Session, day: date, letters: int, unreachable: int, at: datetime) -> None:
    """Note that the day's letters are written; a second worker that was slower says nothing."""
    if session.get(DigestRun, day) is None:
        session.add(DigestRun(day=day, finished_at=at, letters=letters, unreachable=unreachable))
        session.flush()


def take_due(session: Session, at: datetime, limit: int) -> list[Letter]:
    """Letters to hand over now, held for this worker."""
    ids = hold_due(session, Message, at, limit)
    rows = session.execute(
        select(Message.id, Person.email, Message.subject, Message.body, Message.tries, Message.created_at)
        .join(Person, Person.id == Message.person_id)
        .where(Message.id.in_(ids))
        .order_by(Message.created_at, Message.id)
    )
    return [Letter(*row) for row in rows]


def try_again(session: Session, actor: Actor, message_id: UUID, at: datetime) -> None:
    """Send a failed letter once more. Raises NotFound."""
    if not send_again(session, Message, message_id, (MessageState.FAILED,), at):
        raise NotFound
    person = session.scalars(select(Message.person_id).where(Message.id == message_id)).one()
    audit.record(session, actor, "mail.try_again", message_id, at, person=str(person))


def forget_letters(session: Session, person_id: UUID) -> None:
    """Remove what was written to somebody and what they were told."""
    session.execute(delete(Message).where(Message.person_id == person_id))
    session.execute(delete(Told).where(Told.person_id == person_id))
