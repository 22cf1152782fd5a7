"""Ma trận đề: how many items of which topic and level, and the chance that is the same every time."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from lms.kit.errors import N_, DomainError
from quizzes.rules.bank import LEVELS, Level

# Share of each level in a paper, in per cent (docs/authoring.md).
LEVEL_SHARES = {Level.RECALL: 40, Level.UNDERSTAND: 35, Level.APPLY: 25}


@dataclass(frozen=True, slots=True, order=True)
class Cell:
    """How many items of one topic and level a paper has."""

    topic: str
    level: str
    count: int


class BankTooSmallError(DomainError):
    """The bank cannot fill a blueprint; the message names every cell that falls short."""


def merged(cells: Sequence[Cell]) -> list[Cell]:
    """The blueprint with each topic and level once, in order."""
    counts: Counter[tuple[str, str]] = Counter()
    for cell in cells:
        counts[cell.topic, cell.level] += cell.count
    return [Cell(topic, level, count) for (topic, level), count in sorted(counts.items())]


def shortfalls(available: Mapping[tuple[str, str], int], cells: Sequence[Cell]) -> list[tuple[Cell, int]]:
    """The cells that cannot be filled from so many items of each topic and level, each with how many there are."""
    return [(cell, have) for cell in merged(cells) if (have := available.get((cell.topic, cell.level), 0)) < cell.count]


def refuse_shortfalls(short: Sequence[tuple[Cell, int]], names: Mapping[str, str] | None = None) -> None:
    """Raises BankTooSmallError where there are any; `names`: what topics are called."""
    if short:
        named = "; ".join(f"{(names or {}).get(cell.topic, cell.topic)} – {cell.level}: {have}/{cell.count}" for cell, have in short)
        raise BankTooSmallError(
            N_("Ngân hàng câu hỏi không đủ cho ma trận đề (chủ đề – mức độ: có/cần): %(cells)s. Bổ sung câu hỏi hoặc sửa ma trận."),
            code="bank_too_small",
            cells=named,
        )


def spread(available: Mapping[tuple[str, str], int], size: int) -> list[Cell]:
    """A blueprint of `size` items: levels in their usual shares, topics as even as the bank allows.

    Raises BankTooSmallError when there are fewer than `size` items.
    """
    if sum(available.values()) < size:
        raise BankTooSmallError(
            N_("Ngân hàng chỉ có %(have)s câu dùng được, cần %(size)s."), code="bank_too_small", have=sum(available.values()), size=size
        )
    topics = sorted({topic for topic, _ in available})
    counts: Counter[tuple[str, str]] = Counter()
    wanted = {level: size * LEVEL_SHARES[level] // 100 for level in LEVELS}
    for _ in range(size):
        room = [cell for cell, have in available.items() if counts[cell] < have]

        def need(cell: tuple[str, str]) -> tuple[int, int, int]:
            topic, level = cell
            in_level = sum(count for (_, other), count in counts.items() if other == level)
            in_topic = sum(count for (other, _), count in counts.items() if other == topic)
            return (in_level - wanted[Level(level)], in_topic, topics.index(topic))

        counts[min(room, key=need)] += 1
    return [Cell(topic, level, count) for (topic, level), count in sorted(counts.items())]


def draw(*parts: object) -> bytes:
    """A number that looks random and is the same on every machine and in every year: orders drawn with it can be drawn again."""
    return hashlib.sha256(":".join(str(part) for part in parts).encode()).digest()
