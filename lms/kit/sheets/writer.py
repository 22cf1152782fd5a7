"""Workbooks that open in an old Excel and print on A4: text stays text, nothing is a formula unless we wrote one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence, Set
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import IO, Any, Literal

import xlsxwriter

from lms.kit.sheets.cells import Cell, Sheet

ColumnKind = Literal["text", "integer", "decimal", "hundredths", "date"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FONT = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
_BORDER = {"border": 1, "text_wrap": True}
_NUMBER_FORMATS: Mapping[ColumnKind, str] = {
    "text": "@",
    "integer": "#,##0",
    "decimal": "#,##0.0",
    "hundredths": "#,##0.00",
    "date": "dd/mm/yyyy",
}
_SHEET_NAME_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its label, width in characters and what its values are. Identifiers are text."""

    label: str
    width: float = 14
    kind: ColumnKind = "text"


def new_workbook(stream: IO[bytes], *, large: bool = False) -> Any:
    """An XlsxWriter workbook in which no text becomes a formula, number or link of its own accord. `large`: rows are put down one after
    the other and do not pile up in memory."""
    memory = {"constant_memory": True} if large else {"in_memory": True}
    return xlsxwriter.Workbook(stream, {**memory, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False})


def table_workbook(
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    sheet_name: str,
    title: str | None = None,
    preamble: Sequence[str] = (),
    notes: Sequence[str] = (),
    large: bool = False,
) -> bytes:
    """One printable table: title, preamble lines, a header that stays in view and repeats on paper, rows, notes below. `large`: more rows
    than should be in memory at once."""
    stream = BytesIO()
    workbook = new_workbook(stream, large=large)
    worksheet = workbook.add_worksheet(_sheet_name(sheet_name))
    heading = workbook.add_format({**_FONT, "bold": True, "font_size": 14})
    plain = workbook.add_format(_FONT)
    header = workbook.add_format({**_FONT, **_BORDER, "bold": True, "align": "center", "valign": "vcenter", "bg_color": "#E7EEF7"})
    line = 0
    for text in ([title] if title else []) + list(preamble):
        worksheet.write_string(line, 0, text, heading if line == 0 and title else plain)
        line += 1
    line += 1 if line else 0
    for index, column in enumerate(columns):
        worksheet.write_string(line, index, column.label, header)
        worksheet.set_column(index, index, column.width)
    header_line = line
    cells = Cells(workbook, {**_FONT, **_BORDER})
    for values in rows:
        line += 1
        for index, (column, value) in enumerate(zip(columns, values, strict=True)):
            cells.write(worksheet, line, index, value, column.kind)
    for note in notes:
        line += 1
        worksheet.write_string(line + 1, 0, note, plain)
    worksheet.freeze_panes(header_line + 1, 0)
    worksheet.repeat_rows(header_line)
    _lay_out(worksheet)
    workbook.close()
    return stream.getvalue()


def error_copy(
    sheets: Sequence[Sheet],
    messages: Mapping[str, Mapping[int, str]],
    *,
    label: str = "Lỗi",
    only_faulty: bool = False,
    withheld: Mapping[str, Set[int]] | None = None,
) -> bytes:
    """The sender's own sheets in their own layout, with one more column that says what to mend.

    `messages`: sheet name → row number → text. The column stands right of the widest row, its label beside the header: the fullest row
    above the first message. Identifiers stay text. `only_faulty`: rows without a message are left out, save what stands above the rows
    of people and the one- or two-cell rows that say where those below belong; sheets without any message are left out, too.
    `withheld`: sheet name → columns whose values are not given out.
    """
    stream = BytesIO()
    workbook = new_workbook(stream)
    cells = Cells(workbook, _FONT)
    attention = workbook.add_format({**_FONT, "text_wrap": True, "font_color": "#A4161A", "bg_color": "#FDECEC"})
    bold = workbook.add_format({**_FONT, "bold": True, "font_color": "#A4161A"})
    for sheet in sheets:
        found = messages.get(sheet.name, {})
        if found or not only_faulty:
            copy = _SheetCopy(workbook, sheet, found, label, only_faulty)
            copy.write_rows(cells, (withheld or {}).get(sheet.name, frozenset()))
            copy.write_messages(attention, bold)
            copy.lay_out(hide=sheet.hidden and len(workbook.worksheets()) > 1)
    if not workbook.worksheets():
        workbook.add_worksheet()
    workbook.close()
    return stream.getvalue()


