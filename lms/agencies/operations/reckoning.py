"""What a change would do, worked out in memory: the same for the preview and for carrying it out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from functools import cached_property
from typing import Any
from uuid import UUID

import msgspec
from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyEvent
from lms.agencies.operations.refusals import Names, refusal_of
from lms.agencies.operations.stored_events import believed_events
from lms.agencies.operations.turns import Below, turn_of
from lms.agencies.rules.closure import ParentSpan
from lms.agencies.rules.events import Change, Event, heirs_of
from lms.agencies.rules.prepare import prepared
from lms.agencies.rules.replay import Tree, Version, parent_spans, replay
from lms.kit.collector import without_collector
from lms.kit.following import AgencyTurn, Consequence, followers_of
from lms.kit.ids import uuid7


@dataclass
class Reckoning:
    """The tree before and after some events are added and others dropped; `changes` belong to `added` one by one, `superseded` are the
    ids of all that are dropped, those that are told and not replayed included."""

    before: Tree
    after: Tree
    added: list[Event]
    dropped: list[Event]
    superseded: list[UUID]
    changes: list[Change]

    @cached_property
    def changed(self) -> list[UUID]:
        """Agencies whose versions or codes come out differently."""
        before, after = self.before, self.after
        return [
            agency
            for agency in {**before.versions, **after.versions}
            if before.versions.get(agency) != after.versions.get(agency) or before.codes.get(agency) != after.codes.get(agency)
        ]

    @cached_property
    def displaced(self) -> list[UUID]:
        """Agencies that exist on other days or below others than before."""
        before, after = self.before.versions, self.after.versions
        return [agency for agency in self.changed if parent_spans(before.get(agency, ())) != parent_spans(after.get(agency, ()))]

    @cached_property
    def displaced_since(self) -> date:
        """The first day on which one of these is elsewhere; before it nothing in the tree has another place."""
        before, after = self.before.versions, self.after.versions
        return min(_parting(parent_spans(before.get(agency, ())), parent_spans(after.get(agency, ()))) for agency in self.displaced)

    @cached_property
    def vanished(self) -> list[UUID]:
        """Agencies that turn out never to have existed."""
        return [agency for agency in self.changed if not self.after.versions.get(agency)]

    @cached_property
    def turns(self) -> list[AgencyTurn]:
        below = Below()
        turns = (turn_of(event, self.before, self.after, below) for event in sorted(self.added, key=lambda event: event.order))
        replaced = self.dropped[0].id if len(self.dropped) == len(self.added) == 1 else None
        return [replace(turn, replaces=replaced) for turn in turns if turn is not None]

    @cached_property
    def names(self) -> Names:
        return Names([self.after, self.before], self.added)

    def told(self, tree: Tree) -> list[dict[str, Any]]:
        """What the changed agencies are in one of the trees, as plain values for the audit."""
        return [
            {
                "agency": str(agency),
                "versions": msgspec.to_builtins(tree.versions.get(agency, ())),
                "codes": msgspec.to_builtins(tree.codes.get(agency, ())),
            }
            for agency in self.changed
        ]


@dataclass(frozen=True, slots=True)
class Preview:
    """What a change would do. `before` and `after` are the versions of the agencies that would come out differently, `moved` those
    whose place changes with all below them, `ended` who ends and in whom they live on, `consequences` what the followers foresee."""

    before: Mapping[UUID, tuple[Version, ...]]
    after: Mapping[UUID, tuple[Version, ...]]
    moved: frozenset[UUID]
    ended: Mapping[UUID, UUID | None]
    consequences: tuple[Consequence, ...]
    names: Mapping[UUID, str]


def preview_change(session: Session, change: Change, at: datetime) -> Preview:
    """What recording a change would do; only reads. Raises what recording it would raise."""
    return _preview(session, reckon(session, [change], drop=()), at)


def preview_changes(session: Session, changes: Sequence[Change], at: datetime) -> Preview:
    """The same for many at once."""
    return _preview(session, reckon(session, changes, drop=()), at)


def preview_correction(session: Session, event_id: UUID, change: Change, at: datetime) -> Preview:
    """What correcting an event would do; only reads."""
    return _preview(session, reckon(session, [change], drop=(event_id,)), at)


def preview_withdrawal(session: Session, event_id: UUID, at: datetime) -> Preview:
    """What withdrawing an event would do; only reads."""
    return _preview(session, reckon(session, [], drop=(event_id,)), at)


def preview_import_withdrawal(session: Session, run_id: UUID, at: datetime) -> Preview:
    """What taking back an import would do; only reads."""
    events = session.scalars(select(AgencyEvent.id).where(AgencyEvent.import_run_id == run_id, AgencyEvent.superseded_at.is_(None))).all()
    return _preview(session, reckon(session, [], drop=events), at)


def reckon(session: Session, changes: Sequence[Change], *, drop: Collection[UUID]) -> Reckoning:
    """Replay the believed events without some and with others. Raises DomainError for the first that does not fit any more."""
    with without_collector():
        return _reckon(session, [prepared(change) for change in changes], drop)


def _reckon(session: Session, ready: list[Change], drop: Collection[UUID]) -> Reckoning:
    events = believed_events(session)
    dropped = sorted((events[event_id] for event_id in drop if event_id in events), key=lambda event: event.order)
    before = replay(events.values())
    kept = [event for event in events.values() if event.id not in set(drop)] if drop else list(events.values())
    added = _placed_in_their_days(ready, kept)
    after = replay([*kept, *added])
    known = set(before.faults)
    new = [fault for fault in after.faults if fault not in known]
    if new:
        asked = {event.id for event in added}
        # What is asked for is at fault first, even where it makes an earlier event impossible too.
        fault = min(new, key=lambda fault: fault.event not in asked)
        raise refusal_of(fault, Names([before, after], added), asked)
    return Reckoning(before, after, added, dropped, list(drop), ready)


def _placed_in_their_days(changes: Sequence[Change], kept: Sequence[Event]) -> list[Event]:
    """Each with its place within its day: where it was asked for, else after all others."""
    days = {change.on for change in changes}
    last: dict[Any, int] = {}
    for event in kept:
        if event.on in days:
            last[event.on] = max(last.get(event.on, 0), event.ordinal)
    events: list[Event] = []
    for change in changes:
        ordinal = change.ordinal
        if ordinal is None:
            ordinal = last[change.on] = last.get(change.on, 0) + 1
        events.append(Event(uuid7(), change.on, ordinal, change.details, change.kind))
    return events


def _preview(session: Session, reckoning: Reckoning, at: datetime) -> Preview:
    turns = reckoning.turns
    followers = followers_of(session).agencies
    ended: dict[UUID, UUID | None] = {}
    for event in reckoning.added:
        ended |= heirs_of(event.details)
    touched = {agency for turn in turns for agency in turn.touched}
    concerned = {*reckoning.changed, *touched, *ended, *(heir for heir in ended.values() if heir is not None)}
    days = {event.on for event in (*reckoning.added, *reckoning.dropped)}
    on = min(days) if days else at.date()
    return Preview(
        before={agency: reckoning.before.versions.get(agency, ()) for agency in reckoning.changed},
        after={agency: reckoning.after.versions.get(agency, ()) for agency in reckoning.changed},
        moved=frozenset(reckoning.displaced),
        ended=ended,
        consequences=tuple(line for turn in turns for follower in followers for line in follower.foresee(session, turn)),
        names={agency: reckoning.names.on(agency, on) for agency in concerned},
    )


def _parting(one: Sequence[ParentSpan[UUID]], other: Sequence[ParentSpan[UUID]]) -> date:
    """The first day on which two courses through the tree, which differ, do so."""
    for mine, theirs in zip(one, other, strict=False):
        if mine != theirs:
            same_until_one_ends = (mine.parent, mine.valid_from) == (theirs.parent, theirs.valid_from)
            return min(mine.valid_to, theirs.valid_to) if same_until_one_ends else min(mine.valid_from, theirs.valid_from)
    return max(one, other, key=len)[min(len(one), len(other))].valid_from
