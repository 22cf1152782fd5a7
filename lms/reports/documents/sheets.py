"""What the workbooks of results share: how texts are kept texts, formats, page set-up, the table of BIỂU TỔNG HỢP KẾT QUẢ (DOMAIN 5.5) and
the lines for signatures. Pure."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from io import BytesIO
from typing import Any

import xlsxwriter

from lms.reports.documents import tables
from lms.reports.documents.words import NOTHING

HEADER_ROW = 5
FONT = {"font_name": "Times New Roman", "font_size": 12}
_WIDTH = 6.1  # characters for one share of a column's width
_RATES = frozenset({4, 6, 9})  # numbers of a line that have decimals: two rates and the mean
# Numbers are numbers and texts are texts, whatever they begin with.
_PLAIN = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


@dataclass(frozen=True, slots=True)
class Heading:
    """What stands above the table: whose, of what quarter, and as of when. Texts already written out."""

    agency: str
    period: str
    state: str


def new_book(target: BytesIO) -> Any:
    return xlsxwriter.Workbook(target, _PLAIN)


def results_sheet(
    book: Any,
    formats: dict[str, Any],
    name: str,
    heading: Heading,
    *,
    lines: Iterable[tables.Line],
    settings: object,
    notes: Iterable[str],
) -> None:
    """The whole sheet: heading, table, notes, signatures. `settings`: those of the report, for the pass rate."""
    sheet = book.add_worksheet(name)
    _page_setup(sheet)
    last = len(tables.COLUMNS) - 1
    sheet.merge_range(0, 0, 0, last, heading.agency.upper(), formats["agency"])
    sheet.merge_range(1, 0, 1, last, "BIỂU TỔNG HỢP KẾT QUẢ KIỂM TRA", formats["title"])
    sheet.merge_range(2, 0, 2, last, heading.period, formats["subtitle"])
    sheet.merge_range(3, 0, 3, last, heading.state, formats["note_centre"])
    for index, column in enumerate(tables.COLUMNS):
        sheet.set_column(index, index, column.width * _WIDTH)
        sheet.write_string(HEADER_ROW, index, column.label, formats["head"])
    row = HEADER_ROW + 1
    for line in lines:
        _write_line(sheet, row, line, settings, formats)
        row += 1
    row += 1
    for note in notes:
        sheet.write_string(row, 1, note, formats["note"])
        row += 1
    _signatures(sheet, row + 1, last, formats)


def results_formats(book: Any) -> dict[str, Any]:
    base = {**FONT, "valign": "vcenter"}
    cell = {**base, "border": 1}
    return {
        "agency": book.add_format({**base, "align": "center"}),
        "title": book.add_format({**base, "bold": True, "font_size": 14, "align": "center"}),
        "subtitle": book.add_format({**base, "bold": True, "align": "center"}),
        "note_centre": book.add_format({**base, "italic": True, "align": "center"}),
        "note": book.add_format({**base, "italic": True, "font_size": 11}),
        "head": book.add_format({**cell, "bold": True, "align": "center", "text_wrap": True}),
        "text": book.add_format({**cell, "text_wrap": True}),
        "number": book.add_format({**cell, "num_format": "#,##0"}),
        "rate": book.add_format({**cell, "num_format": "0.0"}),
        "text_bold": book.add_format({**cell, "bold": True}),
        "number_bold": book.add_format({**cell, "bold": True, "num_format": "#,##0"}),
        "rate_bold": book.add_format({**cell, "bold": True, "num_format": "0.0"}),
        "sign": book.add_format({**base, "bold": True, "align": "center"}),
        "place": book.add_format({**base, "italic": True, "align": "center"}),
    }


def _write_line(sheet: Any, row: int, line: tables.Line, settings: object, formats: dict[str, Any]) -> None:
    suffix = "_bold" if line.strong else ""
    text, integer, rate = formats["text" + suffix], formats["number" + suffix], formats["rate" + suffix]
    sheet.write_string(row, 0, line.ordinal, text)
    sheet.write_string(row, 1, line.name, text)
    for index, value in enumerate(tables.values(line, settings)):
        if value is None:
            sheet.write_string(row, index + 2, NOTHING, text)
        else:
            sheet.write_number(row, index + 2, float(value), rate if index in _RATES else integer)
    sheet.write_string(row, len(tables.COLUMNS) - 1, tables.note(line), text)


def _page_setup(sheet: Any) -> None:
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_margins(left=1.2, right=0.6, top=0.8, bottom=0.8)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(HEADER_ROW)
    sheet.freeze_panes(HEADER_ROW + 1, 2)
    sheet.set_row(HEADER_ROW, 48)


def _signatures(sheet: Any, row: int, last: int, formats: dict[str, Any]) -> None:
    sheet.merge_range(row, 10, row, last, "………, ngày …… tháng …… năm ……", formats["place"])
    sheet.merge_range(row + 1, 0, row + 1, 4, "NGƯỜI LẬP BIỂU", formats["sign"])
    sheet.merge_range(row + 1, 10, row + 1, last, "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", formats["sign"])
