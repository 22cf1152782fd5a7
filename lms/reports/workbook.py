"""The quarter's result as the workbook agencies know: BIỂU TỔNG HỢP KẾT QUẢ (DOMAIN 5.5). A pure function of the report."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from io import BytesIO
from typing import Any
from uuid import UUID

import xlsxwriter

from lms.kit.formats import percent
from lms.reports.rules import AgencyReport
from lms.results.rules import Figures

COLUMNS: tuple[tuple[str, int], ...] = (
    ("STT", 5),
    ("Đơn vị", 42),
    ("Tổng số CBCCVC", 10),
    ("Thuộc diện kiểm tra", 10),
    ("Miễn/hoãn", 8),
    ("Số tham gia", 8),
    ("Tỷ lệ tham gia (%)", 9),
    ("Đạt", 7),
    ("Tỷ lệ đạt (%)", 9),
    ("Không đạt", 8),
    ("Chưa tham gia", 8),
    ("Điểm TB", 7),
    ("Giỏi", 6),
    ("Khá", 6),
    ("TB", 6),
    ("Yếu", 6),
    ("Xếp hạng", 8),
    ("Ghi chú", 18),
)
HEADER_ROW = 5
Line = tuple[str, Figures, int | None]  # name, figures, rank
NOTES = (
    "Tỷ lệ tham gia = số tham gia ÷ số thuộc diện. Tỷ lệ đạt = số đạt ÷ số tham gia. Đơn vị tính: người.",
    "Giỏi: từ 80 điểm; Khá: 70 đến dưới 80; TB: 50 đến dưới 70; Yếu: dưới 50.",
    "Xếp hạng trong cùng khối của cùng đơn vị chủ quản; đơn vị dưới 5 người thuộc diện không xếp hạng.",
)


def results_workbook(
    report: AgencyReport, children: Mapping[UUID, AgencyReport], *, agency_name: str, period_label: str, counted: str, frozen: bool
) -> bytes:
    """The workbook of one agency and those right below it. Dates in `counted` are already written out; rates are numbers."""
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("Kết quả")
    formats = _formats(book)
    _page_setup(sheet)
    last = len(COLUMNS) - 1
    sheet.merge_range(0, 0, 0, last, agency_name.upper(), formats["agency"])
    sheet.merge_range(1, 0, 1, last, "BIỂU TỔNG HỢP KẾT QUẢ KIỂM TRA", formats["title"])
    sheet.merge_range(2, 0, 2, last, period_label, formats["subtitle"])
    state = "Số liệu đã chốt" if frozen else "Số liệu tạm tính, chưa chốt"
    sheet.merge_range(3, 0, 3, last, f"{state}; {counted}", formats["note_centre"])
    for column, (label, width) in enumerate(COLUMNS):
        sheet.set_column(column, column, width)
        sheet.write_string(HEADER_ROW, column, label, formats["head"])
    row = HEADER_ROW + 1
    lines: list[Line] = [(child.name, children[child.id].figures, children[child.id].rank) for child in report.children]
    if report.own.staff:
        lines.insert(0, (f"{report.node.name} (cơ quan)" if lines else report.node.name, report.own, report.rank if not lines else None))
    for number, line in enumerate(lines, start=1):
        _write_line(sheet, row, number, line, formats)
        row += 1
    _write_line(sheet, row, None, ("Tổng cộng", report.figures, None), formats)
    row += 2
    for note in NOTES:
        sheet.write_string(row, 1, note, formats["note"])
        row += 1
    _signatures(sheet, row + 1, last, formats)
    book.close()
    return target.getvalue()


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


def _write_line(sheet: Any, row: int, number: int | None, line: Line, formats: dict[str, Any]) -> None:
    """One agency; `number` None is the bold last line, the total."""
    name, figures, rank = line
    suffix = "_bold" if number is None else ""
    text, integer, rate = formats["text" + suffix], formats["number" + suffix], formats["rate" + suffix]
    values: tuple[tuple[int | Decimal | None, Any], ...] = (
        (figures.staff, integer),
        (figures.expected, integer),
        (figures.excluded, integer),
        (figures.took_part, integer),
        (percent(figures.took_part, figures.expected), rate),
        (figures.passed, integer),
        (percent(figures.passed, figures.took_part), rate),
        (figures.failed, integer),
        (figures.missing, integer),
        (figures.mean_score, rate),
        (figures.good, integer),
        (figures.fair, integer),
        (figures.average, integer),
        (figures.weak, integer),
        (rank, integer),
    )
    if number is None:
        sheet.write_blank(row, 0, None, text)
    else:
        sheet.write_number(row, 0, number, integer)
    sheet.write_string(row, 1, name, text)
    for column, (value, style) in enumerate(values, start=2):
        if value is None:
            sheet.write_string(row, column, "—", text)
        else:
            sheet.write_number(row, column, float(value), style)
    sheet.write_blank(row, len(COLUMNS) - 1, None, text)


def _signatures(sheet: Any, row: int, last: int, formats: dict[str, Any]) -> None:
    sheet.merge_range(row, 10, row, last, "………, ngày …… tháng …… năm ……", formats["place"])
    sheet.merge_range(row + 1, 0, row + 1, 4, "NGƯỜI LẬP BIỂU", formats["sign"])
    sheet.merge_range(row + 1, 10, row + 1, last, "THỦ TRƯỞNG CƠ QUAN, ĐƠN VỊ", formats["sign"])
