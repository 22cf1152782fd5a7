"""A PDF as it is set: every piece of text with its place in millimetres from the upper left corner, its size and its font; lines; tags."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from pyhanko.pdf_utils.reader import PdfFileReader

MM = 25.4 / 72
_NUMBER = rb"(-?[0-9.]+)"
_GROUP = re.compile(
    rb"q 1 0 0 -1 " + _NUMBER + rb" " + _NUMBER + rb" cm(?P<body>.*?)\nQ", re.S
)  # texts and lines stand in a system of their own each
_TEXT = re.compile(rb"/(f[0-9]+) " + _NUMBER + rb" Tf 1 0 0 -1 " + _NUMBER + rb" " + _NUMBER + rb" Tm(\[.*?\]TJ|\(.*?\)Tj)", re.S)
_LINE = re.compile(_NUMBER + rb" w .*?0 0 m " + _NUMBER + rb" " + _NUMBER + rb" l", re.S)


@dataclass(frozen=True)
class Word:
    x: float
    y: float
    width: float
    size: float
    font: str
    text: str

    @property
    def right(self) -> float:
        return self.x + self.width


@dataclass(frozen=True)
class Rule:
    """A line drawn across, in millimetres."""

    x: float
    y: float
    width: float


@dataclass
class Page:
    width: float
    height: float
    words: list[Word] = field(default_factory=list)
    rules: list[Rule] = field(default_factory=list)

    @property
    def text(self) -> str:
        return " ".join(" ".join(word.text for word in self.words).split())

    def find(self, text: str) -> Word:
        """The piece that holds a text."""
        return next(word for word in self.words if text in word.text)


@dataclass
class Pdf:
    root: Any
    pages: list[Page]
    fonts: dict[str, Any]
    xmp: str

    @property
    def text(self) -> str:
        return " ".join(page.text for page in self.pages)

    def tags(self) -> list[str]:
        """The kinds of structure elements, in the order they are read."""
        found: list[str] = []
        waiting = [self.root["/StructTreeRoot"]["/K"]]
        while waiting:
            node = waiting.pop(0)
            node = node.get_object() if hasattr(node, "get_object") else node
            if isinstance(node, list):
                waiting[0:0] = list(node)
            elif isinstance(node, dict):
                if "/S" in node:
                    found.append(str(node["/S"]).lstrip("/"))
                if "/K" in node:
                    waiting.insert(0, node["/K"])
        return found


def read_pdf(content: bytes) -> Pdf:
    reader = PdfFileReader(BytesIO(content))
    fonts: dict[str, Any] = {}
    pages = [_page(node, fonts) for node in _pages(reader.root["/Pages"])]
    return Pdf(reader.root, pages, fonts, reader.root["/Metadata"].data.decode())


def _pages(node: Any) -> Iterator[Any]:
    if node["/Type"] == "/Pages":
        for kid in node["/Kids"]:
            yield from _pages(kid.get_object())
    else:
        yield node


def _page(node: Any, fonts: dict[str, Any]) -> Page:
    _left, _bottom, width, height = map(float, node["/MediaBox"])
    page = Page(width * MM, height * MM)
    known = {}
    for name, font in node["/Resources"].get("/Font", {}).items():
        made = font.get_object() if hasattr(font, "get_object") else font
        fonts[made["/BaseFont"]] = made
        known[name.lstrip("/").encode()] = (_letters(made), _widths(made), made["/BaseFont"])
    for group in _GROUP.finditer(node["/Contents"].data):
        left, top = float(group[1]), height - float(group[2])
        for found in _TEXT.finditer(group["body"]):
            letters, widths, font_name = known[found[1]]
            size = float(found[2])
            text, advance = _shown(found[5], letters, widths)
            x, y = left + float(found[3]), top + float(found[4])
            page.words.append(Word(x * MM, y * MM, advance * size / 1000 * MM, size, font_name.partition("+")[2], text))
        for line in _LINE.finditer(group["body"]):
            if float(line[3]) == 0:
                page.rules.append(Rule(left * MM, top * MM, float(line[2]) * MM))
    return page


def _letters(font: Any) -> dict[int, str]:
    found = {}
    for code, text in re.findall(rb"<([0-9A-F]{4})> <([0-9A-F]+)>", font["/ToUnicode"].data):
        found[int(code, 16)] = bytes.fromhex(text.decode()).decode("utf-16-be")
    return found


def _widths(font: Any) -> dict[int, float]:
    found: dict[int, float] = {}
    entries = list(font["/DescendantFonts"][0].get_object()["/W"])
    while entries:
        first = int(entries.pop(0))
        second = entries.pop(0)
        if isinstance(second, list):
            found.update({first + index: float(width) for index, width in enumerate(second)})
        else:
            width = float(entries.pop(0))
            found.update(dict.fromkeys(range(first, int(second) + 1), width))
    return found


def _shown(array: bytes, letters: dict[int, str], widths: dict[int, float]) -> tuple[str, float]:
    """The text of a TJ array, and how far it goes in thousandths of its size."""
    text, advance, position = "", 0.0, 0
    while position < len(array):
        if array[position : position + 1] == b"(":
            raw, position = _string(array, position + 1)
            for index in range(0, len(raw), 2):
                code = int.from_bytes(raw[index : index + 2], "big")
                text += letters.get(code, "")
                advance += widths.get(code, 0)
        elif number := re.compile(_NUMBER).match(array, position):
            advance -= float(number[1])
            position = number.end()
        else:
            position += 1
    return text, advance


_ESCAPES = {b"n": b"\n", b"r": b"\r", b"t": b"\t", b"b": b"\b", b"f": b"\f"}


def _string(array: bytes, position: int) -> tuple[bytes, int]:
    result, depth = b"", 1
    while True:
        letter = array[position : position + 1]
        if letter == b"\\":
            octal = re.compile(rb"[0-7]{1,3}").match(array, position + 1)
            if octal:
                result += bytes([int(octal[0], 8)])
                position = octal.end()
                continue
            escaped = array[position + 1 : position + 2]
            result += _ESCAPES.get(escaped, escaped)
            position += 2
            continue
        if letter == b"(":
            depth += 1
        elif letter == b")":
            depth -= 1
            if depth == 0:
                return result, position + 1
        result += letter
        position += 1
