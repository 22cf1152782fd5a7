"""Holds the questions of courses to account, and the tests planned from them. One file for each thing checked; pure, as the rules are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from datetime import date

from courses.checking.findings import Counts, Findings
from courses.checking.standards import Standards
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_
from quizzes.checking import competencies, course_tests, duplicates, explanations, keys, lessons, levels, options, validity
from quizzes.checking.written_items import BankOfCourse, read_bank
from quizzes.rules.bank import KIND_NAMES, LEVELS

EACH: tuple[Callable[[BankOfCourse, Standards, date, Findings], None], ...] = (
    explanations.check,
    lessons.check,
    competencies.check,
    options.check,
    keys.check,
    levels.check,
    validity.check,
    course_tests.check,
)


def check_items(courses: Sequence[WrittenCourse], standards: Standards, on: date) -> tuple[Findings, Counts]:
    """Everything about items; those of a file that cannot be read whole are told and counted by what can be read."""
    findings = Findings()
    banks = [read_bank(course, findings) for course in courses]
    counts: Counts = {}
    for bank in banks:
        for check in EACH:
            check(bank, standards, on, findings)
        by_level = Counter(item.draft.level for item in bank.items)
        by_kind = Counter(item.draft.kind for item in bank.items)
        counts[bank.course.label] = {
            N_("Câu hỏi"): len(bank.items),
            **{str(level): by_level[level] for level in LEVELS},
            **{
                name: by_kind[kind]
                for kind, name in KIND_NAMES.items()
                if any(item.draft.kind == kind for one in banks for item in one.items)
            },
        }
    levels.check_all(banks, standards, findings)
    duplicates.check(banks, findings)
    return findings, counts
