"""What has changed between two versions of an item, word by word. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher
from enum import StrEnum
from typing import Any

_WORD = re.compile(r"\w+\s*|[^\w\s]\s*|\s+")
MOST_WORDS = 1_500
"""Words of a text that are compared one by one; longer texts are shown as a whole, old and new."""


class Fate(StrEnum):
    KEPT = "kept"
    GONE = "gone"
    NEW = "new"


@dataclass(frozen=True, slots=True)
class Piece:
    """A run of text and what became of it."""

    text: str
    fate: Fate


@dataclass(frozen=True, slots=True)
class Compared:
    """A part of an item in both versions; `old` holds what is kept or gone, `new` what is kept or new."""

    part: str
    old: tuple[Piece, ...]
    new: tuple[Piece, ...]

    @property
    def changed(self) -> bool:
        return any(piece.fate is not Fate.KEPT for piece in (*self.old, *self.new))


def compared(old: Mapping[str, str], new: Mapping[str, str]) -> list[Compared]:
    """Every part that either has, in the order of the new version, then those it lost."""
    parts = [*new, *(part for part in old if part not in new)]
    return [_compare(part, old.get(part, ""), new.get(part, "")) for part in parts if old.get(part) or new.get(part)]


def readable_body(value: Any, name: str = "") -> Iterator[tuple[str, str]]:
    """A body as named lines of text: `options b` → its text; settings under their own name."""
    if isinstance(value, Mapping):
        here = str(value.get("id", ""))
        rest = {key: inner for key, inner in value.items() if key != "id"}
        for key, inner in rest.items():
            label = " ".join(filter(None, (name, here, key if key != "text" else "")))
            yield from readable_body(inner, label or str(key))
    elif isinstance(value, Sequence) and not isinstance(value, str):
        if all(not isinstance(one, Mapping | list | tuple) for one in value):
            yield name, ", ".join(map(str, value))
        else:
            for one in value:
                yield from readable_body(one, name)
    else:
        yield name, str(value)


def _compare(part: str, old: str, new: str) -> Compared:
    if old == new:
        kept = (Piece(old, Fate.KEPT),)
        return Compared(part, kept, kept)
    before, after = _WORD.findall(old), _WORD.findall(new)
    if max(len(before), len(after)) > MOST_WORDS:
        return Compared(part, _piece(before, Fate.GONE), _piece(after, Fate.NEW))
    left: list[Piece] = []
    right: list[Piece] = []
    for operation, i1, i2, j1, j2 in SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        fate_left, fate_right = (Fate.KEPT, Fate.KEPT) if operation == "equal" else (Fate.GONE, Fate.NEW)
        left += _piece(before[i1:i2], fate_left)
        right += _piece(after[j1:j2], fate_right)
    return Compared(part, tuple(left), tuple(right))


def _piece(words: Sequence[str], fate: Fate) -> tuple[Piece, ...]:
    return (Piece("".join(words), fate),) if words else ()
