"""GIFT as text: its escapes, and the cutting of a file into questions."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_ESCAPED = "~=#{}:"
_INNER = {char: chr(number) for number, char in enumerate(_ESCAPED, start=1)} | {"\\": "\x07", "*": "\x08"}
_TO_INNER = re.compile(r"\\([~=#{}:\\*n])")
_FROM_INNER = re.compile("[\x01-\x08]")
_OUTER = {inner: char for char, inner in _INNER.items()}
_CONTROL = re.compile("[\x00-\x08\x0e-\x1f]")
_TO_ESCAPE = re.compile(r"[~=#{}:\\\n]")
_ID = re.compile(r"\[id:((?:\\\]|[^\]\[])+)\]")
_TAG = re.compile(r"\[tag:((?:\\\]|[^\]\[])+)\]")
_MACHINE = re.compile(r"question: [0-9]+  name: ")  # what Moodle writes above each question of an export
LEFTOVERS = "lms:"


@dataclass
class Block:
    """The lines of one question, and what the comments above and within it say."""

    line: int
    text: str = ""
    id: str = ""
    tags: list[str] = field(default_factory=list)
    leftovers: str = ""
    comments: int = 0
    category: tuple[int, str] | None = None


def blocks(text: str) -> Iterator[Block]:
    """The questions of a file: an empty line ends one, as in Moodle."""
    block: Block | None = None
    lines: list[str] = []
    for number, line in enumerate(_lines(_CONTROL.sub("", text)), start=1):
        stripped = line.strip()
        if stripped:
            block = block or Block(number)
            if stripped.startswith("//"):
                _comment(block, stripped[2:].strip())
            elif stripped.startswith("$CATEGORY:"):
                if lines:
                    yield _whole(block, lines)
                    block, lines = Block(number), []
                block.category = (number, stripped.removeprefix("$CATEGORY:").strip())
            else:
                if not lines:
                    block.line = number
                lines.append(line)
        elif block is not None:
            yield _whole(block, lines)
            block, lines = None, []
    if block is not None:
        yield _whole(block, lines)


def _lines(text: str) -> Iterator[str]:
    start = 0
    while (end := text.find("\n", start)) >= 0:
        yield text[start:end]
        start = end + 1
    yield text[start:]


def _whole(block: Block, lines: list[str]) -> Block:
    block.text = "\n".join(lines)
    return block


def _comment(block: Block, text: str) -> None:
    if text.startswith(LEFTOVERS):
        block.leftovers = text.removeprefix(LEFTOVERS).strip()
        return
    ids, tags = _ID.findall(text), _TAG.findall(text)
    if ids:
        block.id = _plain_mark(ids[-1])
    block.tags += map(_plain_mark, tags)
    if _ID.sub("", _TAG.sub("", text)).strip() and not _MACHINE.match(text):
        block.comments += 1


def _plain_mark(text: str) -> str:
    return text.replace("\\]", "]").strip()


def mark(name: str, value: str) -> str:
    """`[id:…]` or `[tag:…]` of a comment; empty where the value cannot be said there."""
    return "" if "[" in value or "\n" in value else f"[{name}:{value.replace(']', chr(92) + ']')}]"


def inner(text: str) -> str:
    """The text with what is escaped out of the way of its signs; `restored` brings it back."""
    return _TO_INNER.sub(lambda found: "\n" if found[1] == "n" else _INNER[found[1]], text)


def restored(text: str) -> str:
    return _FROM_INNER.sub(lambda found: _OUTER[found[0]], text)


def escaped_answer(text: str) -> str:
    """A short answer: a star alone would stand for any text."""
    return escaped(text).replace("*", "\\*")


def escaped(text: str) -> str:
    return _TO_ESCAPE.sub(lambda found: "\\n" if found[0] == "\n" else "\\" + found[0], text)
