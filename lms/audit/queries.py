"""Reading the audit: the chain's head, whether it holds, and the entries of a search."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, func, or_, select
from sqlalchemy.orm import Session

from lms.audit.models import AuditCheckpoint, AuditLink
from lms.audit.rules import GENESIS, Entry, following
from lms.kit.actors import NotFound
from lms.kit.audit import AuditEntry

PAGE = 50
BATCH = 2000  # entries read at once, by the verification and by an export

ENTRY = (
    AuditEntry.id,
    AuditEntry.at,
    AuditEntry.actor_id,
    AuditEntry.actor_name,
    AuditEntry.action,
    AuditEntry.subject,
    AuditEntry.details,
    AuditEntry.request_id,
    AuditEntry.remote_address,
)
"""The columns of an entry, in the order of `rules.Entry`."""


@dataclass(frozen=True, slots=True)
class Head:
    """The chain's end: who knows it can tell later whether anything up to here was altered. `at`: of the last sealed entry; None where
    that is forgotten."""

    sequence: int
    hash: str
    at: datetime | None


@dataclass(frozen=True, slots=True)
class Unsealed:
    """Entries the chain does not cover yet."""

    count: int
    since: datetime | None


@dataclass(frozen=True, slots=True)
class Verified:
    """Outcome of a verification. `fault`: what is wrong at link `sequence` (of entry `entry_id`); None where the chain holds."""

    links: int
    forgotten: int
    head: Head | None
    fault: str | None = None
    sequence: int | None = None
    entry_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Search:
    """What is looked for; empty parts do not narrow. `actors`, `subjects`: None for anyone; a collection for one of these. `service`: what
    the service did by itself counts as done by one of `actors`."""

    actors: Collection[UUID] | None = None
    service: bool = False
    subjects: Collection[str] | None = None
    action: str | None = None
    address: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def head(session: Session) -> Head | None:
    """The last link, or where the chain will go on after all of it was forgotten; None before the first sealing."""
    row = session.execute(
        select(AuditLink.sequence, AuditLink.hash, AuditEntry.at)
        .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
        .order_by(AuditLink.sequence.desc())
        .limit(1)
    ).one_or_none()
    if row is None:
        row = session.execute(_newest_checkpoint()).one_or_none()
        return None if row is None else Head(row.sequence, row.hash, None)
    return Head(row.sequence, row.hash, row.at)


def unsealed(session: Session) -> Unsealed:
    """How many entries no link covers, and since when. Reads both tables once."""
    row = session.execute(
        select(func.count(), func.min(AuditEntry.at))
        .select_from(AuditEntry)
        .outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id)
        .where(AuditLink.entry_id.is_(None))
    ).one()
    return Unsealed(*row)


def verify(session: Session, batch: int = BATCH) -> Verified:
    """Compute the whole chain again, `batch` links at a time, and stop at the first that does not fit: an entry altered or gone, a link
    gone, a beginning that no checkpoint explains, a checkpoint of which no entry tells."""
    checkpoint = session.execute(_newest_checkpoint()).one_or_none()
    sequence, previous = (checkpoint.sequence, checkpoint.hash) if checkpoint else (0, GENESIS)
    forgotten, count, told = sequence, 0, checkpoint is None
    for link, entry in _links(session, batch):
        faulty = {"links": count, "forgotten": forgotten, "head": Head(sequence, previous, None), "sequence": link.sequence}
        if link.sequence != sequence + 1:
            return Verified(**faulty, fault="link_missing", entry_id=link.entry_id)
        if entry is None:
            return Verified(**faulty, fault="entry_missing", entry_id=link.entry_id)
        if following(previous, entry) != link.hash:
            return Verified(**faulty, fault="entry_altered", entry_id=link.entry_id)
        if checkpoint and entry.action == "audit.forget_prefix" and entry.details.get("hash") == checkpoint.hash:
            told = True
        sequence, previous, count = link.sequence, link.hash, count + 1
    end = Head(sequence, previous, None) if sequence else None
    if checkpoint is not None and not told and not _told_of(session, checkpoint.sequence):
        return Verified(count, forgotten, end, "checkpoint_untold", forgotten)
    return Verified(count, forgotten, end)


def entry(session: Session, entry_id: UUID) -> tuple[Entry, AuditLink | None]:
    """One entry and the link that seals it, if there is one. Raises NotFound."""
    row = session.execute(
        select(*ENTRY, AuditLink).outerjoin(AuditLink, AuditLink.entry_id == AuditEntry.id).where(AuditEntry.id == entry_id)
    ).one_or_none()
    if row is None:
        raise NotFound
    *values, link = row
    return Entry(*values), link


def entries(session: Session, search: Search, *, after: tuple[datetime, UUID] | None = None, limit: int = PAGE) -> list[Entry]:
    """Entries of a search, newest first, from where the page before ended. One statement, whose cost grows with `limit` and not with the
    table."""
    statement = select(*ENTRY).where(*_conditions(search)).order_by(AuditEntry.at.desc(), AuditEntry.id.desc()).limit(limit)
    if after is not None:
        at, identifier = after
        # Two conditions where one would say it: the first is what an index can begin at.
        statement = statement.where(AuditEntry.at <= at, or_(AuditEntry.at < at, AuditEntry.id < identifier))
    return [Entry(*row) for row in session.execute(statement)]


def entries_in_parts(session: Session, search: Search, most: int) -> Iterator[list[Entry]]:
    """The entries of a search, newest first, in parts, so that few are in memory at a time; at most `most`. A statement for each part."""
    after: tuple[datetime, UUID] | None = None
    while most > 0:
        wanted = min(BATCH, most)
        part = entries(session, search, after=after, limit=wanted)
        if part:
            yield part
        if len(part) < wanted:
            return
        most -= wanted
        after = (part[-1].at, part[-1].id)


def _newest_checkpoint() -> Any:
    return select(AuditCheckpoint.sequence, AuditCheckpoint.hash).order_by(AuditCheckpoint.sequence.desc()).limit(1)


def _told_of(session: Session, sequence: int) -> bool:
    """Is there an entry, sealed or not yet, about the forgetting up to a link?"""
    found = select(AuditEntry.id).where(AuditEntry.action == "audit.forget_prefix", AuditEntry.subject == str(sequence))
    return session.scalar(found.limit(1)) is not None


def _links(session: Session, batch: int) -> Iterator[tuple[Any, Entry | None]]:
    after = -1
    while True:
        rows: Sequence[Any] = session.execute(
            select(AuditLink.sequence, AuditLink.entry_id, AuditLink.hash, *ENTRY)
            .outerjoin(AuditEntry, AuditEntry.id == AuditLink.entry_id)
            .where(AuditLink.sequence > after)
            .order_by(AuditLink.sequence)
            .limit(batch)
        ).all()
        for row in rows:
            yield row, None if row[3] is None else Entry(*row[3:])
        if len(rows) < batch:
            return
        after = rows[-1].sequence


def _conditions(search: Search) -> list[ColumnElement[bool]]:
    conditions: list[ColumnElement[bool]] = []
    if search.actors is not None:
        by: ColumnElement[bool] = AuditEntry.actor_id.in_(search.actors)
        conditions.append(or_(by, AuditEntry.actor_id.is_(None)) if search.service else by)
    if search.subjects is not None:
        conditions.append(AuditEntry.subject.in_(search.subjects))
    if search.action:
        conditions.append(AuditEntry.action == search.action)
    if search.address:
        conditions.append(AuditEntry.remote_address == search.address)
    if search.since is not None:
        conditions.append(AuditEntry.at >= search.since)
    if search.until is not None:
        conditions.append(AuditEntry.at < search.until)
    return conditions
