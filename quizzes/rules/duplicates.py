"""When two questions read alike. Pure.

A question's reading is its stem and the texts of its body without diacritics, marks and order of options. Two are equal when their
readings are; alike when they share most of their shingles (runs of three words): Broder, “On the resemblance and containment of
documents” (1997). A sketch holds the smallest of the shingles' hashes under many functions; its bands are equal in two sketches
the more probably the more alike the texts are, so that those worth comparing are found by an index and never by trying each with each.
"""

from __future__ import annotations

import hashlib
import re
import struct
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from lms.kit.vietnamese import fold

ALIKE = 0.6
"""Share of shingles (Jaccard) from which two questions are shown as looking alike."""
SHINGLE = 3
BANDS = 20
ROWS = 3
"""With 20 bands of 3 a pair that shares 60 % of its shingles is found in 99 of 100 cases, one that shares 80 % practically always."""
_HASHES = struct.Struct(f"<{BANDS * ROWS}I")
_BAND = struct.Struct(f"<H{ROWS}I")
_WORD = re.compile(r"\w+")
MOST_WORDS = 2_000
"""Words of a question that are looked at: one as long as a book is compared by its beginning."""


@dataclass(frozen=True, slots=True)
class Sketch:
    """`digest` is equal for equal readings; `bands` are signed 64-bit numbers."""

    text: str
    digest: str
    bands: frozenset[int]


def reading(stem: str, body: Mapping[str, Any]) -> str:
    """The text two questions are compared by: a line for the stem and each text of the body, the body's in alphabetical order."""
    pieces = [_words(stem), *sorted(filter(None, map(_words, _texts(body))))]
    return "\n".join(" ".join(piece) for piece in _shortened(pieces))


def sketch(text: str) -> Sketch:
    """The sketch of a reading."""
    hashes = [_HASHES.unpack(hashlib.shake_128(shingle.encode()).digest(_HASHES.size)) for shingle in shingles(text)]
    smallest = list(map(min, zip(*hashes, strict=True))) if hashes else [0] * (BANDS * ROWS)
    bands = frozenset(_hash(_BAND.pack(band, *smallest[band * ROWS : (band + 1) * ROWS])) for band in range(BANDS))
    return Sketch(text, hashlib.sha256(text.encode()).hexdigest()[:32], bands)


def shingles(text: str) -> frozenset[str]:
    """Runs of three words within each line of a reading; a shorter line is one run."""
    found: set[str] = set()
    for line in text.split("\n"):
        words = line.split(" ")
        found.update(" ".join(words[start : start + SHINGLE]) for start in range(max(1, len(words) - SHINGLE + 1)))
    return frozenset(found)


def likeness(one: str, other: str) -> float:
    """How much two readings have in common, 0 to 1; 1 exactly for equal sets of shingles."""
    ours, theirs = shingles(one), shingles(other)
    return len(ours & theirs) / len(ours | theirs)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, Mapping):
        for name, inner in value.items():
            if name == "text" and isinstance(inner, str):
                yield inner
            elif not isinstance(inner, str):
                yield from _texts(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from _texts(inner)


def _words(text: str) -> list[str]:
    return _WORD.findall(fold(text))


def _shortened(pieces: list[list[str]]) -> Iterator[list[str]]:
    left = MOST_WORDS
    for piece in pieces:
        if left > 0:
            yield piece[:left]
        left -= len(piece)


def _hash(data: bytes) -> int:
    return int.from_bytes(hashlib.blake2b(data, digest_size=8).digest(), "little", signed=True)
