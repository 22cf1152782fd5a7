"""Workbooks that open in an old Excel and print on A4: text stays text, nothing is a formula unless we wrote one."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, Literal

import xlsxwriter

from lms.kit.sheets.cells import Cell, Row, Sheet

ColumnKind = Literal["text", "integer", "decimal", "date"]

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")
_FONT = {"font_name": "Times New Roman", "font_size": 12, "valign": "top"}
_BORDER = {"border": 1, "text_wrap": True}
_NUMBER_FORMATS: Mapping[ColumnKind, str] = {"text": "@", "integer": "#,##0", "decimal": "#,##0.0", "date": "dd/mm/yyyy"}
_SHEET_NAME_FORBIDDEN = str.maketrans(dict.fromkeys("[]:*?/\\", " "))


@dataclass(frozen=True, slots=True)
class Column:
    """A column of a table: its label, width in characters and what its values are. Identifiers are text."""

    label: str
    width: float = 14
    kind: ColumnKind = "text"


def new_workbook(stream: BytesIO) -> Any:
    """An XlsxWriter workbook in which no text becomes a formula, number or link of its own accord."""
    return xlsxwriter.Workbook(
        stream, {"in_memory": True, "strings_to_formulas": False, "strings_to_numbers": False, "strings_to_urls": False}
    )


def table_workbook(
    columns: Sequence[Column],
    rows: Iterable[Sequence[object]],
    *,
    sheet_name: str,
    title: str | None = None,
    preamble: Sequence[str] = (),
    notes: Sequence[str] = (),
) -> bytes:
    """One printable table: title, preamble lines, a header that stays in view and repeats on paper, rows, notes below."""
    stream = BytesIO()
    workbook = new_workbook(stream)
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


def error_copy(sheets: Sequence[Sheet], messages: Mapping[str, Mapping[int, str]], *, label: str = "Lỗi") -> bytes:
    """The sender's own sheets, every row where it was, with one more column that says what to mend.

    `messages`: sheet name → row number → text. The column stands right of the widest row, its label beside the header: the fullest row
    above the first message. Identifiers stay text.
    """
    stream = BytesIO()
    workbook = new_workbook(stream)
    cells = Cells(workbook, _FONT)
    attention = workbook.add_format({**_FONT, "text_wrap": True, "font_color": "#A4161A", "bg_color": "#FDECEC"})
    bold = workbook.add_format({**_FONT, "bold": True, "font_color": "#A4161A"})
    for sheet in sheets:
        worksheet = workbook.add_worksheet(_sheet_name(sheet.name))
        found = messages.get(sheet.name, {})
        header_row = _header_row(sheet, min(found, default=1))
        width = _error_column(sheet, header_row, label)
        for row in sheet.rows:
            for index, value in enumerate(row.cells[:width]):
                cells.write(worksheet, row.number - 1, index, value, "text" if isinstance(value, str) else None)
            if row.hidden:
                worksheet.set_row(row.number - 1, None, None, {"hidden": True})
        for area in sheet.merged:
            if area.last_column < width and (area.last_row > area.first_row or area.last_column > area.first_column):
                _merge(worksheet, sheet, area, cells)
        for number, text in found.items():
            worksheet.write_string(number - 1, width, text, attention)
        if found and header_row:
            worksheet.write_string(header_row - 1, width, label, bold)
        worksheet.set_column(0, max(width - 1, 0), 16)
        worksheet.set_column(width, width, 60)
        if sheet.hidden:
            worksheet.hide()
        _lay_out(worksheet)
    workbook.close()
    return stream.getvalue()


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


def _merge(worksheet: Any, sheet: Sheet, area: Any, cells: Cells) -> None:
    row = next((row for row in sheet.rows if row.number == area.first_row), Row(area.first_row, ()))
    worksheet.merge_range(area.first_row - 1, area.first_column, area.last_row - 1, area.last_column, "")
    value: Cell = row[area.first_column]
    cells.write(worksheet, area.first_row - 1, area.first_column, value, "text" if isinstance(value, str) else None)


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
