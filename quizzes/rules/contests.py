"""Ranking a contest (cuộc thi tìm hiểu). Pure.

Equal scores are told apart by the side question (whose guess of the number of participants is nearest), then by the time used, then by who
handed in earlier; who is equal in all has the same place.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from uuid import UUID


@dataclass(frozen=True, slots=True)
class Entry:
    """A person's counted sitting. `guess` None: the side question was left unanswered, which ranks behind every answer."""

    person_id: UUID
    score: Decimal
    guess: int | None
    used: timedelta
    submitted_at: datetime


@dataclass(frozen=True, slots=True)
class Placed:
    place: int
    entry: Entry
    distance: int | None


def ranking(entries: Iterable[Entry], side_answer: int | None) -> list[Placed]:
    """Places from 1; `side_answer` is what the side question came to, None while it is not known (it then tells nobody apart)."""
    placed: list[Placed] = []
    for number, entry in enumerate(sorted(entries, key=lambda one: (_key(one, side_answer), one.person_id)), start=1):
        same = bool(placed) and _key(placed[-1].entry, side_answer) == _key(entry, side_answer)
        placed.append(Placed(placed[-1].place if same else number, entry, distance(entry, side_answer)))
    return placed


def distance(entry: Entry, side_answer: int | None) -> int | None:
    return None if entry.guess is None or side_answer is None else abs(entry.guess - side_answer)


def _key(entry: Entry, side_answer: int | None) -> tuple[Decimal, bool, int, timedelta, datetime]:
    far = distance(entry, side_answer)
    return (-entry.score, side_answer is not None and far is None, far or 0, entry.used, entry.submitted_at)
