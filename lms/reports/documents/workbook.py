"""The quarter's result as the workbook agencies know: BIỂU TỔNG HỢP KẾT QUẢ (DOMAIN 5.5). Numbers are numbers, texts are texts whatever
they begin with, and the same body gives the same bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO
from typing import Any

import xlsxwriter

from lms.kit.clock import Quarter
from lms.reports.documents import tables
from lms.reports.documents.chapters import notes
from lms.reports.documents.identity import Identity
from lms.reports.documents.pieces import Form, Variant
from lms.reports.documents.words import NOTHING, long_moment
from lms.reports.rules.body import AgencyBody, body_text, sha256

HEADER_ROW = 5
_WIDTH = 6.1  # characters for one share of a column's width
_RATES = frozenset({4, 6, 9})  # numbers of a line that have decimals: two rates and the mean
_PLAIN = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}


def workbook(body: AgencyBody, variant: Variant, form: Form, below: Sequence[AgencyBody] = ()) -> bytes:
    """One sheet of those right below, and where `below` goes deeper a second one of them all."""
    target = BytesIO()
    book = xlsxwriter.Workbook(target, _PLAIN)
    moment = datetime.fromisoformat(body.report.built_at)
    key = str(Identity.of(body, sha256(body_text(body)), variant, form))
    book.set_properties({"title": f"Kết quả kiểm tra {body.report.period}", "keywords": key, "created": moment.replace(tzinfo=None)})
    formats = _formats(book)
    public = variant is Variant.PUBLIC
    _sheet(book, "Kết quả", body, tables.lines(body, below, public=public), formats, public=public)
    if len(below) > len(body.children):
        every = tables.lines(body, below, public=public, whole_tree=True)
        _sheet(book, "Tất cả đơn vị", body, every, formats, public=public)
    book.close()
    return target.getvalue()


def _sheet(book: Any, name: str, body: AgencyBody, lines: Sequence[tables.Line], formats: dict[str, Any], *, public: bool) -> None:
    sheet = book.add_worksheet(name)
    _page_setup(sheet)
    last = len(tables.COLUMNS) - 1
    quarter = Quarter.from_code(body.report.period).label
    counted = long_moment(datetime.fromisoformat(body.report.built_at))
    sheet.merge_range(0, 0, 0, last, body.agency.name.upper(), formats["agency"])
    sheet.merge_range(1, 0, 1, last, "BIỂU TỔNG HỢP KẾT QUẢ KIỂM TRA", formats["title"])
    sheet.merge_range(2, 0, 2, last, quarter, formats["subtitle"])
    sheet.merge_range(3, 0, 3, last, f"Số liệu đã chốt lúc {counted}; bản thứ {body.report.revision}", formats["note_centre"])
    for index, column in enumerate(tables.COLUMNS):
        sheet.set_column(index, index, column.width * _WIDTH)
        sheet.write_string(HEADER_ROW, index, column.label, formats["head"])
    row = HEADER_ROW + 1
    for line in lines:
        _write_line(sheet, row, line, body.report.settings, formats)
        row += 1
    row += 1
    for note in notes(body, public=public):
        sheet.write_string(row, 1, note, formats["note"])
        row += 1
    _signatures(sheet, row + 1, last, formats)


def _write_line(sheet: Any, row: int, line: tables.Line, settings: Any, formats: dict[str, Any]) -> None:
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


def _formats(book: Any) -> dict[str, Any]:
    base = {"font_name": "Times New Roman", "font_size": 12, "valign": "vcenter"}
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
