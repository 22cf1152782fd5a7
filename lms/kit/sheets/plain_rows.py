"""Rows of a worksheet as every spreadsheet program writes them, recognised whole without parsing them cell by cell.

Only rows that stand directly below `<sheetData>`, one after another, in the narrow form below are recognised: nothing in them can hold
markup, a comment, an entity of their own or a cell beyond the limits. From the first byte that is anything else on, the parser sees
everything, so what is skipped here can never hide something from it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any
from xml.parsers import expat

LAST_ROW, LAST_COLUMN = 50_000, 40
"""No row below and no column beside these is recognised; their product is within the limit on cells."""

_LONGEST = 1024 * 1024
_OPENING = b"<sheetData>"
_UTF8 = re.compile(
    rb"""(?:\xef\xbb\xbf)?<\?xml version=["']1\.0["'](?: encoding=["'][Uu][Tt][Ff]-8["'])?(?: standalone=["'](?:yes|no)["'])?\?>"""
)

_ROW_NUMBER = rb"(?P<row>[1-9][0-9]{0,3}|[1-4][0-9]{4}|50000)"
_COLUMN = rb"(?:A?[A-N]|[O-Z])"  # A to AN
_LETTERS = rb"[^<&\x00-\x08\x0b\x0c\x0e-\x1f]*+"
_TEXT = _LETTERS + rb"(?:&(?:amp|lt|gt|quot|apos|#(?:9|10|13|[3-9][0-9]|[12][0-9]{2}));" + _LETTERS + rb")*+"
_ATTRIBUTES = (
    rb'(?: (?:spans|ht|s|customHeight|customFormat|outlineLevel|collapsed|thickTop|thickBot|ph|x14ac:dyDescent)="[0-9a-z:.]*+"'
    rb'| hidden="(?:0|false)")*+'
)
_CELL = (
    rb'<c r="' + _COLUMN + rb'(?P=row)"(?: s="[0-9]{1,6}")?(?: t="[a-zA-Z]{1,9}")?'
    rb"(?:/>|>(?:<f>" + _TEXT + rb"</f>)?(?:<v>" + _TEXT + rb'</v>|<is><t(?: xml:space="preserve")?>' + _TEXT + rb"</t></is>)?</c>)"
)
_ROWS = re.compile(rb'(?:<row r="' + _ROW_NUMBER + rb'"' + _ATTRIBUTES + rb"(?:/>|>(?:" + _CELL + rb")*+</row>))*+")


class PlainRows:
    """Stands between the chunks of a worksheet part and its parser. `skipped` is told the last row of those that were skipped, before the
    parser goes on."""

    def __init__(self, skipped: Callable[[int], None]) -> None:
        self._skipped = skipped
        self._begun = False
        self._skipping = True
        self._held = b""

    def feed(self, parser: expat.XMLParserType, chunk: bytes) -> bytes:
        """What the parser is to see of a chunk."""
        if not self._begun:
            self._begun = True
            chunk = self._after_opening(parser, chunk)
        if not self._skipping:
            return chunk
        chunk = self._held + chunk
        found = _ROWS.match(chunk)
        assert found is not None
        if found["row"]:
            self._skipped(int(found["row"]))
        self._held = chunk[found.end() :]
        if self._may_go_on():
            return b""
        self._skipping = False
        return self.rest()

    def rest(self) -> bytes:
        """What was held back for want of its end."""
        held, self._held = self._held, b""
        return held

    def _may_go_on(self) -> bool:
        """Is what is left the beginning of a row whose end has not come yet?"""
        held = self._held
        return held[:5] == b"<row "[: len(held)] and b"</row>" not in held and len(held) < _LONGEST

    def _after_opening(self, parser: expat.XMLParserType, chunk: bytes) -> bytes:
        """Have the parser read the part's beginning, and see whether it, too, takes the opening for one."""
        position = chunk.find(_OPENING)
        if position < 0 or not _UTF8.match(chunk):
            self._skipping = False
            return chunk
        opened_at = -1
        start: Any = parser.StartElementHandler

        def watch(tag: str, attributes: dict[str, str]) -> None:
            nonlocal opened_at
            if tag == "sheetData":
                opened_at = parser.CurrentByteIndex
            if start is not None:
                start(tag, attributes)

        parser.StartElementHandler = watch
        parser.Parse(chunk[: position + len(_OPENING)], False)
        parser.StartElementHandler = start
        self._skipping = opened_at == position
        return chunk[position + len(_OPENING) :]
