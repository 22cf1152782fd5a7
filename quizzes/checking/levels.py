"""How many items a course owes the bank, and in which shares of the levels."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse
from quizzes.rules.assembly import LEVEL_SHARES

TOLERANCE = 3  # percentage points


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    file, total = bank.course.path("course.yaml"), len(bank.items)
    owed = standards.owed(bank.code)
    if total < owed:
        findings.error(file, 1, N_("Khóa học có %(count)s câu hỏi, cần ít nhất %(owed)s."), count=total, owed=owed)
    by_level = Counter(item.draft.level for item in bank.items)
    for level, wanted in LEVEL_SHARES.items():
        share = 100 * by_level[level] / total if total else wanted
        if abs(share - wanted) > TOLERANCE:
            message = N_("Mức %(level)s chiếm %(share)s%%, cần %(wanted)s%% ± %(tolerance)s điểm.")
            shown = f"{share:.1f}".replace(".", ",")
            findings.error(file, 1, message, level=str(level), share=shown, wanted=wanted, tolerance=TOLERANCE)


def check_all(banks: Sequence[BankOfCourse], standards: Standards, findings: Findings) -> None:
    """What the courses of the curriculum owe together, where all of them are there."""
    ours = [bank for bank in banks if bank.code in standards.courses]
    total = sum(len(bank.items) for bank in ours)
    if {bank.code for bank in ours} == standards.courses and total < standards.items_in_all:
        message = N_("Cả chương trình có %(count)s câu hỏi, cần ít nhất %(owed)s.")
        findings.error("curriculum.yaml", 1, message, count=total, owed=standards.items_in_all)
