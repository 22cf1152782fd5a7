"""Holds courses to account: what the loader does not refuse and a reader would stumble over. One file for each thing checked.

Like the rules: no database, no web, no clock; `written` and `standards` alone look at the disk. What concerns the question bank is
checked by whoever keeps it, through `lms.feature.Feature.course_checks`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import date

from courses.checking import (
    characters,
    citations,
    dates,
    document_numbers,
    figures,
    laws,
    numbers,
    reading_length,
    structure,
    syllables,
    terms,
    typography,
    verified,
)
from courses.checking.findings import Counts, Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_

CourseCheck = Callable[[Sequence[WrittenCourse], Standards, date], tuple[Findings, Counts]]
"""(the courses, what they are held to, the day) → what is wrong with them, and what there is of each."""

EACH: tuple[Callable[[WrittenCourse, Standards, date, Findings], None], ...] = (
    structure.check,
    citations.check,
    figures.check,
    reading_length.check,
    characters.check,
    syllables.check,
    typography.check,
    terms.check,
    dates.check,
    document_numbers.check,
    numbers.check,
    laws.check,
    verified.check,
)


def check_texts(courses: Sequence[WrittenCourse], standards: Standards, on: date) -> tuple[Findings, Counts]:
    """Everything about texts and figures; the loader's own problems first."""
    findings = Findings()
    counts: Counts = {}
    for course in courses:
        for problem in course.problems:
            findings.take(problem)
        for check in EACH:
            check(course, standards, on, findings)
        counts[course.label] = {
            N_("Phần"): len(course.modules),
            N_("Bài"): len(course.lessons),
            N_("Từ"): sum(reading_length.words(lesson) for lesson in course.lessons),
            N_("Hình"): len(course.media),
            N_("Câu tự kiểm tra"): sum(structure.blocks_named(lesson, "check") for lesson in course.lessons),
            N_("Nguồn chưa xác nhận"): len(verified.unconfirmed(course)),
        }
    return findings, counts
