"""Does an item end with the law it rests on?"""

from __future__ import annotations

from datetime import date

from courses.checking.findings import Findings
from courses.checking.laws import named_in
from courses.checking.references import references
from courses.checking.standards import Law, Standards
from lms.kit.errors import N_
from quizzes.checking.written_items import BankOfCourse, WrittenItem


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    for item in bank.items:
        draft = item.draft
        if draft.valid_to is not None and draft.valid_to <= on:
            findings.error(item.file, item.line, N_("Câu %(code)s đã hết hiệu lực: sửa theo văn bản mới hoặc bỏ."), code=draft.code)
        if draft.legal_basis is None:
            if draft.valid_from or draft.valid_to:
                findings.error(item.file, item.line, N_("Câu %(code)s có thời hạn mà không có “legal_basis”."), code=draft.code)
            elif any(references(draft.explanation)) or any(references(draft.stem)):
                findings.notice(item.file, item.line, N_("Câu %(code)s nêu văn bản mà không có “legal_basis”."), code=draft.code)
            continue
        if draft.valid_from is None:
            findings.error(item.file, item.line, N_("Câu %(code)s có “legal_basis” mà không có “valid_from”."), code=draft.code)
        for law in named_in(draft.legal_basis, standards.laws):
            _within(item, law, findings)


def _within(item: WrittenItem, law: Law, findings: Findings) -> None:
    draft, title = item.draft, f"{law.title} ({law.number})"
    if law.valid_to is not None and (draft.valid_to is None or draft.valid_to > law.valid_to):
        message = N_("Câu %(code)s còn hiệu lực sau khi căn cứ hết: %(law)s hết hiệu lực từ %(ended)s.")
        findings.error(item.file, item.line, message, code=draft.code, law=title, ended=f"{law.valid_to:%d/%m/%Y}")
    if law.valid_from is not None and draft.valid_from is not None and draft.valid_from < law.valid_from:
        message = N_("Câu %(code)s có hiệu lực trước căn cứ: %(law)s có hiệu lực từ %(begun)s.")
        findings.notice(item.file, item.line, message, code=draft.code, law=title, begun=f"{law.valid_from:%d/%m/%Y}")
