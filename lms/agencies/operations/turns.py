"""What an event means for those that hang on agencies: who ends, in whom they live on, and whose name or place changes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, timedelta
from uuid import UUID

from msgspec import UNSET

from lms.agencies.rules.events import Amendment, Division, Event, heirs_of
from lms.agencies.rules.replay import Tree
from lms.kit.following import AgencyTurn


def turn_of(event: Event, before: Tree, after: Tree, below: Below | None = None) -> AgencyTurn | None:
    """What followers are told of an event; None where they have nothing to follow (a birth, a code, another block)."""
    details = event.details
    if isinstance(details, Amendment):
        if details.parent is UNSET and details.name is UNSET:
            return None
        own = {details.agency}
        touched = below_on(after, own, event.on, below) if details.parent is not UNSET else own
        return AgencyTurn(event.id, event.on, {}, frozenset(touched))
    heirs = heirs_of(details)
    parts = {part.agency for part in details.parts} if isinstance(details, Division) else set()
    if not heirs and not parts:
        return None
    gaining = {heir for heir in heirs.values() if heir is not None} | parts
    ended = below_on(before, heirs, event.on - timedelta(days=1))
    return AgencyTurn(event.id, event.on, heirs, frozenset(ended | below_on(after, gaining, event.on, below)))


class Below:
    """Who is directly below whom on a day, worked out once for each day that is asked about."""

    def __init__(self) -> None:
        self.days: dict[tuple[int, date], dict[UUID, list[UUID]]] = {}

    def on(self, tree: Tree, day: date) -> dict[UUID, list[UUID]]:
        found = self.days.get((id(tree), day))
        if found is None:
            found = self.days[(id(tree), day)] = {}
            for own in tree.versions.values():
                for version in own:
                    if version.parent is not None and version.valid_from <= day < version.valid_to:
                        found.setdefault(version.parent, []).append(version.agency)
        return found


def below_on(tree: Tree, agencies: Iterable[UUID], day: date, below: Below | None = None) -> set[UUID]:
    """The agencies and all below them on a day."""
    children = (below or Below()).on(tree, day)
    reached = set(agencies)
    waiting = list(reached)
    while waiting:
        for child in children.get(waiting.pop(), ()):
            if child not in reached:
                reached.add(child)
                waiting.append(child)
    return reached
