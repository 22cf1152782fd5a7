"""Outside stores: named, sent to, paused, sent to again from a date."""

from __future__ import annotations

import re
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from sqlalchemy import delete, select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from lms.agencies.models import Agency
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.ids import uuid7
from lms.kit.secrets import vault_of
from lms.lrs.models import ForwardFault, ForwardTarget
from lms.lrs.outside import Delivery
from lms.lrs.queries import chunks
from lms.lrs.queries.forwarding import Window, next_window
from lms.lrs.rules.forwarding import endpoint_of, is_open, wait_after
from lms.lrs.rules.positions import first_position

BEGINNING = UUID(int=0)
LEASE = timedelta(minutes=3)  # longer than a delivery and its last request can take
VERSIONS = ("1.0.3", "2.0.0")
_NAME = re.compile(r"[a-z0-9][a-z0-9-]{1,39}")


@dataclass(frozen=True, slots=True)
class NewTarget:
    """`since` None: from the first statement of this store on."""

    name: str
    endpoint: str
    username: str
    password: str
    version: str = "1.0.3"
    verbs: tuple[str, ...] = ()
    agency_id: UUID | None = None
    since: datetime | None = None


@dataclass(frozen=True, slots=True)
class Errand:
    """What to send where; the target is ours until the lease ends."""

    name: str
    endpoint: str
    username: str
    password: str
    version: str
    trial: bool
    window: Window
    lease_until: datetime


def add_target(session: Session, actor: Actor, new: NewTarget, at: datetime) -> None:
    """Have statements sent to a store. Raises DomainError, Conflict where the name is taken."""
    if not _NAME.fullmatch(new.name):
        raise DomainError(N_("Tên gồm 2 đến 40 chữ thường không dấu, chữ số và dấu gạch ngang"), field="name")
    if new.version not in VERSIONS:
        raise DomainError(N_("Phiên bản xAPI là một trong: %(known)s"), field="version", known=", ".join(VERSIONS))
    if new.agency_id is not None and session.get(Agency, new.agency_id) is None:
        raise DomainError(N_("Không có đơn vị này"), field="agency")
    if session.get(ForwardTarget, new.name) is not None:
        raise Conflict(N_("Đã có kho nhận tên %(name)s"), field="name", name=new.name)
    endpoint = endpoint_of(new.endpoint)
    session.add(
        ForwardTarget(
            name=new.name,
            endpoint=endpoint,
            username=new.username,
            password=vault_of(session).seal(new.password),
            version=new.version,
            verbs=sorted(set(new.verbs)),
            agency_id=new.agency_id,
            cursor=BEGINNING if new.since is None else first_position(new.since),
            sent=0,
            failures=0,
            created_at=at,
            created_by=actor.person_id,
        )
    )
    session.flush()
    after = {"endpoint": endpoint, "username": new.username, "version": new.version, "verbs": sorted(set(new.verbs))}
    audit.record(session, actor, "lrs.add_target", new.name, at, before=None, after=after)


def configure_target(session: Session, actor: Actor, new: NewTarget, at: datetime) -> None:
    """Let the target of the settings be as they say; how far it is stays. Nothing is written where nothing changed."""
    target = session.get(ForwardTarget, new.name)
    if target is None:
        add_target(session, actor, new, at)
        return
    endpoint = endpoint_of(new.endpoint)
    same_place = (target.endpoint, target.username) == (endpoint, new.username)
    if same_place and vault_of(session).unseal(target.password) == new.password:
        return
    before = {"endpoint": target.endpoint, "username": target.username}
    target.endpoint, target.username, target.password = endpoint, new.username, vault_of(session).seal(new.password)
    target.retry_at = None
    after = {"endpoint": endpoint, "username": new.username}
    audit.record(session, actor, "lrs.change_target", new.name, at, before=before, after=after)


def remove_target(session: Session, actor: Actor, name: str, at: datetime) -> None:
    """Send no more, and forget how far it was. What was sent is no longer ours to take back. Raises DomainError."""
    target = _target(session, name)
    audit.record(session, actor, "lrs.remove_target", name, at, before={"endpoint": target.endpoint}, after=None)
    session.execute(delete(ForwardFault).where(ForwardFault.target == name))
    session.delete(target)
    session.flush()


def pause_target(session: Session, actor: Actor, name: str, at: datetime) -> None:
    target = _target(session, name)
    if target.paused_at is None:
        target.paused_at = at
        audit.record(session, actor, "lrs.pause_target", name, at, before={"paused": False}, after={"paused": True})


def resume_target(session: Session, actor: Actor, name: str, at: datetime) -> None:
    """Go on where it stopped, and try at once."""
    target = _target(session, name)
    was_paused = target.paused_at is not None
    target.paused_at = target.retry_at = None
    audit.record(session, actor, "lrs.resume_target", name, at, before={"paused": was_paused}, after={"paused": False})


