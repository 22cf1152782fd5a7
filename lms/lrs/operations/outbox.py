"""From notes of what happened to stored statements: in order, once in effect, and no bad note blocks the others."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select, text, update
from sqlalchemy.exc import OperationalError
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, DomainError
from lms.lrs import queries
from lms.lrs.operations.store import store_statements, take_turn
from lms.lrs.outbox import OutboxEntry
from lms.lrs.rules.reading import Received, from_values

log = structlog.get_logger()

MAX_TRIES = 5
BATCH = 100
ENOUGH = 500  # statements of one transaction, unless one entry has more: on SQLite everybody else's writing waits for it

Builders = Mapping[str, Callable[[Session, Mapping[str, Any], datetime], list[dict[str, Any]]]]


@dataclass(frozen=True, slots=True)
class Means:
    """What it takes: builders by name, who answers for the statements, and the clock, handed in because `stored` must be read after
    the turn is taken (`store.take_turn`)."""

    builders: Builders
    authority: Mapping[str, Any]
    clock: Callable[[], datetime]


def store_waiting(session: Session, means: Means) -> int:
    """Turn the oldest waiting entries into stored statements; returns how many entries were looked at (0: nothing is waiting, or
    another worker is at it).

    Storing is idempotent: entries whose transaction was lost are built again with the same ids.
    """
    if not _alone(session):
        return 0
    at = means.clock()
    waiting = (
        select(OutboxEntry)
        .where(OutboxEntry.stored_at.is_(None), OutboxEntry.set_aside_at.is_(None))
        .where((OutboxEntry.retry_at.is_(None)) | (OutboxEntry.retry_at <= at))
        .order_by(OutboxEntry.id)
        .limit(BATCH)
    )
    entries = session.scalars(waiting).all()
    if not entries:
        return 0
    done = _store_together(session, entries, means)
    if done:
        return done
    stored = 0
    for entry in entries:
        stored += _store_alone(session, entry, means, stored)
    return len(entries)


def retry_entry(session: Session, actor: Actor, entry_id: int, at: datetime) -> None:
    """Give an entry that was set aside another chance, once its cause is mended. Raises DomainError where none was set aside."""
    changed = session.execute(
        update(OutboxEntry)
        .where(OutboxEntry.id == entry_id, OutboxEntry.set_aside_at.is_not(None))
        .values(set_aside_at=None, retry_at=None, tries=0)
        .returning(OutboxEntry.id)
    ).one_or_none()
    if changed is None:
        raise DomainError(N_("Mục này không còn bị gác lại"), code="not_set_aside")
    audit.record(session, actor, "lrs.retry_entry", entry_id, at)


def _alone(session: Session) -> bool:
    """Only one worker at a time, or the order would be lost. SQLite has but one writer."""
    if session.get_bind().dialect.name != "postgresql":
        return True
    lock = text("SELECT pg_try_advisory_xact_lock(:space, :outbox)")
    return bool(session.execute(lock, {"space": queries.LOCK_SPACE, "outbox": queries.LOCK_OUTBOX}).scalar_one())


def _store_together(session: Session, entries: Sequence[OutboxEntry], means: Means) -> int:
    """All in one insert, which is the rule, or as many as are enough for one; how many entries that were. 0, and nothing changed, where
    one of them makes trouble."""
    statements: list[Received] = []
    done: list[int] = []
    try:
        with session.begin_nested():
            for entry in entries:
                statements += _built(session, entry, means.builders)
                done.append(entry.id)
                if len(statements) >= ENOUGH:
                    break
            take_turn(session, statements)
            at = means.clock()
            store_statements(session, statements, means.authority, at)
            session.execute(
                update(OutboxEntry)
                .where(OutboxEntry.id.in_(done))
                .values(stored_at=at, error=None, tries=OutboxEntry.tries + 1)
                .execution_options(synchronize_session=False)
            )
    except OperationalError:
        raise  # the database's trouble is nobody's fault: roll back, and the next round does it again
    except Exception as error:  # whatever a builder raises: find out below which entry it was
        log.info("outbox_batch_split", reason=repr(error))
        return 0
    return len(done)


def _store_alone(session: Session, entry: OutboxEntry, means: Means, before: int) -> int:
    """One entry by itself; returns how many statements it became. `before` counts those of the entries before it."""
    tries, at = entry.tries + 1, means.clock()
    statements: list[Received] = []
    outcome: dict[str, Any]
    try:
        with session.begin_nested():
            statements = _built(session, entry, means.builders)
            take_turn(session, statements)
            at = means.clock()
            store_statements(session, statements, means.authority, at, first_place=before)
        outcome = {"stored_at": at, "error": None}
    except OperationalError:
        raise
    except Exception as error:  # kept with the entry and logged: the others must not wait for this one
        log.warning("outbox_entry_failed", entry=entry.id, builder=entry.builder, tries=tries, exc_info=True)
        outcome = {"error": f"{type(error).__name__}: {error}"[:2000], "retry_at": at + timedelta(seconds=2**tries)}
        if tries >= MAX_TRIES:
            outcome["set_aside_at"] = at
    changed = update(OutboxEntry).where(OutboxEntry.id == entry.id).values(tries=tries, **outcome)
    session.execute(changed.execution_options(synchronize_session=False))
    return len(statements)


def _built(session: Session, entry: OutboxEntry, builders: Builders) -> list[Received]:
    if entry.builder not in builders:
        raise DomainError(N_("Không có gói nào dựng phát biểu %(builder)s"), builder=entry.builder)
    return from_values(builders[entry.builder](session, entry.reference, entry.happened_at))
