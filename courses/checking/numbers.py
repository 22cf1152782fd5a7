"""Numbers as Vietnamese writes them: 86,2% and 1.985. Versions (TLS 1.3), numbered things (CB1.3) and addresses are none of these."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

_UNITS = (
    r"(?:điểm phần trăm|điểm|triệu|tỷ|nghìn|đồng|giờ|phút|giây|ngày|tháng|năm|lần|người|hồ sơ|lượt|câu|tài khoản|bản ghi|dòng|"
    r"[KMGT]B|[KMGT]bps|km|cm|mm|kg|m²|m³|°C|kWh|kW|MW|Hz|GHz|MHz|ms|W|V|A)(?!\w)"
)
_POINT = re.compile(rf"(?<![\w.,/-])\d+\.(?:\d{{1,2}}|\d{{4,}})(?=\s?%|\s{_UNITS})")
_COMMA = re.compile(r"(?<![\w.,/-])[1-9]\d{0,2}(?:,\d{3})+(?=\s(?:đồng|người|hồ sơ|lượt|câu|tài khoản|bản ghi|dòng|xã|phường)(?!\w))")
_SPACED = re.compile(r"\d\s+%(?!\s*\d)")
_LONG = re.compile(r"(?<![\w.,/-])\d{5,}(?=\s(?:đồng|người|hồ sơ|lượt|tài khoản|bản ghi)(?!\w))")


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    for passage in course.passages:
        for message, text in faults(passage.text):
            tell = findings.notice if passage.shows_mistakes(text) else findings.error
            tell(passage.file, passage.line, message, text=text)


def faults(text: str) -> Iterator[tuple[str, str]]:
    """(what is wrong, the number)"""
    for match in _POINT.finditer(text):
        yield N_("Số “%(text)s”: phần thập phân viết sau dấu phẩy (86,2)."), match[0]
    for match in _COMMA.finditer(text):
        yield N_("Số “%(text)s”: hàng nghìn cách bằng dấu chấm (1.985)."), match[0]
    for match in _SPACED.finditer(text):
        yield N_("“%(text)s”: dấu phần trăm viết liền sau số."), match[0]
    for match in _LONG.finditer(text):
        yield N_("Số “%(text)s”: hàng nghìn cách bằng dấu chấm (25.000)."), match[0]
