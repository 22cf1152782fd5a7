"""Ceilings of an uploaded spreadsheet, checked before its parser sees it.

A 6 KB workbook with cells in A1 and XFD1048576 makes the parser ask for more memory than there is. So the archive's table of contents
is read first, then every XML part is streamed once: no document type, no entities, no cell beyond the limits. Cells that hold only a
format do not count: real sheets are coloured down to the last row, and the parser skips them too.
"""

from __future__ import annotations

import re
import zipfile
import zlib
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO
from xml.parsers import expat

from lms.kit.errors import N_, DomainError, TooLarge
from lms.kit.formats import number
from lms.kit.sheets.fonts import Styles
from lms.kit.sheets.kinds import FileKind, damaged
from lms.kit.sheets.plain_rows import LAST_COLUMN, PlainRows

MAX_FILE_BYTES = 20 * 1024 * 1024
MAX_ROWS = 50_000
MAX_COLUMNS = 200
MAX_CELLS = 2_000_000
MAX_SHEETS = 200
MAX_PARTS = 2_000
MAX_UNPACKED_BYTES = 256 * 1024 * 1024
MAX_RATIO = 300  # Excel's own XML packs 10 to 30 times; zeros pack 1,000 times
RATIO_MATTERS_ABOVE = 16 * 1024 * 1024
CHUNK = 256 * 1024
MAX_TOKEN_BYTES = 2 * 1024 * 1024  # one tag; the parser begins each anew with every chunk until its end has come

_TEXT_PARTS = ("xl/sharedStrings.xml", "xl/styles.xml", "content.xml", "styles.xml", "meta.xml", "settings.xml")
_XLSX_SHEET = re.compile(r"xl/worksheets/[^/]+\.xml", re.IGNORECASE)
_REFERENCE = re.compile(r"\$?([A-Za-z]{1,3})\$?([0-9]{1,7})")


@dataclass(slots=True)
class SheetFacts:
    """What only the XML tells, for one part: which rows and columns are hidden, how wide columns are, and which cells are set in a font
    of the time before Unicode (rows from 1, columns from 0)."""

    hidden_rows: set[int] = field(default_factory=set)
    hidden_columns: set[int] = field(default_factory=set)
    widths: dict[int, float] = field(default_factory=dict)
    fonts: dict[int, dict[int, str]] = field(default_factory=dict)


class BeyondLimitsError(Exception):
    """A cell lies beyond the limits; `declared` is the sheet's own word on its rows, 0 where it says nothing."""

    def __init__(self, rows: int, columns: int, declared: int) -> None:
        self.rows, self.columns, self.declared = rows, columns, declared


class ForbiddenMarkupError(Exception):
    """A document type or an entity, which no spreadsheet program writes."""


class TooManyCellsError(Exception):
    """A sheet's last row times its last column is beyond the limit."""


