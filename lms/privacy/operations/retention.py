"""Throwing away what has been kept long enough, a batch a transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Text, and_, cast, delete, func, insert, or_, select, update
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstrumentedAttribute, Session

from lms.accounts.models import ActivationCode, SignIn, UnknownName
from lms.audit.operations import forget_prefix
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.audit import AuditEntry
from lms.kit.imports.models import ImportFile, ImportRun
from lms.kit.imports.operations import discard_files
from lms.kit.imports.rules import ImportState
from lms.lrs.models import ForwardFault
from lms.lrs.outbox import OutboxEntry
from lms.mail.models import Message, Told
from lms.privacy.models import DataRequest, RetentionRun
from lms.privacy.rules.requests import PENDING
from lms.privacy.rules.retention import before
from lms.reports.models import ReportLetter, WebhookDelivery

BATCH = 1000
STALE = timedelta(hours=2)  # a run that says nothing for so long has died


@dataclass(frozen=True, slots=True)
class Sweep:
    """How much of a kind is older than a moment, and how a batch of it goes (returns how much went). The last argument is `at`."""

    count: Callable[[Session, datetime, datetime], int]
    sweep: Callable[[Session, datetime, datetime], int]


Old = Callable[[datetime], ColumnElement[bool]]


def _deleting(key: InstrumentedAttribute[Any], old: Old) -> Sweep:
    model = key.class_

    def count(session: Session, limit: datetime, at: datetime) -> int:
        return session.scalar(select(func.count()).select_from(model).where(old(limit))) or 0

    def sweep(session: Session, limit: datetime, at: datetime) -> int:
        keys = session.scalars(select(key).where(old(limit)).limit(BATCH)).all()
        for start in range(0, len(keys), 500):
            session.execute(delete(model).where(key.in_(keys[start : start + 500])))
        return len(keys)

    return Sweep(count, sweep)


def _emptying(key: InstrumentedAttribute[Any], old: Old, **emptied: Any) -> Sweep:
    model = key.class_

    def sweep(session: Session, limit: datetime, at: datetime) -> int:
        keys = session.scalars(select(key).where(old(limit)).limit(BATCH)).all()
        for start in range(0, len(keys), 500):
            session.execute(update(model).where(key.in_(keys[start : start + 500])).values(**emptied))
        return len(keys)

    return Sweep(_deleting(key, old).count, sweep)


def _audit_sweep(session: Session, limit: datetime, at: datetime) -> int:
    forgotten = forget_prefix(session, limit, at, limit=BATCH)
    return 0 if forgotten is None else forgotten.entries


def _old_files(session: Session, limit: datetime, at: datetime) -> int:
    under_way = (ImportState.CONFIRMED, ImportState.APPLYING)
    old = select(ImportRun.id).where(ImportRun.created_at < limit, ImportRun.state.not_in(under_way))
    return session.scalar(select(func.count()).select_from(ImportFile).where(ImportFile.run_id.in_(old))) or 0


# Kinds not named here are never thrown away by the clock.
SWEEPS: Mapping[str, Sweep] = {
    "sign_ins": _deleting(SignIn.token_hash, lambda limit: or_(SignIn.ended_at < limit, SignIn.expires_at < limit)),
    "unknown_names": _deleting(UnknownName.name_hash, lambda limit: UnknownName.counted_at < limit),
    "slips": _deleting(
        ActivationCode.id,
        lambda limit: or_(ActivationCode.used_at < limit, ActivationCode.revoked_at < limit, ActivationCode.expires_at < limit),
    ),
    "import_files": Sweep(_old_files, lambda session, limit, at: discard_files(session, at)),
    "import_details": _emptying(
        ImportRun.id,
        lambda limit: and_(
            ImportRun.created_at < limit,
            ImportRun.state.not_in((ImportState.CONFIRMED, ImportState.APPLYING)),
            or_(func.length(cast(ImportRun.findings, Text)) > 2, func.length(cast(ImportRun.details, Text)) > 2),
        ),
        findings=[],
        details={},
        decisions={},
    ),
    "outbox": _deleting(OutboxEntry.id, lambda limit: OutboxEntry.stored_at < limit),
    "set_aside": _deleting(ForwardFault.id, lambda limit: ForwardFault.set_aside_at < limit),
    "requests": _emptying(
        DataRequest.id,
        lambda limit: and_(DataRequest.made_at < limit, DataRequest.state.not_in(PENDING), DataRequest.reason != ""),
        reason="",
        answer=None,
        present_sealed=None,
        proposed_sealed=None,
    ),
    "letters": _deleting(Message.id, lambda limit: Message.ended_at < limit),
    "report_letters": _deleting(ReportLetter.id, lambda limit: ReportLetter.ended_at < limit),
    "webhook_deliveries": _deleting(
        WebhookDelivery.id, lambda limit: and_(WebhookDelivery.since < limit, WebhookDelivery.state != "waiting")
    ),
    "told": Sweep(
        lambda session, limit, at: session.scalar(select(func.count()).select_from(Told).where(Told.told_at < limit)) or 0,
        lambda session, limit, at: len(session.execute(delete(Told).where(Told.told_at < limit).returning(Told.key)).all()),
    ),
    "audit": Sweep(
        lambda session, limit, at: session.scalar(select(func.count()).select_from(AuditEntry).where(AuditEntry.at < limit)) or 0,
        _audit_sweep,
    ),
    "retention_runs": _deleting(RetentionRun.day, lambda limit: RetentionRun.started_at < limit),
}


def due(session: Session, periods: Mapping[str, int | None], at: datetime) -> dict[str, int]:
    """How much of each kind would go now. Only reads."""
    return {name: sweep.count(session, before(at, days), at) for name, sweep, days in _sweeps(periods)}


def sweep_batch(session: Session, name: str, periods: Mapping[str, int | None], at: datetime) -> int:
    """Throw a batch of a kind away; returns how many, 0 once there are no more."""
    days = periods[name]
    return 0 if days is None else SWEEPS[name].sweep(session, before(at, days), at)


def begin_run(session: Session, day: date, at: datetime, *, again: bool = False) -> bool:
    """Claim the day's run. False where another worker has it or it is done; with `again` (a person asks) a finished one is taken up."""
    try:
        with session.begin_nested():
            session.execute(insert(RetentionRun).values(day=day, started_at=at, counts={}))
    except IntegrityError:
        stale = and_(RetentionRun.finished_at.is_(None), RetentionRun.started_at < at - STALE)
        claimable = or_(stale, RetentionRun.finished_at.is_not(None)) if again else stale
        claimed = update(RetentionRun).where(RetentionRun.day == day, claimable).values(started_at=at, finished_at=None)
        return session.execute(claimed.returning(RetentionRun.day)).first() is not None
    return True


def finish_run(session: Session, actor: Actor, day: date, counts: Mapping[str, int], at: datetime) -> None:
    """Note what went, added to what an earlier run of the day threw away."""
    run = session.get_one(RetentionRun, day, with_for_update=True)
    run.counts = {name: counts.get(name, 0) + run.counts.get(name, 0) for name in {**run.counts, **counts}}
    run.finished_at = at
    if any(counts.values()):
        audit.record(session, actor, "privacy.retention", day.isoformat(), at, **{name: count for name, count in counts.items() if count})


def _sweeps(periods: Mapping[str, int | None]) -> list[tuple[str, Sweep, int]]:
    return [(name, sweep, days) for name, sweep in SWEEPS.items() if (days := periods[name]) is not None]
