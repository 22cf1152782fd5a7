"""The items of a course as its author wrote them, each with its file and line."""

from __future__ import annotations

import re
from dataclasses import dataclass

from courses.checking.findings import Findings
from courses.checking.written import WrittenCourse
from lms.kit.errors import N_
from quizzes.interchange import yaml_file
from quizzes.rules.bank import ItemDraft


@dataclass(frozen=True, slots=True)
class WrittenItem:
    draft: ItemDraft
    module: str
    file: str
    line: int


@dataclass(frozen=True, slots=True)
class BankOfCourse:
    course: WrittenCourse
    items: tuple[WrittenItem, ...]
    whole: bool  # every file of questions could be read

    @property
    def code(self) -> str:
        """The course's code; its label where it cannot be read."""
        return self.course.content.code if self.course.content else self.course.label.upper()


def read_bank(course: WrittenCourse, findings: Findings) -> BankOfCourse:
    """The items of all modules, noting what the reader says. A file with a fault gives none: its items come with the fault mended."""
    items: list[WrittenItem] = []
    whole = True
    seen: dict[str, str] = {}
    for number, module in enumerate(course.modules, start=1):
        name = f"{module}/questions.yaml"
        if name not in course.files:
            continue
        text = course.files[name]
        parsed = yaml_file.parse(text.encode())
        for fault in parsed.faults:
            line = line_of(text, fault.item) if fault.item else 1
            message = N_("Câu %(item)s: %(problem)s.") if fault.item else N_("%(problem)s.")
            findings.error(course.path(name), line, message, item=fault.item, problem=str(fault.problem))
        whole = whole and not parsed.faults
        for draft in parsed.items:
            item = WrittenItem(draft, module, course.path(name), line_of(text, draft.code))
            items.append(item)
            if draft.code in seen:
                findings.error(item.file, item.line, N_("Mã %(code)s đã dùng ở %(other)s."), code=draft.code, other=seen[draft.code])
            seen[draft.code] = item.file
            expected = None if course.content is None else f"{course.content.code}.{number}"
            if expected and draft.topic != expected:
                findings.error(
                    item.file, 1, N_("“topic” là %(topic)s, ở phần này phải là %(expected)s."), topic=draft.topic, expected=expected
                )
    return BankOfCourse(course, tuple(items), whole)


def line_of(text: str, code: str) -> int:
    """The line an item's code stands on; 1 where it has none."""
    match = re.search(rf"^.*\bcode: *[\"']?{re.escape(code)}[\"']?[ ,}}]*$", text, re.MULTILINE)
    return text.count("\n", 0, match.start()) + 1 if match else 1
