"""The map of agency × competence as a workbook; what the page does not show is not in it. Pure."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

import xlsxwriter

from lms.kit.clock import Quarter
from lms.kit.formats import number
from lms.reports.rules.body import AgencyBody
from lms.reports.rules.overview import GapRow, GapTable

HEADER_ROW = 4


def gap_workbook(body: AgencyBody, table: GapTable, whole: GapRow, *, smallest: int, group: str | None) -> bytes:
    """Shares of right answers in per cent as numbers; “—” for cells of fewer than `smallest` people."""
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False, "strings_to_numbers": False}
    book = xlsxwriter.Workbook(target, options)
    sheet = book.add_worksheet("Nội dung")
    plain = {"font_name": "Times New Roman", "font_size": 12}
    title, text = book.add_format({**plain, "bold": True}), book.add_format({**plain, "border": 1, "text_wrap": True})
    rate = book.add_format({**plain, "border": 1, "num_format": "0.0"})
    sheet.write_string(0, 0, "TỶ LỆ CÂU TRẢ LỜI ĐÚNG (%) THEO ĐƠN VỊ VÀ NỘI DUNG", title)
    period = Quarter.from_code(body.report.period).label
    sheet.write_string(1, 0, f"{body.agency.name}, {period}, {group or 'mọi nhóm đối tượng'}; bản thứ {body.report.revision}")
    sheet.write_string(2, 0, f"“—”: không có câu trả lời, hoặc dưới {number(smallest)} người trả lời.")
    sheet.set_column(0, 0, 42)
    sheet.set_column(1, max(1, len(table.columns)), 18)
    for column, name in enumerate(("Đơn vị", *table.columns)):
        sheet.write_string(HEADER_ROW, column, name, text)
    lines = [("Tất cả", whole.cells), *((row.name, row.cells) for row in table.rows)]
    for row, (name, cells) in enumerate(lines, start=HEADER_ROW + 1):
        sheet.write_string(row, 0, name, text)
        for column, value in enumerate(cells, start=1):
            _write(sheet, row, column, value, rate)
    sheet.freeze_panes(HEADER_ROW + 1, 1)
    book.close()
    return target.getvalue()


def _write(sheet: Any, row: int, column: int, value: Decimal | None, style: Any) -> None:
    if value is None:
        sheet.write_string(row, column, "—", style)
    else:
        sheet.write_number(row, column, float(value), style)
