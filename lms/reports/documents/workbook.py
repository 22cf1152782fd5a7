"""The frozen result of a quarter as the workbook agencies know; the same body gives the same bytes. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from io import BytesIO

from lms.kit.clock import Quarter
from lms.reports.documents import tables
from lms.reports.documents.chapters import notes
from lms.reports.documents.identity import Identity
from lms.reports.documents.pieces import Form, Variant
from lms.reports.documents.sheets import Heading, new_book, results_formats, results_sheet
from lms.reports.documents.words import long_moment
from lms.reports.rules.body import AgencyBody, body_text, sha256


def workbook(body: AgencyBody, variant: Variant, form: Form, below: Sequence[AgencyBody] = ()) -> bytes:
    """One sheet of those right below, and where `below` goes deeper a second one of them all."""
    target = BytesIO()
    book = new_book(target)
    report = body.report
    moment = datetime.fromisoformat(report.built_at)
    key = str(Identity.of(body, sha256(body_text(body)), variant, form))
    book.set_properties({"title": f"Kết quả kiểm tra {report.period}", "keywords": key, "created": moment.replace(tzinfo=None)})
    formats = results_formats(book)
    public = variant is Variant.PUBLIC
    state = f"Số liệu đã chốt lúc {long_moment(moment)}; bản thứ {report.revision}"
    heading = Heading(body.agency.name, Quarter.from_code(report.period).label, state)
    sheets = {"Kết quả": tables.lines(body, below, public=public)}
    if len(below) > len(body.children):
        sheets["Tất cả đơn vị"] = tables.lines(body, below, public=public, whole_tree=True)
    for name, lines in sheets.items():
        results_sheet(book, formats, name, heading, lines=lines, settings=report.settings, notes=notes(body, public=public))
    book.close()
    return target.getvalue()