def check_size(path: Path, name: str) -> None:
    if path.stat().st_size > MAX_FILE_BYTES:
        raise TooLarge(
            N_("Tệp %(file)s nặng %(size)s MB; mỗi tệp tối đa %(limit)s MB. Chia tệp thành nhiều phần rồi gửi lại."),
            code="file_too_large",
            field="file",
            file=name,
            size=number(path.stat().st_size // (1024 * 1024)),
            limit=number(MAX_FILE_BYTES // (1024 * 1024)),
        )


def check_archive(path: Path, name: str, kind: FileKind) -> dict[str, SheetFacts]:
    """Check an .xlsx or .ods file whole. Returns the facts of each worksheet part of an .xlsx; raises DomainError."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
            _check_parts(parts, name)
            try:
                _check_unpacked(parts, name)
            except TooLarge:
                _prefer_row_limit(archive, parts, name)
                raise
            return _check_xml(archive, parts, name, kind)
    except (zipfile.BadZipFile, zlib.error, OSError, EOFError, NotImplementedError, RuntimeError, ValueError, expat.ExpatError) as error:
        raise damaged(name) from error
    except ForbiddenMarkupError as error:
        raise DomainError(
            N_("Tệp %(file)s chứa khai báo DTD hoặc thực thể XML, không được nhận vì lý do an toàn. Lưu lại bằng Excel rồi gửi lại."),
            code="unsafe_workbook",
            field="file",
            file=name,
        ) from error


def too_many(name: str, rows: int, columns: int) -> TooLarge:
    """The refusal of a sheet with more rows or columns than the limits."""
    if rows > MAX_ROWS:
        return TooLarge(
            N_("Tệp %(file)s có tới dòng %(found)s; mỗi trang tính tối đa %(limit)s dòng. Xóa dòng thừa hoặc chia tệp thành nhiều phần."),
            code="too_many_rows",
            field="file",
            file=name,
            found=number(rows),
            limit=number(MAX_ROWS),
        )
    return TooLarge(
        N_("Tệp %(file)s có tới cột thứ %(found)s; mỗi trang tính tối đa %(limit)s cột. Xóa cột thừa rồi gửi lại."),
        code="too_many_columns",
        field="file",
        file=name,
        found=number(columns),
        limit=number(MAX_COLUMNS),
    )


def too_many_cells(name: str) -> TooLarge:
    return TooLarge(
        N_("Tệp %(file)s có trang tính quá lớn: số dòng nhân số cột vượt %(limit)s ô. Xóa dòng, cột thừa hoặc chia tệp."),
        code="too_many_cells",
        field="file",
        file=name,
        limit=number(MAX_CELLS),
    )


def _check_parts(parts: list[zipfile.ZipInfo], name: str) -> None:
    sheets = sum(bool(_XLSX_SHEET.fullmatch(part.filename)) for part in parts)
    if len(parts) > MAX_PARTS or sheets > MAX_SHEETS:
        raise TooLarge(
            N_("Tệp %(file)s có %(found)s phần bên trong, %(sheets)s trang tính; tối đa %(limit)s phần, %(most)s trang tính."),
            code="too_many_parts",
            field="file",
            file=name,
            found=number(len(parts)),
            sheets=number(sheets),
            limit=number(MAX_PARTS),
            most=number(MAX_SHEETS),
        )
    if any(part.flag_bits & 0x1 for part in parts):
        raise DomainError(
            N_("Tệp %(file)s được bảo vệ bằng mật khẩu. Bỏ mật khẩu rồi gửi lại."), code="encrypted_workbook", field="file", file=name
        )


def _check_unpacked(parts: list[zipfile.ZipInfo], name: str) -> None:
    unpacked = sum(part.file_size for part in parts)
    bombs = [part for part in parts if part.file_size > RATIO_MATTERS_ABOVE and part.file_size > MAX_RATIO * max(part.compress_size, 1)]
    if unpacked > MAX_UNPACKED_BYTES or bombs:
        raise TooLarge(
            N_("Tệp %(file)s bung ra tới %(size)s MB (tối đa %(limit)s MB), giống một tệp nén phá hoại. Lưu lại bằng Excel rồi gửi lại."),
            code="workbook_bomb",
            field="file",
            file=name,
            size=number(unpacked // (1024 * 1024)),
            limit=number(MAX_UNPACKED_BYTES // (1024 * 1024)),
        )


def _prefer_row_limit(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], name: str) -> None:
    """A genuine workbook of 400,000 rows is refused for its rows, which its owner can mend, not for its bytes."""
    for part in parts:
        if _XLSX_SHEET.fullmatch(part.filename):
            try:
                _read_xlsx_sheet(archive, part)
            except BeyondLimitsError as beyond:
                raise too_many(name, max(beyond.rows, beyond.declared), beyond.columns) from beyond
            except (expat.ExpatError, ForbiddenMarkupError):
                return


def _check_xml(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo], name: str, kind: FileKind) -> dict[str, SheetFacts]:
    facts: dict[str, SheetFacts] = {}
    fonts = _old_fonts(archive, parts) if kind is FileKind.XLSX else {}
    for part in parts:
        try:
            if kind is FileKind.XLSX and _XLSX_SHEET.fullmatch(part.filename):
                facts[part.filename] = _read_xlsx_sheet(archive, part, fonts)
            elif kind is FileKind.ODS and part.filename == "content.xml":
                _read_ods_content(archive, part)
            elif part.filename in _TEXT_PARTS or part.filename.lower().endswith(".rels"):
                _stream(archive, part, None)
            elif part.filename.lower().endswith(".xml"):
                _read_xlsx_sheet(archive, part)  # a workbook may name any part as its worksheet
        except BeyondLimitsError as beyond:
            raise too_many(name, max(beyond.rows, beyond.declared), beyond.columns) from beyond
        except TooManyCellsError as error:
            raise too_many_cells(name) from error
    return facts


StartHandler = Callable[[str, dict[str, str]], None]


def _stream(
    archive: zipfile.ZipFile,
    part: zipfile.ZipInfo,
    start: StartHandler | None,
    end: Callable[[str], None] | None = None,
    skip: PlainRows | None = None,
) -> None:
    """Parse a part; `skip` takes rows that need no parsing out of what the parser sees."""
    parser = expat.ParserCreate()
    parser.buffer_text = True
    parser.StartDoctypeDeclHandler = _forbid
    parser.EntityDeclHandler = _forbid
    if start is not None:
        parser.StartElementHandler = start
    if end is not None:
        parser.EndElementHandler = end
    with archive.open(part) as file:
        fed = 0
        for chunk in _chunks(file):
            rest = skip.feed(parser, chunk) if skip is not None else chunk
            parser.Parse(rest, False)
            fed += len(rest)
            if fed - parser.CurrentByteIndex > MAX_TOKEN_BYTES:
                raise expat.ExpatError("a tag without an end")
        if skip is not None:
            parser.Parse(skip.rest(), False)
    parser.Parse(b"", True)


def _chunks(file: IO[bytes]) -> Iterator[bytes]:
    while chunk := file.read(CHUNK):
        yield chunk


def _forbid(*_details: object) -> None:
    raise ForbiddenMarkupError


def _old_fonts(archive: zipfile.ZipFile, parts: list[zipfile.ZipInfo]) -> dict[str, str]:
    """Style of a cell → the font of the time before Unicode it is set in; in nearly every file there is none."""
    part = next((part for part in parts if part.filename == "xl/styles.xml"), None)
    if part is None:
        return {}
    styles = Styles()
    _stream(archive, part, styles.start, styles.end)
    return styles.old_fonts()


def _read_xlsx_sheet(archive: zipfile.ZipFile, part: zipfile.ZipInfo, fonts: Mapping[str, str] | None = None) -> SheetFacts:
    reader = _XlsxSheet(fonts or {})
    # Which cells are set in old fonts only the parser tells.
    _stream(archive, part, reader.start, skip=None if fonts else PlainRows(reader.skip_to))
    if reader.last_row * reader.last_column > MAX_CELLS:
        raise TooManyCellsError
    return reader.facts


class _XlsxSheet:
    """Follows rows and cells of a worksheet part; a cell counts once a value, formula or text begins inside it."""

    def __init__(self, fonts: Mapping[str, str]) -> None:
        self.facts = SheetFacts()
        self.fonts = fonts
        self.font: str | None = None
        self.declared = self.row = self.column = 0
        self.last_row = self.last_column = 0
        self._handlers: dict[str, Callable[[dict[str, str]], None]] = {
            "c": self._cell,
            "v": self._value,
            "is": self._value,
            "f": self._value,
            "row": self._row,
            "col": self._col,
            "dimension": self._dimension,
        }

    def skip_to(self, row: int) -> None:
        """Rows up to this one held nothing the parser must see; of their columns only the farthest there may be is known."""
        self.row = max(self.row, row)
        self.last_row, self.last_column = max(self.last_row, row), max(self.last_column, LAST_COLUMN)

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        handler = self._handlers.get(tag) or self._handlers.get(tag.rpartition(":")[2])
        if handler is not None:
            handler(attributes)

    def _dimension(self, attributes: dict[str, str]) -> None:
        _, self.declared = _position(attributes.get("ref", "").rpartition(":")[2])

    def _row(self, attributes: dict[str, str]) -> None:
        given = attributes.get("r")
        self.row = _natural(given) if given else self.row + 1
        self.column = 0
        if attributes.get("hidden") in ("1", "true"):
            self.facts.hidden_rows.add(self.row)

    def _col(self, attributes: dict[str, str]) -> None:
        if attributes.get("hidden") in ("1", "true"):
            first, last = _natural(attributes.get("min")), _natural(attributes.get("max"))
            self.facts.hidden_columns.update(range(max(first, 1) - 1, min(last, MAX_COLUMNS)))
        elif (width := _width(attributes.get("width"))) is not None:
            first, last = _natural(attributes.get("min")), _natural(attributes.get("max"))
            self.facts.widths.update(dict.fromkeys(range(max(first, 1) - 1, min(last, MAX_COLUMNS)), width))

    def _cell(self, attributes: dict[str, str]) -> None:
        self.font = self.fonts.get(attributes.get("s", "")) if self.fonts else None
        given = attributes.get("r")
        if given is None:
            self.column += 1
            return
        self.column, row = _position(given)
        self.row = max(self.row, row)

    def _value(self, _attributes: dict[str, str]) -> None:
        if self.row > MAX_ROWS or self.column > MAX_COLUMNS:
            raise BeyondLimitsError(self.row, self.column, self.declared if self.row > MAX_ROWS else 0)
        self.last_row = max(self.last_row, self.row)
        self.last_column = max(self.last_column, self.column)
        if self.font is not None and self.column:
            self.facts.fonts.setdefault(self.row, {})[self.column - 1] = self.font


def _read_ods_content(archive: zipfile.ZipFile, part: zipfile.ZipInfo) -> None:
    reader = _OdsContent()
    _stream(archive, part, reader.start)
    reader.close_table()


class _OdsContent:
    """Follows tables, rows and cells of an .ods; rows and cells may stand for many (`number-…-repeated`), empty ones cost nothing."""

    def __init__(self) -> None:
        self.tables = self.row = self.next_row = self.column = self.next_column = self.last_row = self.last_column = 0

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag in ("table:table-cell", "table:covered-table-cell"):
            self.column = self.next_column
            self.next_column += _repeats(attributes, "table:number-columns-repeated")
            if "office:value-type" in attributes or "table:formula" in attributes:
                self._value()
        elif tag == "text:p" and self.next_column:
            self._value()
        elif tag == "table:table-row":
            self.row = self.next_row
            self.next_row += _repeats(attributes, "table:number-rows-repeated")
            self.column = self.next_column = 0
        elif tag == "table:table":
            self.close_table()
            self.tables += 1
            if self.tables > MAX_SHEETS:
                raise TooManyCellsError

    def close_table(self) -> None:
        if self.last_row * self.last_column > MAX_CELLS:
            raise TooManyCellsError
        self.row = self.next_row = self.column = self.next_column = self.last_row = self.last_column = 0

    def _value(self) -> None:
        if self.next_row > MAX_ROWS or self.next_column > MAX_COLUMNS:
            raise BeyondLimitsError(self.next_row, self.next_column, 0)
        self.last_row = max(self.last_row, self.next_row)
        self.last_column = max(self.last_column, self.next_column)


def _repeats(attributes: dict[str, str], key: str) -> int:
    return max(_natural(attributes.get(key, "1")), 1)


def _width(text: str | None) -> float | None:
    try:
        width = float(text) if text else 0.0
    except ValueError:
        return None
    return round(width, 1) if 0 < width <= 255 else None


def _natural(text: str | None) -> int:
    return int(text) if text and len(text) <= 9 and text.isascii() and text.isdigit() else (10**9 if text else 0)


def _position(reference: str) -> tuple[int, int]:
    """Column and row of `B3`, both from 1. Nonsense lies beyond every limit; no reference at all is (0, 0)."""
    if not reference:
        return 0, 0
    match = _REFERENCE.fullmatch(reference)
    if match is None:
        return 10**9, 10**9
    column = 0
    for letter in match[1].upper():
        column = column * 26 + ord(letter) - 64
    return column, int(match[2])
