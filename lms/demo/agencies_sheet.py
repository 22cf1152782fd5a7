"""The demonstration's agencies as the import's workbook."""

from __future__ import annotations

from collections.abc import Sequence
from io import BytesIO

import xlsxwriter

from lms.demo.province import DemoAgency

COLUMNS = ("Mã đơn vị", "Tên đơn vị", "Loại", "Khối", "Cấp", "Mã đơn vị chủ quản")


def agencies_workbook(places: Sequence[DemoAgency]) -> bytes:
    target = BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False})
    sheet = book.add_worksheet("Cơ quan")
    sheet.write_row(0, 0, COLUMNS)
    for row, place in enumerate(places, start=1):
        sheet.write_row(row, 0, (place.code, place.name, place.kind, place.block, place.level, place.parent_code or ""))
    book.close()
    return target.getvalue()
