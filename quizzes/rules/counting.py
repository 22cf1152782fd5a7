"""Which of a person's attempts counts. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from typing import Protocol, TypeVar

from lms.kit.errors import N_


class Counting(StrEnum):
    HIGHEST = "highest"
    FIRST = "first"
    LAST = "last"


COUNTING_NAMES = {
    Counting.HIGHEST: N_("lấy điểm cao nhất"),
    Counting.FIRST: N_("lấy điểm lần đầu"),
    Counting.LAST: N_("lấy điểm lần cuối"),
}


class Finished(Protocol):
    """A finished attempt with the mark that stands."""

    @property
    def number(self) -> int: ...
    @property
    def score(self) -> Decimal | None: ...
    @property
    def submitted_at(self) -> datetime | None: ...


A = TypeVar("A", bound=Finished)


def counted(attempts: Iterable[A], counting: str) -> A | None:
    """The one that counts: the highest score (of equal ones the first), the first, or the last; None where none has a mark."""
    marked = [attempt for attempt in attempts if attempt.score is not None]
    if not marked:
        return None
    if counting == Counting.FIRST:
        return min(marked, key=lambda one: one.number)
    if counting == Counting.LAST:
        return max(marked, key=lambda one: one.number)
    return min(marked, key=lambda one: (-(one.score or Decimal(0)), one.number))
