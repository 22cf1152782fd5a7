"""What an item is before it is stored: its parts, when it is sound, and whether its text has changed."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date
from enum import StrEnum
from typing import Any

from lms.kit.errors import N_
from quizzes.kinds import KINDS
from quizzes.kinds.base import Problem


class Level(StrEnum):
    """Mức độ: nhận biết, thông hiểu, vận dụng."""

    RECALL = "NB"
    UNDERSTAND = "TH"
    APPLY = "VD"


LEVEL_NAMES = {Level.RECALL: N_("Nhận biết"), Level.UNDERSTAND: N_("Thông hiểu"), Level.APPLY: N_("Vận dụng")}
LEVELS = tuple(Level)
KIND_NAMES = {
    "single_choice": N_("Một lựa chọn"),
    "multiple_choice": N_("Nhiều lựa chọn"),
    "true_false": N_("Đúng – sai"),
    "statement_group": N_("Nhóm nhận định đúng – sai"),
    "matching": N_("Ghép đôi"),
    "ordering": N_("Sắp xếp thứ tự"),
    "numeric": N_("Điền số"),
    "short_answer": N_("Trả lời ngắn"),
    "cloze": N_("Điền vào chỗ trống"),
}


class ItemState(StrEnum):
    DRAFT = "draft"
    APPROVED = "approved"
    RETIRED = "retired"


def course_of(topic: str) -> str:
    """The course a topic belongs to: `CB1.3` → `CB1`."""
    return topic.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as it was written: everything that makes its text. `valid_to` is the first day it no longer holds."""

    code: str
    topic: str
    kind: str
    level: str
    stem: str
    body: dict[str, Any]
    key: list[str]
    explanation: str
    whys: dict[str, str] = field(default_factory=dict)
    legal_basis: str | None = None
    valid_from: date | None = None
    valid_to: date | None = None
    competency: str | None = None
    lesson: str | None = None

    @property
    def course(self) -> str:
        return course_of(self.topic)

    def problems(self) -> list[Problem]:
        """Why this item cannot enter the bank; empty when it can."""
        found = []
        if self.kind not in KINDS:
            found.append(Problem(N_("không có loại câu hỏi “%(kind)s”"), {"kind": self.kind}))
        else:
            found.extend(KINDS[self.kind].problems(self.body, self.key))
        if self.level not in LEVELS:
            found.append(Problem(N_("mức độ “%(level)s” phải là NB, TH hoặc VD"), {"level": self.level}))
        if not self.stem:
            found.append(Problem(N_("thiếu câu dẫn (stem)")))
        if not self.explanation:
            found.append(Problem(N_("thiếu lời giải thích (explanation)")))
        if not found and (unexplained := [one for one in KINDS[self.kind].to_be_explained(self.body) if not self.whys.get(one)]):
            found.append(Problem(N_("phương án %(ids)s thiếu lý do (why)"), {"ids": ", ".join(unexplained)}))
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            found.append(Problem(N_("ngày hết hiệu lực phải sau ngày có hiệu lực")))
        return found

    def content_hash(self) -> str:
        """Equal exactly when nothing of the item has changed, whatever the order its parts were written in."""
        canonical = json.dumps(asdict(self), ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))
        return hashlib.sha256(canonical.encode()).hexdigest()


def bold_parts(text: str) -> list[tuple[str, bool]]:
    """Split authored text at its `**bold**` marks, the only formatting there is. Unpaired marks stay as they were written."""
    parts = text.split("**")
    if len(parts) % 2 == 0:
        return [(text, False)]
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]
