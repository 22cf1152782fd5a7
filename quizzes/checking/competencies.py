"""Places in frameworks of competence: which framework, which version, a place it really has."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse

BLUEPRINT = "blueprint.yaml"
NO_PLACE = N_("%(name)s: “%(tag)s” không phải năng lực có phiên bản, ví dụ “DigComp 2.2: 5.2”, “NICE v2.0.0: PD”.")
DIGCOMP = {1: 3, 2: 6, 3: 4, 4: 4, 5: 4}  # competences of each area, in 2.2 and 3.0 alike
NICE = ("OG", "DD", "IO", "PD", "IN")
_DIGCOMP = re.compile(r"DigComp (?:2\.2|3\.0): ([1-5])\.([1-6])")
_NICE = re.compile(r"NICE v2\.\d+\.\d+: (?:" + "|".join(NICE) + r")(?: .+)?")
_UNESCO = re.compile(r"UNESCO(?:/Broadband Commission)? 2022: U[1-3](?: .+)?")
# A Vietnamese framework: the document, its version or year, and the place in words.
_VIETNAMESE = re.compile(r"(?:QĐ|TT) \d+/(?:\d{4}/)?[\wĐ-]+(?: \d+\.\d+)?: \S.+")


def is_place(tag: str) -> bool:
    """Is this a place in a framework we know, with its version?"""
    if match := _DIGCOMP.fullmatch(tag):
        return int(match[2]) <= DIGCOMP[int(match[1])]
    return any(form.fullmatch(tag) for form in (_NICE, _UNESCO, _VIETNAMESE))


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    for item in bank.items:
        tag = item.draft.competency
        if tag is None:
            findings.error(item.file, item.line, N_("Câu %(code)s chưa có “competency”."), code=item.draft.code)
        elif not is_place(tag):
            findings.error(item.file, item.line, NO_PLACE, name=item.draft.code, tag=tag)
    content = bank.course.content
    if content is None:
        return
    _tags(bank, "course.yaml", "competencies", content.competencies, findings)
    if BLUEPRINT not in bank.course.files:
        return
    for slug, tags in content.frameworks.items():
        _tags(bank, BLUEPRINT, slug, tags, findings)
    for lesson in content.lessons:
        if lesson.slug not in content.frameworks:
            findings.error(bank.course.path(BLUEPRINT), 1, N_("Mục “frameworks” thiếu bài “%(slug)s”."), slug=lesson.slug)


def _tags(bank: BankOfCourse, file: str, name: str, tags: Sequence[str], findings: Findings) -> None:
    for tag in tags:
        if not is_place(tag):
            findings.error(bank.course.path(file), bank.course.line_of(file, f"{name}:"), NO_PLACE, name=name, tag=tag)
