"""Dates: dd/mm/yyyy, and days that exist. Month without a leading zero from 3 to 9 is right too: official documents write 01/7/2026."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Iterator
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

_DATE = re.compile(r"(?<![\w./-])(\d{1,2})(?P<mark>[/.-])(\d{1,2})(?P=mark)(\d{4}|\d{2})(?![\w/-]|\.\d)")
# A lesson on cleaning data shows days that do not exist.
_ON_PURPOSE = re.compile(r"không (?:có thật|tồn tại|hợp lệ|có ngày|thể có)|sai|lỗi|nhầm", re.IGNORECASE)
NO_SUCH_DAY = N_("Không có ngày “%(text)s”.")
_MACHINE = re.compile(r"(?<![\w./-])((?:19|20)\d{2})-(\d{2})-(\d{2})(?![\w/-])")


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    around: dict[tuple[str, int], str] = defaultdict(str)
    for passage in course.passages:
        around[passage.file, passage.block] += passage.text + " "
    for passage in course.passages:
        for message, text, is_error in faults(passage.text):
            # A drawing has little room, and what is wrong with a day shows there as well as in the text beside it.
            meant = (
                passage.shows_mistakes(text)
                or passage.region == "drawing"
                or (message == NO_SUCH_DAY and _ON_PURPOSE.search(around[passage.file, passage.block]))
            )
            tell = findings.error if is_error and not meant else findings.notice
            tell(passage.file, passage.line, message, text=text)


def faults(text: str) -> Iterator[tuple[str, str, bool]]:
    """(what is wrong, the date, whether it is an error)"""
    for match in _DATE.finditer(text):
        day, month, year = match[1], match[3], match[4]
        if match["mark"] != "/":
            if len(year) == 4:
                yield N_("Ngày “%(text)s”: viết dạng 22/11/2026."), match[0], True
        elif len(year) == 2:
            if not _exists(2000 + int(year), int(month), int(day)):
                continue  # a proportion, such as 60/20/20
            yield N_("Ngày “%(text)s”: viết đủ bốn chữ số của năm."), match[0], True
        elif not _exists(int(year), int(month), int(day)):
            yield NO_SUCH_DAY, match[0], True
        elif len(day) == 1 or (len(month) == 1 and int(month) < 3):
            yield N_("Ngày “%(text)s”: thêm số 0 trước ngày dưới 10 và tháng 1, 2."), match[0], True
    for match in _MACHINE.finditer(text):
        yield N_("Ngày “%(text)s” viết theo dạng của máy: với người đọc viết 22/11/2026; dữ liệu thì đặt trong `…`."), match[0], False


def _exists(year: int, month: int, day: int) -> bool:
    try:
        date(year, month, day)
    except ValueError:
        return False
    return True
