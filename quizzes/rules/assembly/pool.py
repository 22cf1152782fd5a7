"""An item as the drawing of forms sees it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from quizzes.rules.bank import Level

# Share of right answers expected of an item nobody has answered yet, by level.
LEVEL_FACILITY: Mapping[str, float] = {Level.RECALL: 0.75, Level.UNDERSTAND: 0.65, Level.APPLY: 0.5}
UNKNOWN_LEVEL_FACILITY = 0.6
LETTERS = "ABCDEFGHIJKL"

Enemies = Mapping[UUID, AbstractSet[UUID]]
"""Item → the items that must not stand in one paper with it."""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An item version that may enter a form. `facility`: expected share of the point, 0–1, `measured` or by its level. `key`: where
    its key stands (`key_class`). `recent`: in tests of how many of the recent quarters the item was. `anchor`: this version was
    measured in an earlier quarter and may tie the quarters together."""

    version: UUID
    item: UUID
    code: str
    topic: str
    level: str
    facility: float
    measured: bool = False
    key: str | None = None
    recent: int = 0
    anchor: bool = False


def key_class(kind: str, body: Mapping[str, Any], key: Sequence[str]) -> str | None:
    """The letter of a single choice's key, `true` or `false`; nothing for other kinds, whose keys nobody can guess by place."""
    if kind == "true_false" and key:
        return key[0]
    if kind == "single_choice" and key:
        ids = [option.get("id") for option in body.get("options", [])]
        return LETTERS[ids.index(key[0])] if key[0] in ids[: len(LETTERS)] else None
    return None


def is_letter(key: str | None) -> bool:
    return key is not None and len(key) == 1


def enemies_of(pairs: Iterable[tuple[UUID, UUID]]) -> dict[UUID, frozenset[UUID]]:
    """Pairs of items that exclude each other, from either side."""
    found: dict[UUID, set[UUID]] = defaultdict(set)
    for one, other in pairs:
        if one != other:
            found[one].add(other)
            found[other].add(one)
    return {item: frozenset(others) for item, others in found.items()}
