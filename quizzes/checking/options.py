"""Options that speak of one another, and questions that are turned round without showing it."""

from __future__ import annotations

import re
from datetime import date

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse
from quizzes.rules.remarks import names_other_options, unmarked_negation

_WHICH = re.compile(r"(?<!thế )\bnào\b", re.IGNORECASE)
_REASON = re.compile(
    r"vì sao|tại sao|thế nào|không (?:chỉ|bị|những|còn|làm|mất|phụ thuộc|ảnh hưởng)|mà không|dù không|hay không", re.IGNORECASE
)


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    for item in bank.items:
        code = item.draft.code
        if item.draft.kind != "true_false" and (word := turned_round(item.draft.stem)):
            findings.notice(item.file, item.line, N_("Câu %(code)s: từ phủ định “%(word)s” chưa in đậm."), code=code, word=word)
        for option in item.draft.body.get("options", []):
            if names_other_options(option["text"]):
                message = N_("Câu %(code)s: phương án “%(text)s” nhắc tới phương án khác.")
                findings.error(item.file, item.line, message, code=code, text=option["text"][:60])


def turned_round(stem: str) -> str | None:
    """The word, not bold, by which a question asks for what is not so: “… nào … không …?”. What is told before the question may deny
    something, and so may a question for the reason or the way."""
    question = re.split(r"(?<=[.;:!]) +|\n", stem.strip())[-1]
    which = _WHICH.search(question)
    if which is None or _REASON.search(question):
        return None
    word = unmarked_negation(question)
    return word if word and question.lower().rfind(word.lower()) > which.start() else None
