"""Does whoever answered wrong learn why? The reader refuses items without explanation or reasons; here, those that say nothing."""

from __future__ import annotations

from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse

LEAST_EXPLANATION = 8  # words
LEAST_WHY = 3


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    for item in bank.items:
        draft = item.draft
        if len(draft.explanation.split()) < LEAST_EXPLANATION:
            findings.notice(item.file, item.line, N_("Câu %(code)s: lời giải thích quá ngắn."), code=draft.code)
        for option, why in draft.whys.items():
            if len(why.split()) < LEAST_WHY:
                message = N_("Câu %(code)s, phương án %(option)s: lý do “%(why)s” chưa nói vì sao.")
                findings.notice(item.file, item.line, message, code=draft.code, option=option, why=why)
