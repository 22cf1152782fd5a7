"""Options that speak of one another, and questions that are turned round without showing it."""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse
from quizzes.rules.remarks import names_other_options, unmarked_negation


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    for item in bank.items:
        code = item.draft.code
        if word := unmarked_negation(question_of(item.draft.stem)):
            findings.notice(item.file, item.line, N_("Câu %(code)s: từ phủ định “%(word)s” chưa in đậm."), code=code, word=word)
        for option in item.draft.body.get("options", []):
            if names_other_options(option["text"]):
                message = N_("Câu %(code)s: phương án “%(text)s” nhắc tới phương án khác.")
                findings.error(item.file, item.line, message, code=code, text=option["text"][:60])


def question_of(stem: str) -> str:
    """The last sentence of a stem, which asks; what is told before it may well deny something."""
    return re.split(r"(?<=[.;:!]) +|\n", stem.strip())[-1]
