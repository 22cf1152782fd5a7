"""Receivers outside: named, told, paused, told again, their secrets changed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import exists, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.secrets import vault_of
from lms.reports.models import ReportEvent, ReportHappening, WebhookDelivery, WebhookTarget
from lms.reports.rules.webhooks import Message, body_of, checked_url, new_secret, next_try

OVERLAP = timedelta(days=7)  # after a rotation the secret before still signs
LEASE = timedelta(minutes=2)
LONGEST_ANSWER = 500
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class Errand:
    """What to send where; the target is ours until the lease ends."""

    target_id: UUID
    name: str
    url: str
    message: Message
    lease_until: datetime


@dataclass(frozen=True, slots=True)
class Outcome:
    """How a try ended. `status` 0: there was no answer; `wait`: seconds the receiver asked for."""

    status: int
    answer: str
    wait: float | None = None

    @property
    def is_taken(self) -> bool:
        return 200 <= self.status < 300


def add_webhook(session: Session, actor: Actor, name: str, url: str, events: Sequence[str], *, may_be_plain: bool, at: datetime) -> str:
    """Have a receiver told from now on. Returns its secret, which is not shown again. Raises DomainError, Conflict where the name is
    taken."""
    if not _NAME.fullmatch(name):
        raise DomainError(N_("Tên gồm 2 đến 40 chữ thường không dấu, chữ số và dấu gạch ngang"), code="name", field="name")
    if session.scalar(select(exists().where(WebhookTarget.name == name))):
        raise Conflict(N_("Đã có nơi nhận tên %(name)s"), code="taken", field="name", name=name)
    address, kinds, secret = checked_url(url, may_be_plain=may_be_plain), _kinds(events), new_secret()
    session.add(
        WebhookTarget(
            id=uuid7(),
            name=name,
            url=address,
            events=kinds,
            secret=vault_of(session).seal(secret),
            created_at=at,
            created_by=actor.person_id,
        )
    )
    session.flush()
    audit.record(session, actor, "reports.add_webhook", name, at, before=None, after={"url": address, "events": kinds})
    return secret


def remove_webhook(session: Session, actor: Actor, name: str, at: datetime) -> None:
    """Tell it nothing more, and forget what it was told. Raises DomainError."""
    target = _target(session, name)
    audit.record(session, actor, "reports.remove_webhook", name, at, before={"url": target.url}, after=None)
    session.delete(target)
    session.flush()


def pause_webhook(session: Session, actor: Actor, name: str, at: datetime) -> None:
    """What happens meanwhile waits for it. Raises DomainError."""
    target = _target(session, name)
    if target.paused_at is None:
        target.paused_at = at
        audit.record(session, actor, "reports.pause_webhook", name, at, before={"paused": False}, after={"paused": True})


def resume_webhook(session: Session, actor: Actor, name: str, at: datetime) -> None:
    """Go on, and try at once what waits. Raises DomainError."""
    target = _target(session, name)
    was_paused = target.paused_at is not None
    target.paused_at = None
    waiting = WebhookDelivery.target_id == target.id, WebhookDelivery.state == "waiting"
    session.execute(update(WebhookDelivery).where(*waiting).values(next_at=at, since=at))
    audit.record(session, actor, "reports.resume_webhook", name, at, before={"paused": was_paused}, after={"paused": False})


def rotate_secret(session: Session, actor: Actor, name: str, at: datetime) -> str:
    """A new secret; the one before signs beside it for a week. Returns it. Raises DomainError."""
    target = _target(session, name)
    secret = new_secret()
    target.old_secret, target.old_secret_until = target.secret, at + OVERLAP
    target.secret = vault_of(session).seal(secret)
    session.flush()
    audit.record(session, actor, "reports.rotate_webhook_secret", name, at, until=target.old_secret_until.isoformat())
    return secret


def replay_delivery(session: Session, actor: Actor, delivery_id: UUID, at: datetime) -> None:
    """Send one again, now. Raises NotFound."""
    row = session.get(WebhookDelivery, delivery_id, with_for_update=True)
    if row is None:
        raise NotFound
    before = row.state
    _again(session, [row.id], at)
    changed = {"before": {"state": before}, "after": {"state": "waiting"}}
    audit.record(session, actor, "reports.replay_webhook", delivery_id, at, **changed)


def replay_since(session: Session, actor: Actor, name: str, since: datetime, at: datetime) -> int:
    """Send again whatever happened since a moment, also what happened before the receiver was known. Returns how
    many. Raises DomainError."""
    target = _target(session, name)
    events = session.scalars(select(ReportEvent.id).where(ReportEvent.at >= since, ReportEvent.kind.in_(target.events))).all()
    for event in events:
        _insert(session, event, [target.id], at)
    rows = session.scalars(
        select(WebhookDelivery.id).where(WebhookDelivery.target_id == target.id, WebhookDelivery.event_id.in_(events))
    ).all()
    _again(session, rows, at)
    audit.record(session, actor, "reports.replay_webhook", name, at, since=since.isoformat(), count=len(rows))
    return len(rows)


def add_deliveries(session: Session, event: ReportEvent, at: datetime) -> int:
    """A row for each receiver that wants such events, once however often it is asked. Returns how many receivers there are."""
    targets = session.execute(select(WebhookTarget.id, WebhookTarget.events)).all()
    wanted = [target for target, events in targets if event.kind in events]
    _insert(session, event.id, wanted, at)
    return len(wanted)


def take_errand(session: Session, target_id: UUID, base_url: str, at: datetime) -> Errand | None:
    """Claim a receiver with the oldest message that is due; None where another worker has it or there is nothing to do."""
    target = session.scalars(select(WebhookTarget).where(WebhookTarget.id == target_id).with_for_update(skip_locked=True)).one_or_none()
    if target is None or target.paused_at is not None or (target.lease_until is not None and target.lease_until > at):
        return None
    row = session.execute(
        select(WebhookDelivery.id, ReportEvent)
        .join(ReportEvent, ReportEvent.id == WebhookDelivery.event_id)
        .where(WebhookDelivery.target_id == target_id, WebhookDelivery.state == "waiting", WebhookDelivery.next_at <= at)
        .order_by(WebhookDelivery.event_id)
        .limit(1)
    ).one_or_none()
    if row is None:
        return None
    delivery, event = row
    target.lease_until = at + LEASE
    session.flush()
    vault = vault_of(session)
    signing = [vault.unseal(target.secret)]
    if target.old_secret is not None and target.old_secret_until is not None and target.old_secret_until > at:
        signing.append(vault.unseal(target.old_secret))
    body = body_of(event.kind, event.at, event.details, event.report_id, base_url)
    return Errand(target.id, target.name, target.url, Message(delivery, body, tuple(signing)), target.lease_until)


def end_errand(session: Session, errand: Errand, outcome: Outcome, *, days: int, chance: float, at: datetime) -> None:
    """Write down how it went, unless the lease ran out and another worker took it up."""
    target = session.scalars(select(WebhookTarget).where(WebhookTarget.id == errand.target_id).with_for_update()).one_or_none()
    row = session.get(WebhookDelivery, errand.message.id, with_for_update=True)
    if target is None or row is None or target.lease_until != errand.lease_until:
        return
    target.lease_until = None
    row.tries += 1
    row.status, row.answer = outcome.status or None, outcome.answer.replace("\0", "")[:LONGEST_ANSWER]
    if outcome.is_taken:
        row.state, row.delivered_at = "delivered", at
    elif (again := next_try(row.since, row.tries, at, days=days, chance=chance, asked=outcome.wait)) is not None:
        row.next_at = again
    else:
        row.state = "failed"
    session.flush()


def _again(session: Session, deliveries: Sequence[UUID], at: datetime) -> None:
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.id.in_(deliveries))
        .values(state="waiting", tries=0, since=at, next_at=at, replays=WebhookDelivery.replays + 1)
    )


def _insert(session: Session, event: int, targets: Sequence[UUID], at: datetime) -> None:
    if not targets:
        return
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    rows = [
        {"id": uuid7(), "target_id": target, "event_id": event, "state": "waiting", "tries": 0, "since": at, "next_at": at, "replays": 0}
        for target in targets
    ]
    session.execute(insert(WebhookDelivery).values(rows).on_conflict_do_nothing())


def _kinds(events: Sequence[str]) -> list[str]:
    known = [kind.value for kind in ReportHappening]
    if not events or any(event not in known for event in events):
        raise DomainError(N_("Chọn ít nhất một sự kiện trong: %(known)s"), code="events", field="events", known=", ".join(known))
    return [kind for kind in known if kind in events]


def _target(session: Session, name: str) -> WebhookTarget:
    target = session.scalars(select(WebhookTarget).where(WebhookTarget.name == name).with_for_update()).one_or_none()
    if target is None:
        raise DomainError(N_("Không có nơi nhận tên %(name)s"), code="unknown_receiver", name=name)
    return target
