"""Are things called what the service calls them (terms.yaml)?"""

from __future__ import annotations

import re
from datetime import date
from functools import cache

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_


def check(course: WrittenCourse, standards: Standards, on: date, findings: Findings) -> None:
    anything = _pattern(tuple(form for wording in standards.wordings for form in wording.forbidden))
    for passage in course.passages:
        if not anything.search(passage.text):
            continue
        for wording in standards.wordings:
            match = _pattern(wording.forbidden).search(passage.text)
            if match is None:
                continue
            tell = findings.error if wording.strict else findings.notice
            message = N_("Viết “%(preferred)s” thay cho “%(found)s”. %(why)s")
            tell(passage.file, passage.line, message, preferred=wording.preferred, found=match[0], why=wording.why)


@cache
def _pattern(forms: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile(r"(?<!\w)(?:" + "|".join(map(re.escape, forms)) + r")(?!\w)", re.IGNORECASE)
