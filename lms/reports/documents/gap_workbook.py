"""The map of agency × competence as a workbook; what the page does not show is not in it. Pure."""

from __future__ import annotations

from decimal import Decimal
from io import BytesIO
from typing import Any

from lms.kit.clock import Quarter
from lms.kit.formats import number
from lms.reports.documents.sheets import FONT, new_book
from lms.reports.documents.words import NOTHING
from lms.reports.rules.body import AgencyBody
from lms.reports.rules.overview import GapRow, GapTable

HEADER_ROW = 4


def gap_workbook(body: AgencyBody, table: GapTable, whole: GapRow, *, smallest: int, group: str | None) -> bytes:
    """Shares of right answers in per cent as numbers; “—” for cells of fewer than `smallest` people."""
    target = BytesIO()
    book = new_book(target)
    sheet = book.add_worksheet("Nội dung")
    title, text = book.add_format({**FONT, "bold": True}), book.add_format({**FONT, "border": 1, "text_wrap": True})
    rate = book.add_format({**FONT, "border": 1, "num_format": "0.0"})
    sheet.write_string(0, 0, "TỶ LỆ CÂU TRẢ LỜI ĐÚNG (%) THEO ĐƠN VỊ VÀ NỘI DUNG", title)
    period = Quarter.from_code(body.report.period).label
    sheet.write_string(1, 0, f"{body.agency.name}, {period}, {group or 'mọi nhóm đối tượng'}; bản thứ {body.report.revision}")
    sheet.write_string(2, 0, f"“{NOTHING}”: không có câu trả lời, hoặc dưới {number(smallest)} người trả lời.")
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
        sheet.write_string(row, column, NOTHING, style)
    else:
        sheet.write_number(row, column, float(value), style)
