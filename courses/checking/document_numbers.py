"""Numbers of documents: number, year and symbol as the kind of document has them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import date

from courses.checking.findings import Findings
from courses.checking.references import Reference, references
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

# Symbols as the kind of a document begins them.
SYMBOLS = {
    "Luật": ("QH", "PL"),
    "Nghị định": ("NĐ-CP",),
    "Quyết định": ("QĐ", "QD"),
    "Thông tư": ("TT",),
    "Nghị quyết": ("NQ", "QH", "UBTVQH"),
    "Chỉ thị": ("CT",),
    "Kế hoạch": ("KH",),
}
YEARLY = ("NĐ-CP", "TT-", "QH1", "TTLT")  # numbered anew each year, so the year belongs to the number
ASSEMBLIES = {"QH11": (2002, 2007), "QH12": (2007, 2011), "QH13": (2011, 2016), "QH14": (2016, 2021), "QH15": (2021, 2026)}
_UNMARKED = re.compile(r"\d+(?:/\d{4})?/(?:QD|ND)-[\w-]+|\d+/\d{4}/N[DÐ]-CP")
_SPACED = re.compile(r"\d+(?: +/ ?|/ +)(?:\d{4} ?/ ?)?(?:QĐ|NĐ|NQ|TT|QH|CT|KH)[\w-]*")


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    for passage in course.passages:
        for message, text in faults(passage.text):
            tell = findings.notice if passage.shows_mistakes(text) else findings.error
            tell(passage.file, passage.line, message, text=text)


def faults(text: str) -> Iterator[tuple[str, str]]:
    """(what is wrong, the number)"""
    for match in _UNMARKED.finditer(text):
        yield N_("Số hiệu “%(text)s”: viết chữ Đ (QĐ, NĐ)."), match[0]
    for match in _SPACED.finditer(text):
        yield N_("Số hiệu “%(text)s”: bỏ dấu cách."), match[0]
    for reference in references(text):
        yield from _faults(reference)


def _faults(reference: Reference) -> Iterator[tuple[str, str]]:
    symbol = reference.symbol or ""
    expected = SYMBOLS.get(reference.kind or "")
    if symbol and expected and not symbol.startswith(expected):
        yield N_("Số hiệu “%(text)s” không phải của loại văn bản này."), reference.text
    if reference.year is None and symbol.startswith(YEARLY):
        yield N_("Số hiệu “%(text)s” thiếu năm, ví dụ 118/2025/NĐ-CP."), reference.text
    span = ASSEMBLIES.get(symbol.removeprefix("UBTV"))
    if span and reference.year and not span[0] <= int(reference.year) <= span[1]:
        yield N_("Số hiệu “%(text)s”: năm và khoá Quốc hội không khớp."), reference.text
