"""What happens to agencies is recorded, corrected or withdrawn; the tree follows from it.

Each use case appends and supersedes events, replays them all, writes what of the versions, codes and closure comes out differently,
tells the followers, and audits. What was known before stays readable as it was."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyEvent
from lms.agencies.operations.closure import refresh_closure, touched_by
from lms.agencies.operations.projection import write_agencies
from lms.agencies.operations.reckoning import Reckoning, reckon
from lms.agencies.operations.references import refuse_while_referred_to
from lms.agencies.operations.stored_events import append_events, lock_tree, supersede_events
from lms.agencies.operations.turns import turn_of
from lms.agencies.rules.events import Change, subject
from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.collector import without_collector
from lms.kit.errors import N_, Conflict
from lms.kit.following import followers_of

AUDITED_AGENCIES = 20  # whose state before and after is written down with a change; of a larger one the numbers are


def record_change(session: Session, actor: Actor, change: Change, at: datetime, *, import_run_id: UUID | None = None) -> UUID:
    """Something happened, or will. Returns the event's id. Raises DomainError where it does not fit what is stored, on any day."""
    lock_tree(session)
    reckoning = reckon(session, [change], drop=())
    _carry_out(session, actor, reckoning, at, import_run_id=import_run_id)
    (event,) = reckoning.added
    _audit(session, actor, f"agencies.{change.kind}", subject(event.details), reckoning, at=at, event=str(event.id), **_said(change))
    return event.id


def record_changes(
    session: Session,
    actor: Actor,
    changes: Sequence[Change],
    at: datetime,
    *,
    import_run_id: UUID | None = None,
    action: str = "agencies.import",
    audit_details: Mapping[str, Any] | None = None,
) -> list[UUID]:
    """Many at once, in one replay and with one audit entry. Changes of one day happen in the order given. Returns the events' ids."""
    lock_tree(session)
    reckoning = reckon(session, changes, drop=())
    _carry_out(session, actor, reckoning, at, import_run_id=import_run_id)
    if changes:
        _audit(session, actor, action, import_run_id or "tree", reckoning, at=at, **(audit_details or {}), events=len(changes))
    return [event.id for event in reckoning.added]


def correct_event(session: Session, actor: Actor, event_id: UUID, change: Change, at: datetime) -> UUID:
    """What was recorded was wrong: believe `change` instead. Returns the new event's id, which names the one it replaces.

    An event that founds agencies keeps their ids. Raises NotFound, Conflict where the event is no longer believed, DomainError.
    """
    lock_tree(session)
    stored = _believed(session, event_id)
    if change.ordinal is None and stored.effective_on == change.on:
        change = Change(change.on, change.details, change.decision, stored.ordinal)
    reckoning = reckon(session, [change], drop=(event_id,))
    (event,) = reckoning.added
    _carry_out(session, actor, reckoning, at, replaces={event.id: event_id}, import_run_id=stored.import_run_id)
    _audit(
        session,
        actor,
        "agencies.correct_event",
        subject(event.details),
        reckoning,
        at=at,
        event=str(event.id),
        replaces=str(event_id),
        **_said(change),
    )
    return event.id


def withdraw_event(session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
    """What was recorded did not happen. Raises NotFound, Conflict where it is no longer believed or later work builds on it."""
    lock_tree(session)
    _believed(session, event_id)
    reckoning = reckon(session, [], drop=(event_id,))
    _carry_out(session, actor, reckoning, at)
    about = [subject(event.details) for event in reckoning.dropped]
    _audit(session, actor, "agencies.withdraw_event", about[0] if about else "tree", reckoning, at=at, event=str(event_id))


def withdraw_import(session: Session, actor: Actor, run_id: UUID, at: datetime) -> int:
    """Take back what an import recorded and is still believed. Returns how many events. Raises Conflict where there is nothing left to
    take back or later work builds on it, DomainError where later events do."""
    lock_tree(session)
    events = session.scalars(select(AgencyEvent.id).where(AgencyEvent.import_run_id == run_id, AgencyEvent.superseded_at.is_(None))).all()
    if not events:
        raise Conflict(N_("Lần nhập này không còn sự kiện nào để hoàn tác."), code="nothing_to_withdraw")
    reckoning = reckon(session, [], drop=events)
    _carry_out(session, actor, reckoning, at)
    _audit(session, actor, "agencies.withdraw_import", run_id, reckoning, at=at, events=len(events))
    return len(events)


def _carry_out(
    session: Session,
    actor: Actor,
    reckoning: Reckoning,
    at: datetime,
    *,
    replaces: Mapping[UUID, UUID] | None = None,
    import_run_id: UUID | None = None,
) -> None:
    supersede_events(session, reckoning.superseded, at)
    append_events(
        session,
        list(zip(reckoning.added, reckoning.changes, strict=True)),
        at,
        replaces=replaces or {},
        import_run_id=import_run_id,
    )
    write_agencies(session, reckoning.after, reckoning.changed, at)
    if reckoning.displaced:
        with without_collector():
            before, after = reckoning.before.parents(), reckoning.after.parents()
            refresh_closure(session, after, touched_by(reckoning.displaced, reckoning.displaced_since, before, after), at)
    session.flush()
    _tell(session, actor, reckoning, at)
    refuse_while_referred_to(session, reckoning.vanished, reckoning.names)


def _tell(session: Session, actor: Actor, reckoning: Reckoning, at: datetime) -> None:
    followers = followers_of(session).agencies
    for event in reversed(reckoning.dropped):
        if turn_of(event, reckoning.before, reckoning.before) is not None:
            for follower in followers:
                follower.take_back(session, actor, event.id, at)
    for turn in reckoning.turns:
        for follower in followers:
            follower.follow(session, actor, turn, at)


def _believed(session: Session, event_id: UUID) -> AgencyEvent:
    stored = session.get(AgencyEvent, event_id, populate_existing=True)
    if stored is None:
        raise NotFound
    if stored.superseded_at is not None:
        raise Conflict(
            N_("Sự kiện này đã được điều chỉnh hoặc rút trước đó. Tải lại trang để xem sự kiện đang có hiệu lực."), code="superseded"
        )
    return stored


def _audit(session: Session, actor: Actor, action: str, about: object, reckoning: Reckoning, *, at: datetime, **details: Any) -> None:
    if len(reckoning.changed) <= AUDITED_AGENCIES:
        details |= {"before": reckoning.told(reckoning.before), "after": reckoning.told(reckoning.after)}
    audit.record(session, actor, action, about, at, **details, agencies=len(reckoning.changed))


def _said(change: Change) -> dict[str, Any]:
    return {"on": change.on.isoformat(), "decision": change.decision.number}
