"""The result of a quarter that is not frozen yet, as the same workbook. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from io import BytesIO
from uuid import UUID

from lms.reports.documents.sheets import Heading, new_book, results_formats, results_sheet
from lms.reports.documents.tables import Line
from lms.reports.rules import AgencyReport
from lms.reports.rules.ranking import Standing

NOTES = (
    "Tỷ lệ tham gia = số tham gia ÷ số thuộc diện. Tỷ lệ đạt = số đạt ÷ số tham gia. Đơn vị tính: người.",
    "Giỏi: từ 80 điểm; Khá: 70 đến dưới 80; TB: 50 đến dưới 70; Yếu: dưới 50.",
    "Xếp hạng trong cùng khối của cùng đơn vị chủ quản; đơn vị dưới 5 người thuộc diện không xếp hạng.",
)


def provisional_workbook(report: AgencyReport, children: Mapping[UUID, AgencyReport], *, period_label: str, counted: str) -> bytes:
    """The workbook of one agency and those right below it. Dates in `counted` are already written out."""
    target = BytesIO()
    book = new_book(target)
    heading = Heading(report.node.name, period_label, f"Số liệu tạm tính, chưa chốt; {counted}")
    results_sheet(book, results_formats(book), "Kết quả", heading, lines=_lines(report, children), settings={}, notes=NOTES)
    book.close()
    return target.getvalue()


def _lines(report: AgencyReport, children: Mapping[UUID, AgencyReport]) -> list[Line]:
    below = [children[child.id] for child in report.children]
    lines = [Line("", one.node.name, one.figures, _standing(one)) for one in below]
    if report.own.staff:
        own = Line("", f"{report.node.name} (cơ quan)", report.own) if lines else Line("", report.node.name, report.own, _standing(report))
        lines.insert(0, own)
    numbered = [Line(str(number), line.name, line.figures, line.standing) for number, line in enumerate(lines, start=1)]
    return [*numbered, Line("", "Tổng cộng", report.figures, strong=True)]


def _standing(report: AgencyReport) -> Standing | None:
    """A rank as it stands today: score and interval are made when figures are frozen."""
    return None if report.rank is None else Standing(0, 0, 0, report.rank, None, report.ranked_of or 0)
