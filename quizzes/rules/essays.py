"""Marking by people: what an answer earns from the points they gave, and whose turn it is. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from lms.kit.errors import N_, DomainError

FAR_APART = Decimal("0.1")
"""Two markers whose shares differ by a tenth of the whole or more do not agree: a third decides."""
_KEPT = Decimal("0.0001")


class EssayState(StrEnum):
    """Whose turn it is."""

    FIRST = "first"
    SECOND = "second"
    THIRD = "third"
    DONE = "done"


TURN_NAMES = {
    EssayState.FIRST: N_("Chấm lần một"),
    EssayState.SECOND: N_("Chấm lần hai"),
    EssayState.THIRD: N_("Quyết định khi hai người chấm lệch nhau"),
}
PLACES = {EssayState.FIRST: 1, EssayState.SECOND: 2, EssayState.THIRD: 3}


@dataclass(frozen=True, slots=True)
class Given:
    """What one person gave: who, the share of the whole, points by criterion, words for the one who wrote."""

    place: int
    marker_id: UUID
    share: Decimal
    points: dict[str, int]
    comment: str


def may_mark(person_id: UUID | None, writer_id: UUID, markers: Collection[UUID]) -> bool:
    """Nobody marks an answer of their own, nor the same answer twice."""
    return person_id is not None and person_id != writer_id and person_id not in markers


def share_given(rubric: Sequence[Mapping[str, Any]], points: Mapping[str, int]) -> Decimal:
    """The share of the whole that points by criterion come to, as it is kept. Raises DomainError `bad_points` naming the criterion."""
    most = {criterion["id"]: criterion["points"] for criterion in rubric}
    for criterion in rubric:
        if not 0 <= points.get(criterion["id"], -1) <= criterion["points"]:
            raise DomainError(
                N_("Tiêu chí “%(text)s” cần số điểm từ 0 đến %(most)s."),
                code="bad_points",
                field=criterion["id"],
                text=criterion["text"][:80],
                most=criterion["points"],
            )
    if unknown := points.keys() - most.keys():
        raise DomainError(N_("Không có tiêu chí “%(id)s”."), code="bad_points", id=sorted(unknown)[0][:40])
    return kept(Fraction(sum(points.values()), sum(most.values())))


def kept(share: Fraction) -> Decimal:
    """A share with the four decimals that are kept."""
    return (Decimal(share.numerator) / Decimal(share.denominator)).quantize(_KEPT, rounding=ROUND_HALF_UP)


def next_state(markers: int, given: Sequence[Given]) -> tuple[EssayState, Decimal | None]:
    """Whose turn it is after what was given, and the share when it is nobody's. `given` in the order of places."""
    if len(given) == 3:
        return EssayState.DONE, given[2].share
    if len(given) < markers:
        return (EssayState.FIRST, EssayState.SECOND)[len(given)], None
    if len(given) == 1:
        return EssayState.DONE, given[0].share
    first, second = given[0].share, given[1].share
    if abs(first - second) >= FAR_APART:
        return EssayState.THIRD, None
    return EssayState.DONE, kept((Fraction(first) + Fraction(second)) / 2)
