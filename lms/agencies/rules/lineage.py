"""In whom agencies live on, and from whom they come, through chains of mergers, consolidations and splits.

A share is the part of an agency's people that the decisions give to another, multiplied along the way; None where a decision on the
way does not say how it divides. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Passage:
    """An event in which agencies go on in others: `flows` are (predecessor, successor, share). A split that its agency survives has a
    flow from the agency to itself."""

    event: UUID
    flows: tuple[tuple[UUID, UUID, float | None], ...]


@dataclass(frozen=True, slots=True)
class Reach:
    """How much of an agency is meant, and the events on the way."""

    share: float | None
    events: tuple[UUID, ...] = ()


def forward(agency: UUID, passages: Iterable[Passage]) -> dict[UUID, Reach]:
    """Where an agency is after these events, which are in their order."""
    held: dict[UUID, Reach] = {agency: Reach(1.0)}
    for passage in passages:
        leaving = {predecessor for predecessor, _, _ in passage.flows if predecessor in held}
        if not leaving:
            continue
        taken = {one: held.pop(one) for one in leaving}
        for predecessor, successor, share in passage.flows:
            if predecessor in taken:
                gone = taken[predecessor]
                step = Reach(_times(gone.share, share), (*gone.events, passage.event))
                held[successor] = _together(held.get(successor), step)
    return held


def backward(agency: UUID, passages: Sequence[Passage]) -> dict[UUID, Reach]:
    """Of which agencies before these events how much came into this one."""
    wanted: dict[UUID, Reach] = {agency: Reach(1.0)}
    for passage in reversed(passages):
        after = wanted
        leaving = {predecessor for predecessor, _, _ in passage.flows}
        wanted = {one: reach for one, reach in after.items() if one not in leaving}
        for predecessor, successor, share in passage.flows:
            if successor in after:
                come = after[successor]
                step = Reach(_times(come.share, share), (passage.event, *come.events))
                wanted[predecessor] = _together(wanted.get(predecessor), step)
    return wanted


def _times(one: float | None, other: float | None) -> float | None:
    return None if one is None or other is None else one * other


def _together(one: Reach | None, other: Reach) -> Reach:
    if one is None:
        return other
    share = None if one.share is None or other.share is None else one.share + other.share
    return Reach(share, tuple(dict.fromkeys((*one.events, *other.events))))
