"""Letters of any table on their way: held for one worker, sent, put off, given up, sent again."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any, Protocol
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.mail.models import OnItsWay
from lms.mail.rules import LEASE, MessageState, next_try

ON_ITS_WAY = (MessageState.WAITING, MessageState.SENDING)


class Held(Protocol):
    """A letter this worker is sending; `address` None: there is nobody any more to send it to."""

    @property
    def id(self) -> UUID: ...

    @property
    def address(self) -> str | None: ...

    @property
    def tries(self) -> int: ...

    @property
    def created_at(self) -> datetime: ...


def hold_due(session: Session, table: type[OnItsWay], at: datetime, limit: int) -> Sequence[UUID]:
    """Letters to hand over now, held for this worker; one that dies leaves them to another after the lease."""
    ids = session.scalars(
        select(table.id)
        .where(table.state.in_(ON_ITS_WAY), table.due_at <= at)
        .order_by(table.due_at, table.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
    if ids:
        held = {"state": MessageState.SENDING, "due_at": at + LEASE, "tries": table.tries + 1}
        session.execute(update(table).where(table.id.in_(ids)).values(held))
    return ids


def note_sent(session: Session, table: type[OnItsWay], letter_id: UUID, at: datetime, **emptied: Any) -> None:
    """The server has taken it."""
    sent = {"state": MessageState.SENT, "ended_at": at, "problem": None, **emptied}
    session.execute(update(table).where(table.id == letter_id).values(sent))


def note_failed(session: Session, table: type[OnItsWay], held: Held, problem: str, at: datetime, *, may_pass: bool) -> None:
    """It did not go: try again later if that may help, else leave it for somebody to look at. Where another worker has taken it up
    meanwhile, that one's word counts."""
    again = next_try(held.created_at, held.tries, at) if may_pass else None
    if again is None:
        values: dict[str, Any] = {"state": MessageState.FAILED, "ended_at": at}
    else:
        values = {"state": MessageState.WAITING, "due_at": again}
    mine = table.id == held.id, table.state == MessageState.SENDING, table.tries == held.tries
    session.execute(update(table).where(*mine).values(problem=problem[:500], **values))


def send_again(session: Session, table: type[OnItsWay], letter_id: UUID, ended: Collection[str], at: datetime) -> bool:
    """Put a letter that ended in one of some states on its way once more; whether there was such a one."""
    anew = {"state": MessageState.WAITING, "due_at": at, "created_at": at, "tries": 0, "ended_at": None}
    found = update(table).where(table.id == letter_id, table.state.in_(ended)).values(anew).returning(table.id)
    return session.scalar(found) is not None
