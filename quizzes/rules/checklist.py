"""What is missing before a round can open, as a list an organiser works off. Pure: the facts are gathered elsewhere."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from lms.kit.errors import N_
from quizzes.rules.rounds import Purpose


class Weight(StrEnum):
    """An error keeps the round from opening; a warning does not."""

    ERROR = "error"
    WARNING = "warning"


class Part(StrEnum):
    """The steps in which a round is set up."""

    GENERAL = "general"
    AUDIENCE = "audience"
    WINDOWS = "windows"
    BLOCKS = "blocks"
    PAPER = "paper"
    RULES = "rules"


PART_NAMES = {
    Part.GENERAL: N_("Tên, căn cứ, mục đích"),
    Part.AUDIENCE: N_("Ai kiểm tra"),
    Part.WINDOWS: N_("Lịch: chốt danh sách, mở, đóng, phúc khảo, khóa"),
    Part.BLOCKS: N_("Chia ca theo cơ quan"),
    Part.PAPER: N_("Ma trận đề và lập đề"),
    Part.RULES: N_("Quy tắc làm bài và tính điểm"),
}


@dataclass(frozen=True, slots=True)
class Finding:
    """A sentence that says what is wrong in one part: a template marked with N_() and its values (days are date values)."""

    weight: Weight
    text: str
    part: str
    values: Mapping[str, Any] = field(default_factory=dict)

    @property
    def hinders(self) -> bool:
        return self.weight == Weight.ERROR


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known about a draft. `short`: (topic, level, have, need) of cells the bank cannot fill. `blocks`: (number, people);
    `forms` how many are assembled, `form_problems` what their check found."""

    purpose: str
    legal_number: str | None
    legal_basis: str | None
    people: int
    homeless: int
    has_course: bool
    questions: int
    short: Sequence[tuple[str, str, int, int]]
    forms: int
    blocks: Sequence[tuple[int, int]] = ()
    capacity: int | None = None
    people_without_block: int = 0
    blocks_outside: int = 0
    dates: Sequence[Finding] = ()
    attempts_allowed: int = 1
    feedback_at_once: bool = False
    side_question: str | None = None


def findings(facts: Facts, about_forms: Sequence[Finding] = ()) -> list[Finding]:
    """Everything that is missing or doubtful, errors first within each part. `about_forms`: what the check of the forms found."""
    found = [*_general(facts), *_audience(facts), *facts.dates, *_blocks(facts), *_paper(facts), *about_forms, *_rules(facts)]
    order = {part: number for number, part in enumerate(Part)}
    return sorted(found, key=lambda one: (order[Part(one.part)], not one.hinders))


def _general(facts: Facts) -> Iterable[Finding]:
    if facts.purpose in (Purpose.QUARTERLY, Purpose.CONTEST) and not (facts.legal_number or facts.legal_basis):
        yield Finding(Weight.ERROR, N_("Chưa ghi căn cứ (số, ngày văn bản)."), Part.GENERAL)


def _audience(facts: Facts) -> Iterable[Finding]:
    if facts.purpose == Purpose.PRACTICE:
        return
    if facts.purpose == Purpose.COURSE_TEST and not facts.has_course:
        yield Finding(Weight.ERROR, N_("Khóa học của bài kiểm tra chưa có trong hệ thống."), Part.AUDIENCE)
    elif facts.people == 0 and facts.purpose != Purpose.COURSE_TEST:
        text = N_("Không có ai thuộc diện kiểm tra vào ngày chốt danh sách. Nhập danh sách cán bộ hoặc sửa đối tượng.")
        yield Finding(Weight.ERROR, text, Part.AUDIENCE)
    if facts.homeless:
        text = N_("%(count)s người thuộc cơ quan không tồn tại vào ngày chốt danh sách. Sửa cây đơn vị hoặc ngày chốt trước.")
        yield Finding(Weight.ERROR, text, Part.AUDIENCE, {"count": facts.homeless})


def _blocks(facts: Facts) -> Iterable[Finding]:
    if not facts.blocks:
        if facts.capacity is not None and facts.people > facts.capacity:
            text = N_("%(people)s người cùng một khung giờ, sức chứa đã thử là %(capacity)s. Nên chia ca.")
            yield Finding(Weight.WARNING, text, Part.BLOCKS, {"people": facts.people, "capacity": facts.capacity})
        return
    for number, people in facts.blocks:
        if facts.capacity is not None and people > facts.capacity:
            text = N_("Ca %(number)s có %(people)s người, quá sức chứa %(capacity)s.")
            yield Finding(Weight.ERROR, text, Part.BLOCKS, {"number": number, "people": people, "capacity": facts.capacity})
    if facts.people_without_block:
        text = N_("%(count)s người thuộc cơ quan chưa có ca.")
        yield Finding(Weight.ERROR, text, Part.BLOCKS, {"count": facts.people_without_block})
    if facts.blocks_outside:
        text = N_("%(count)s ca nằm ngoài thời gian mở của kỳ.")
        yield Finding(Weight.ERROR, text, Part.BLOCKS, {"count": facts.blocks_outside})


def _paper(facts: Facts) -> Iterable[Finding]:
    if facts.questions == 0:
        yield Finding(Weight.ERROR, N_("Ma trận đề chưa có câu nào."), Part.PAPER)
    for topic, level, have, need in facts.short:
        text = N_("Ngân hàng thiếu câu: %(topic)s – %(level)s có %(have)s, cần %(need)s.")
        yield Finding(Weight.ERROR, text, Part.PAPER, {"topic": topic, "level": level, "have": have, "need": need})
    if facts.questions and not facts.short and not facts.forms:
        yield Finding(Weight.WARNING, N_("Chưa lập đề. Đề sẽ được lập khi mở; nên lập trước để xem."), Part.PAPER)


def _rules(facts: Facts) -> Iterable[Finding]:
    if facts.purpose in (Purpose.QUARTERLY, Purpose.CONTEST) and facts.feedback_at_once and facts.attempts_allowed > 1:
        yield Finding(Weight.WARNING, N_("Đáp án hiện ngay khi còn lượt làm bài: nên công bố sau khi đóng."), Part.RULES)
    if facts.purpose == Purpose.CONTEST and not facts.side_question:
        yield Finding(Weight.WARNING, N_("Cuộc thi chưa có câu hỏi phụ: người bằng điểm được xếp theo thời gian làm bài."), Part.RULES)
