"""What happened, in order, still to be turned into statements: one row in the transaction in which it happened."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, Index, Integer, insert, text
from sqlalchemy.orm import Mapped, Session, mapped_column

from lms.kit.db import Base

_WAITING = text("stored_at IS NULL")


class OutboxEntry(Base):
    """`builder` names a feature's statement builder, `reference` is what it needs to find the facts again.

    Waiting while `stored_at` is empty; tried again at `retry_at`; out of the way, for a person to look at, once `set_aside_at` is set.
    Numbered by the database: several entries of one transaction keep the order in which they were noted.
    """

    __tablename__ = "outbox_entry"
    __table_args__ = (Index("ix_outbox_entry_waiting", "id", postgresql_where=_WAITING, sqlite_where=_WAITING),)

    id: Mapped[int] = mapped_column(BigInteger().with_variant(Integer, "sqlite"), primary_key=True, autoincrement=True)
    builder: Mapped[str]
    reference: Mapped[dict[str, Any]]
    happened_at: Mapped[datetime]
    stored_at: Mapped[datetime | None]
    tries: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None]
    retry_at: Mapped[datetime | None]
    set_aside_at: Mapped[datetime | None]


def emit(session: Session, builder: str, reference: dict[str, Any], at: datetime) -> None:
    """Note that something happened; the worker builds and stores its statements, once, in the order of the notes."""
    session.add(OutboxEntry(builder=builder, reference=reference, happened_at=at, tries=0))


_NOTE = insert(OutboxEntry.__table__)  # type: ignore[arg-type]


def emit_at_once(session: Session, builder: str, reference: dict[str, Any], at: datetime) -> None:
    """`emit` for what everybody does at one moment: the row is written now, past the object mapper. It stands before what `emit` noted
    earlier in the same transaction and has not been flushed."""
    note = {"builder": builder, "reference": reference, "happened_at": at, "tries": 0}
    session.connection().execute(_NOTE, note)


EACH = "each"
TOGETHER = 20


def emit_many(session: Session, builder: str, events: Sequence[Any], at: datetime, **common: Any) -> None:
    """Note what comes in thousands at once, in the order in which it happened: so many events share a row, each as short as its builder
    can do with. The reference has them as a list under `each`, beside what is `common` to them. An event that must not be told after all
    is taken out of its row (`lms.lrs.operations.forgetting`)."""
    rows = [
        {"builder": builder, "reference": {**common, EACH: list(events[start : start + TOGETHER])}, "happened_at": at, "tries": 0}
        for start in range(0, len(events), TOGETHER)
    ]
    if rows:
        session.flush()
        session.execute(_NOTE, rows)
