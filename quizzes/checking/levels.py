"""How many items a course owes the bank, and in which shares of the levels."""

from __future__ import annotations

from collections import Counter
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
