"""Sealing the audit's entries, and forgetting its beginning.

Entries are written inside the transactions of those who act; taking the chain's end there would make every request wait for every other.
So the worker seals them a few seconds later, in their order of identifiers, and whoever comes late (a long transaction) is sealed later:
the chain is in the order of sealing. Until it is sealed an entry can be altered by somebody who may write past the application and its
triggers, without the chain showing it: the window is the worker's few seconds, and as long as no worker runs. `lms doctor` says how many
entries are unsealed and since when.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, cast
from uuid import UUID

from sqlalchemy import ColumnElement, Table, and_, delete, func, insert, select, text
from sqlalchemy.orm import Session

from lms.audit import rules
from lms.audit.models import AuditCheckpoint, AuditLink
from lms.audit.queries import ENTRY, Head, head
from lms.kit import audit
from lms.kit.actors import SERVICE, Actor
from lms.kit.audit import AuditEntry
from lms.kit.errors import N_, DomainError

BATCH = 1000
LATE = timedelta(minutes=15)  # how far back the worker looks for entries committed after later ones were sealed
_LINK = cast(Table, AuditLink.__table__)  # many rows at a time: not through the object mapper
_LOCK = 7_106_311_302  # one sealing at a time, on PostgreSQL; SQLite has one writer anyway


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What was removed, and where the chain goes on."""

    entries: int
    sequence: int
    hash: str


def seal_entries(session: Session, at: datetime, *, back: timedelta | None = LATE, limit: int = BATCH) -> int:
    """Add up to `limit` unsealed entries to the chain; returns how many. `back`: only entries written since so long before `at`; None: all
    there are, which reads the whole table. Several may do it at once: they follow one another."""
    return seal_batch(session, at, back=back, limit=limit)[0]


def seal_batch(session: Session, at: datetime, *, back: timedelta | None, limit: int, after: UUID | None = None) -> tuple[int, UUID | None]:
    """The same, from the entry after `after` on; also the last one sealed, for who goes on in batches: each looks only where the one
    before it ended."""
    _alone(session)
    last = head(session) or Head(0, rules.GENESIS, None)
    link: ColumnElement[bool] = AuditLink.entry_id == AuditEntry.id
    begin: list[ColumnElement[bool]] = []
    if back is not None or after is not None:
        first = max(after or UUID(int=0), first_identifier(at - back) if back is not None else UUID(int=0))
        # Said of both tables: a database that goes along both indexes need not begin at the first entry ever.
        link, begin = and_(link, AuditLink.entry_id >= first), [AuditEntry.id >= first]
    statement = select(*ENTRY).outerjoin(AuditLink, link).where(AuditLink.entry_id.is_(None), *begin).order_by(AuditEntry.id).limit(limit)
    links: list[dict[str, Any]] = []
    sequence, previous = last.sequence, last.hash
    for row in session.execute(statement):
        entry = rules.Entry(*row)
        sequence, previous = sequence + 1, rules.following(previous, entry)
        links.append({"sequence": sequence, "entry_id": entry.id, "hash": previous})
    if links:
        session.execute(insert(_LINK), links)
    return len(links), links[-1]["entry_id"] if links else None


def forget_prefix(
    session: Session, before: datetime, at: datetime, *, actor: Actor = SERVICE, limit: int | None = None
) -> Forgotten | None:
    """Remove the oldest sealed entries that happened before a moment, up to the first that did not; None where there are none.

    A checkpoint is left with the hash from which the chain goes on; the database lets go of exactly what a checkpoint covers, and takes
    only a checkpoint with the hash of a link that is there. The forgetting is itself an entry. `limit`: at most so many, for those who
    forget a large beginning in several transactions. Raises DomainError where an entry would go before its three months.
    """
    if before > at - rules.LEAST_KEPT:
        raise DomainError(N_("Nhật ký phải giữ ít nhất 3 tháng; chọn thời điểm sớm hơn."), code="kept_too_short")
    _alone(session)
    first_kept = session.scalar(
        select(AuditLink.sequence)
        .join(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .where(AuditEntry.at >= before)
        .order_by(AuditLink.sequence)
        .limit(1)
    )
    oldest, newest = session.execute(select(func.min(AuditLink.sequence), func.max(AuditLink.sequence))).one()
    if oldest is None:
        return None
    last = newest if first_kept is None else first_kept - 1
    last = last if limit is None else min(last, oldest + limit - 1)
    if last < oldest:
        return None
    hash_ = session.scalars(select(AuditLink.hash).where(AuditLink.sequence == last)).one()
    done = Forgotten(last - oldest + 1, last, hash_)
    session.execute(insert(AuditCheckpoint).values(sequence=last, hash=hash_, entries=done.entries, before=before, recorded_at=at))
    covered = select(AuditLink.entry_id).where(AuditLink.sequence <= last)
    session.execute(delete(AuditEntry).where(AuditEntry.id.in_(covered)))
    session.execute(delete(AuditLink).where(AuditLink.sequence <= last))
    audit.record(session, actor, "audit.forget_prefix", last, at, entries=done.entries, sequence=last, hash=hash_, until=before.isoformat())
    return done


def first_identifier(moment: datetime) -> UUID:
    """The smallest identifier that can have been made at a moment (they begin with the milliseconds)."""
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def _alone(session: Session) -> None:
    if session.get_bind().dialect.name == "postgresql":
        session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
