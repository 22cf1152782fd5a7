"""Reading letters."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Person
from lms.mail.models import DigestRun, Message
from lms.mail.rules import MessageState

SHOWN = 100


@dataclass(frozen=True, slots=True)
class FailedLetter:
    id: UUID
    person: str
    staff_code: str
    subject: str
    created_at: datetime
    tries: int
    problem: str | None


@dataclass(frozen=True, slots=True)
class MailState:
    """How the post stands: letters by state, the oldest that waits, the newest that failed, the last days' runs."""

    counts: dict[str, int]
    oldest_waiting: datetime | None
    failed: list[FailedLetter]
    runs: list[tuple[date, datetime, int, int]]


def mail_state(session: Session) -> MailState:
    """Four statements."""
    counts = {state: count for state, count in session.execute(select(Message.state, func.count()).group_by(Message.state))}  # noqa: C416
    oldest = session.scalar(select(func.min(Message.created_at)).where(Message.state.in_((MessageState.WAITING, MessageState.SENDING))))
    failed = session.execute(
        select(Message.id, Person.full_name, Person.staff_code, Message.subject, Message.created_at, Message.tries, Message.problem)
        .join(Person, Person.id == Message.person_id)
        .where(Message.state == MessageState.FAILED)
        .order_by(Message.created_at.desc(), Message.id.desc())
        .limit(SHOWN)
    )
    runs = session.execute(
        select(DigestRun.day, DigestRun.finished_at, DigestRun.letters, DigestRun.unreachable).order_by(DigestRun.day.desc()).limit(14)
    )
    return MailState(
        counts={state: counts.get(state, 0) for state in MessageState},
        oldest_waiting=oldest,
        failed=[FailedLetter(*row) for row in failed],
        runs=[(row.day, row.finished_at, row.letters, row.unreachable) for row in runs],
    )


def is_written(session: Session, day: date) -> bool:
    """Have all letters of this day been written?"""
    return session.get(DigestRun, day) is not None


def addresses(session: Session, people: Collection[UUID]) -> dict[UUID, str]:
    """Who of these can be written to, with the address; never those erased or joined to another record."""
    rows = session.execute(
        select(Person.id, Person.email).where(
            Person.id.in_(people), Person.email.is_not(None), Person.erased_at.is_(None), Person.merged_into_id.is_(None)
        )
    )
    return {person_id: email for person_id, email in rows if email}