class _SheetCopy:
    """One sheet of an error copy."""

    def __init__(self, workbook: Any, sheet: Sheet, found: Mapping[int, str], label: str, only_faulty: bool) -> None:
        self.worksheet = workbook.add_worksheet(_sheet_name(sheet.name))
        self.sheet, self.found, self.label = sheet, found, label
        self.header_row = _header_row(sheet, min(found, default=1))
        self.width = _error_column(sheet, self.header_row, label)
        self.lines = _lines(sheet, found, self.header_row, only_faulty)

    def write_rows(self, cells: Cells, withheld: Set[int]) -> None:
        for row in self.sheet.rows:
            line = self.lines.get(row.number)
            if line is None:
                continue
            for index, value in enumerate(row.cells[: self.width]):
                if row.number <= self.header_row or index not in withheld:
                    cells.write(self.worksheet, line, index, value, "text" if isinstance(value, str) else None)
            if row.hidden:
                self.worksheet.set_row(line, None, None, {"hidden": True})
        for area in self.sheet.merged:
            if area.last_column < self.width and (area.last_row > area.first_row or area.last_column > area.first_column):
                _merge(self.worksheet, self.sheet, area, cells, self.lines)

    def write_messages(self, attention: Any, bold: Any) -> None:
        for number, text in self.found.items():
            if number in self.lines:
                self.worksheet.write_string(self.lines[number], self.width, text[:32_767], attention)
        if self.found and self.header_row:
            self.worksheet.write_string(self.lines[self.header_row], self.width, self.label, bold)

    def lay_out(self, *, hide: bool) -> None:
        self.worksheet.set_column(0, max(self.width - 1, 0), 16)
        for column, wide in self.sheet.widths.items():
            self.worksheet.set_column(column, column, wide)
        self.worksheet.set_column(self.width, self.width, 60)
        if hide:
            self.worksheet.hide()
        _lay_out(self.worksheet)


def csv_text(value: str) -> str:
    """A text that no spreadsheet program takes for a formula when it opens a CSV."""
    return f"'{value}" if value.startswith(_FORMULA_STARTS) else value


class Cells:
    """Writes values with the format of their kind; the formats are made once."""

    def __init__(self, workbook: Any, base: Mapping[str, Any]) -> None:
        formats = {kind: {**base, "num_format": code} for kind, code in _NUMBER_FORMATS.items()}
        self._formats = {kind: workbook.add_format(values) for kind, values in formats.items()}
        self._plain = workbook.add_format(dict(base))
        self._moment = workbook.add_format({**base, "num_format": "dd/mm/yyyy hh:mm"})
        # Excel shows such a text as it is and does not try it as a formula when the cell is edited.
        self._quoted = workbook.add_format({**base, "num_format": "@", "quote_prefix": True})

    def write(self, worksheet: Any, row: int, column: int, value: object, kind: ColumnKind | None = None) -> None:
        if value is None or value == "":
            worksheet.write_blank(row, column, None, self._formats[kind] if kind else self._plain)
        elif isinstance(value, bool):
            worksheet.write_boolean(row, column, value, self._plain)
        elif isinstance(value, datetime):
            worksheet.write_datetime(row, column, value.replace(tzinfo=None), self._moment)
        elif isinstance(value, date):
            worksheet.write_datetime(row, column, value, self._formats["date"])
        elif isinstance(value, int | float | Decimal) and kind != "text":
            worksheet.write_number(row, column, value, self._formats[kind] if kind else self._plain)
        else:
            text = str(value)
            worksheet.write_string(row, column, text[:32_767], self._quoted if text.startswith(_FORMULA_STARTS) else self._formats["text"])


def _lines(sheet: Sheet, found: Mapping[int, str], header_row: int, only_faulty: bool) -> dict[int, int]:
    """Row of the sheet → line of the copy (from 0). Where rows are left out, what is above the first message stays as it was."""
    if not only_faulty:
        return {number: number - 1 for number in {row.number for row in sheet.rows} | set(found)}
    kept = {row.number for row in sheet.rows if row.number <= header_row or row.number in found or row.filled <= 2}
    kept -= {row.number for row in sheet.rows if row.number > max(found, default=0)}
    lines = {number: number - 1 for number in kept if number <= header_row}
    following = sorted(number for number in kept if number > header_row)
    return lines | {number: header_row + place for place, number in enumerate(following)}


def _merge(worksheet: Any, sheet: Sheet, area: Any, cells: Cells, lines: Mapping[int, int]) -> None:
    """A merged area, where all of its rows that are not empty were copied one below the other."""
    inside = [row for row in sheet.rows if area.first_row <= row.number <= area.last_row]
    if not inside or any(row.number not in lines for row in inside) or area.first_row not in lines:
        return
    first = lines[area.first_row]
    last = first + area.last_row - area.first_row
    if any(first <= line <= last and not area.first_row <= number <= area.last_row for number, line in lines.items()):
        return
    worksheet.merge_range(first, area.first_column, last, area.last_column, "")
    value: Cell = inside[0][area.first_column]
    cells.write(worksheet, first, area.first_column, value, "text" if isinstance(value, str) else None)


def _header_row(sheet: Sheet, first_message: int) -> int:
    """0 where nothing stands above the first message."""
    above = [row for row in sheet.rows if row.number < first_message]
    return max(above, key=lambda row: (row.filled, -row.number)).number if above else 0


def _error_column(sheet: Sheet, header_row: int, label: str) -> int:
    """Right of everything; in a copy of a copy, where the column of the copy before it stands."""
    header = next((row for row in sheet.rows if row.number == header_row), None)
    last = len(header.cells) - 1 if header else -1
    return last if header and last == sheet.width - 1 and header[last] == label else sheet.width


def _sheet_name(name: str) -> str:
    return name.translate(_SHEET_NAME_FORBIDDEN).strip(" '")[:31] or "Sheet"


def _lay_out(worksheet: Any) -> None:
    worksheet.set_landscape()
    worksheet.set_paper(9)  # A4
    worksheet.set_margins(left=1.2, right=0.6, top=0.8, bottom=0.8)
    worksheet.fit_to_pages(1, 0)
    worksheet.set_footer("&C&P/&N")
