"""Quotation marks, percent signs, exclamation marks."""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

NOTICES = (
    (re.compile(r"[^\W\d_]!(?:\s|$|”)"), N_("Dấu chấm than ở “%(text)s”: viết câu bình thường.")),
    (re.compile(r"(?<!\d)\"\w[^\"]*\""), N_('Dùng dấu ngoặc kép “ ” thay cho " ở “%(text)s”.')),
    (re.compile(r"[^\W\d] +[,;.](?=\s|$)"), N_("Thừa dấu cách trước dấu câu ở “%(text)s”.")),
)


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    for passage in course.passages:
        for pattern, message in NOTICES:
            if match := pattern.search(passage.text):
                findings.notice(
                    passage.file, passage.line, message, text=passage.text[max(0, match.start() - 15) : match.end()].strip()[:60]
                )
