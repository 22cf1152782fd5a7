"""Sheets typed in fonts of the time before Unicode, brought to Unicode with a note of every cell that changed. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace

from lms.kit.legacy_encodings import Encoding, decode, font_encoding, is_unicode_only, readable_as, recognised
from lms.kit.sheets.cells import Cell, Row, Sheet


@dataclass(frozen=True, slots=True)
class Conversion:
    """One converted cell; row as in Excel, column from 0."""

    row: int
    column: int
    encoding: Encoding
    before: str
    after: str


def to_unicode(sheet: Sheet) -> tuple[Sheet, list[Conversion]]:
    """The sheet with every text in Unicode NFC, and what was converted; the sheet itself where nothing was.

    A cell counts as old text where it can be nothing else, or where its font says so. In files that tell no fonts, cells of the same column
    that could be either are taken for it as well, unless the column has Unicode text in it.
    """
    if not sheet.fonts:
        texts = {cell for row in sheet.rows for cell in row.cells if type(cell) is str and not cell.isascii()}
        if not any(map(recognised, texts)):
            return sheet, []
    certain = {(row.number, column): encoding for row, column, text in _texts(sheet) if (encoding := recognised(text))}
    if not certain and not sheet.fonts:
        return sheet, []
    mixed = {column for _row, column, text in _texts(sheet) if is_unicode_only(text)}
    most: dict[int, Counter[Encoding]] = {}
    for (_number, column), encoding in certain.items():
        most.setdefault(column, Counter())[encoding] += 1
    conversions: list[Conversion] = []
    for row, column, text in _texts(sheet):
        font = font_encoding(sheet.fonts.get(row.number, {}).get(column, ""))
        of_column = most[column].most_common(1)[0][0] if column in most and column not in mixed and not sheet.fonts else None
        guesses = () if is_unicode_only(text) else (font[0] if font else None, of_column)
        encoding = certain.get((row.number, column)) or next((guess for guess in guesses if guess and readable_as(text, guess)), None)
        capitals = font is not None and font[1]
        if encoding is not None or (capitals and text.isascii()):
            after = decode(text, encoding) if encoding else text
            after = after.upper() if capitals else after
            if after != text:
                conversions.append(Conversion(row.number, column, encoding or Encoding.TCVN3, text, after))
    return _with(sheet, conversions), conversions


def _texts(sheet: Sheet) -> Iterator[tuple[Row, int, str]]:
    has_fonts = bool(sheet.fonts)
    for row in sheet.rows:
        for column, cell in enumerate(row.cells):
            if isinstance(cell, str) and (has_fonts or not cell.isascii()):
                yield row, column, cell


def _with(sheet: Sheet, conversions: list[Conversion]) -> Sheet:
    changed: dict[int, dict[int, str]] = {}
    for conversion in conversions:
        changed.setdefault(conversion.row, {})[conversion.column] = conversion.after
    rows = [row if row.number not in changed else _changed(row, changed[row.number]) for row in sheet.rows]
    return replace(sheet, rows=rows)


def _changed(row: Row, cells: dict[int, str]) -> Row:
    values: tuple[Cell, ...] = tuple(cells.get(column, cell) for column, cell in enumerate(row.cells))
    return Row(row.number, values, row.hidden)