def replay_target(session: Session, actor: Actor, name: str, since: datetime, at: datetime) -> None:
    """Send again what was stored here since a moment; the other store knows what it has already. Those set aside since then get
    another chance by it. Raises DomainError where the target is not yet as far."""
    target = _target(session, name)
    cursor = first_position(since)
    if cursor > target.cursor:
        raise DomainError(N_("Kho này chưa nhận tới thời điểm đó: không có gì để gửi lại"), field="since")
    session.execute(delete(ForwardFault).where(ForwardFault.target == name, ForwardFault.position >= cursor))
    target.cursor = cursor
    target.retry_at = None
    target.lease_until = None  # who sends now finds that the target is no longer its own
    audit.record(session, actor, "lrs.replay_target", name, at, since=since.isoformat())


def take_errand(session: Session, name: str, zone: ZoneInfo, at: datetime) -> Errand | None:
    """Claim a target that is due, with what it is to be sent; None where another worker has it or there is nothing to do. Where the
    filters leave nothing to send of what is new, the cursor moves on at once."""
    target = session.scalars(select(ForwardTarget).where(ForwardTarget.name == name).with_for_update(skip_locked=True)).one_or_none()
    if target is None or target.paused_at is not None:
        return None
    if (target.retry_at or at) > at or (target.lease_until is not None and target.lease_until >= at):
        return None
    window = next_window(session, target, zone, at)
    if window.end is None:
        return None
    if not window.statements:
        target.cursor = window.end
    else:
        target.lease_until = at + LEASE
    password = vault_of(session).unseal(target.password)
    return Errand(target.name, target.endpoint, target.username, password, target.version, is_open(target.failures), window, at + LEASE)


def end_errand(session: Session, errand: Errand, delivery: Delivery, chance: float, at: datetime) -> None:
    """Write down how far a delivery came. A replay that was asked for in the meantime stands: the cursor it set is not moved."""
    target = session.scalars(select(ForwardTarget).where(ForwardTarget.name == errand.name).with_for_update()).one_or_none()
    if target is None or target.lease_until != errand.lease_until:
        return
    done = errand.window.end if delivery.complete else delivery.through
    if done is not None:
        target.cursor = done
    target.lease_until = None
    target.sent += delivery.stored
    if delivery.stored:
        target.sent_at = at
    _set_aside(session, errand.name, delivery, at)
    if delivery.trouble is None:
        target.failures, target.failing_since, target.error, target.retry_at = 0, None, None, None
        return
    target.failures = target.failures + 1 if delivery.through is None else 1
    target.failing_since = target.failing_since if delivery.through is None and target.failing_since else at
    target.error = delivery.trouble
    target.retry_at = at + wait_after(target.failures, chance, delivery.wait)


def _set_aside(session: Session, name: str, delivery: Delivery, at: datetime) -> None:
    if not delivery.refused:
        return
    rows = [
        {
            "id": uuid7(),
            "target": name,
            "position": refusal.position,
            "statement_id": refusal.statement_id,
            "status": refusal.status,
            "reason": refusal.reason.replace("\0", ""),
            "set_aside_at": at,
        }
        for refusal in delivery.refused
    ]
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    session.execute(dialect.insert(ForwardFault).on_conflict_do_nothing(), rows)


def retry_faults(session: Session, actor: Actor, name: str, at: datetime) -> int:
    """Have what was set aside for a target sent again, once the cause is mended: the target goes back to the first of them. Returns how
    many they were. Raises DomainError where nothing was set aside."""
    target = _target(session, name)
    positions = list(session.scalars(select(ForwardFault.position).where(ForwardFault.target == name).order_by(ForwardFault.position)))
    if not positions:
        raise DomainError(N_("Không có phát biểu nào bị gác lại"), code="not_set_aside")
    session.execute(delete(ForwardFault).where(ForwardFault.target == name))
    target.cursor = min(target.cursor, UUID(int=positions[0].int - 1))
    target.retry_at = target.lease_until = None
    audit.record(session, actor, "lrs.retry_faults", name, at, count=len(positions))
    return len(positions)


def empty_reasons(session: Session, positions: Collection[UUID]) -> None:
    """What stores outside said about the statements at these positions: it may quote whom they are about."""
    for part in chunks(positions):
        session.execute(update(ForwardFault).where(ForwardFault.position.in_(part)).values(reason=""))


def _target(session: Session, name: str) -> ForwardTarget:
    target = session.get(ForwardTarget, name, with_for_update=True)
    if target is None:
        raise DomainError(N_("Không có kho nhận tên %(name)s"), code="unknown_target", name=name)
    return target
