"""Can the test a course plans be drawn, twenty times over and never twice the same, in the shares the levels should have?"""

from __future__ import annotations

from collections import Counter
from datetime import date
from uuid import NAMESPACE_OID, uuid5

from courses.checking.findings import Findings
from courses.checking.standards import Standards
from courses.rules import CourseTest
from lms.kit.errors import N_, DomainError
from quizzes.checking.written_items import BankOfCourse, WrittenItem
from quizzes.rules.assembly import LEVEL_FACILITY, LEVEL_SHARES, AssemblyLimits, Candidate, draw_forms, key_class
from quizzes.rules.bank import LEVELS
from quizzes.rules.course_tests import FORMS, cells_of

SIZE = (20, 30)
TOLERANCE = 5  # percentage points of a form; one item of twenty
SPARE = 3  # items of a cell to each one a form takes
FILE = "blueprint.yaml"


def check(bank: BankOfCourse, standards: Standards, on: date, findings: Findings) -> None:
    test = bank.course.content.test if bank.course.content else None
    if test is None:
        return
    file = bank.course.path(FILE)
    if not SIZE[0] <= test.items <= SIZE[1]:
        message = N_("Bài kiểm tra có %(count)s câu, cần từ %(least)s đến %(most)s.")
        findings.error(file, 1, message, count=test.items, least=SIZE[0], most=SIZE[1])
    _shares(file, test, findings)
    topics = {f"{bank.code}.{number}" for number in range(1, len(bank.course.modules) + 1)}
    for topic in sorted(topics - {rule.topic for rule in test.rules}):
        findings.error(file, 1, N_("Bài kiểm tra không có câu nào của phần %(topic)s."), topic=topic)
    for rule in test.rules:
        if rule.topic not in topics:
            findings.error(file, bank.course.line_of(FILE, rule.topic), N_("Không có phần %(topic)s."), topic=rule.topic)
    if bank.whole:
        _drawn(bank, test, findings)


def _shares(file: str, test: CourseTest, findings: Findings) -> None:
    for level, wanted in LEVEL_SHARES.items():
        share = 100 * sum(rule.counts.get(level, 0) for rule in test.rules) / max(1, test.items)
        if abs(share - wanted) > TOLERANCE:
            message = N_("Bài kiểm tra có %(share)s%% câu mức %(level)s, cần %(wanted)s%% ± %(tolerance)s điểm.")
            findings.error(file, 1, message, share=round(share), level=str(level), wanted=wanted, tolerance=TOLERANCE)


def _drawn(bank: BankOfCourse, test: CourseTest, findings: Findings) -> None:
    file = bank.course.path(FILE)
    have = Counter((item.draft.topic, item.draft.level) for item in bank.items)
    for cell in cells_of(test):
        count = have[cell.topic, cell.level]
        if count < SPARE * cell.count:
            message = N_("Phần %(topic)s mức %(level)s có %(have)s câu cho %(count)s câu mỗi đề: nên có ít nhất %(least)s.")
            line = bank.course.line_of(FILE, cell.topic)
            least = SPARE * cell.count
            findings.notice(file, line, message, topic=cell.topic, level=cell.level, have=count, count=cell.count, least=least)
    try:
        forms = draw_forms([_candidate(item) for item in bank.items], cells_of(test), AssemblyLimits(forms=FORMS))
    except DomainError as refusal:
        findings.error(file, 1, refusal.message, **refusal.values)
        return
    different = len({frozenset(form) for form in forms})
    if different < FORMS:
        message = N_("Ma trận chỉ cho %(count)s đề khác nhau trong %(forms)s đề: bổ sung câu hỏi.")
        findings.error(file, 1, message, count=different, forms=FORMS)


def _candidate(item: WrittenItem) -> Candidate:
    """An item nobody has answered yet; its code stands for its number in the bank."""
    draft, number = item.draft, uuid5(NAMESPACE_OID, item.draft.code)
    facility = LEVEL_FACILITY.get(draft.level, 0.6) if draft.level in LEVELS else 0.6
    return Candidate(number, number, draft.code, draft.topic, draft.level, facility, key=key_class(draft.kind, draft.body, draft.key))
