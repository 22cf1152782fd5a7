"""What an item is before it is stored: its parts, when it is sound, and whether its text has changed."""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from dataclasses import asdict, dataclass, field, replace
from datetime import date
from enum import StrEnum
from typing import Any

from lms.kit.errors import N_
from lms.kit.vietnamese import clean
from quizzes.kinds import KINDS
from quizzes.kinds.base import Problem
from quizzes.kinds.pictures import picture_problems


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
    "hotspot": N_("Chọn vùng trên hình"),
    "essay": N_("Tự luận"),
}


class ItemState(StrEnum):
    DRAFT = "draft"
    IN_REVIEW = "in_review"
    APPROVED = "approved"
    RETIRED = "retired"


ITEM_STATE_NAMES = {
    ItemState.DRAFT: N_("Bản nháp"),
    ItemState.IN_REVIEW: N_("Chờ duyệt"),
    ItemState.APPROVED: N_("Đã duyệt"),
    ItemState.RETIRED: N_("Đã ngừng dùng"),
}
IN_WORK = (ItemState.DRAFT, ItemState.IN_REVIEW)
LIVE = (*IN_WORK, ItemState.APPROVED)


class ItemPurpose(StrEnum):
    """Where an item may appear: in tests that count, in practice, in either."""

    EXAM = "exam"
    PRACTICE = "practice"
    BOTH = "both"


PURPOSE_NAMES = {
    ItemPurpose.BOTH: N_("Kiểm tra và luyện tập"),
    ItemPurpose.EXAM: N_("Chỉ dùng để kiểm tra"),
    ItemPurpose.PRACTICE: N_("Chỉ dùng để luyện tập"),
}

ALWAYS = date(1, 1, 1)
"""`valid_from` of an item that has always held."""
EXPIRES_SOON = 60
"""Days before an item's last day when its owner is warned."""
LONGEST_TEXT = 20_000
"""Characters of one text of an item."""
MOST_BODY = 200_000
"""Characters of its body and key together, as JSON."""
LONGEST_TAG = 60
MOST_TAGS = 20
CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")
TOPIC = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}")
_CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\u2028\u2029\ud800-\udfff]")


def tidy_tag(text: str) -> str:
    """A tag as it is stored: lower case, single spaces, no commas (which part tags in a field)."""
    return clean(text.replace(",", " ")).lower()[:LONGEST_TAG].rstrip()


def stored_text(text: str) -> str:
    """NFC without the control characters no database or XML file carries; line breaks and tabs stay."""
    return _CONTROL.sub("", unicodedata.normalize("NFC", text.replace("\r\n", "\n").replace("\r", "\n")))


def _stored(value: Any) -> Any:
    if isinstance(value, str):
        return stored_text(value)
    if isinstance(value, dict):
        return {stored_text(str(name)): _stored(one) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_stored(one) for one in value]
    return value


def course_of(topic: str) -> str:
    """The course a topic belongs to: `CB1.3` → `CB1`."""
    return topic.partition(".")[0]


@dataclass(frozen=True, slots=True)
class ItemDraft:
    """An item as it was written: everything that makes its text, and `tags` and `purpose`, which are the item's whatever its version.

    `valid_to` is the first day it no longer holds. `competency` is a place in `framework` (name and edition, such as “DigComp 3.0”).
    `purpose` None: as it is.
    """

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
    framework: str | None = None
    tags: tuple[str, ...] = ()
    purpose: str | None = None

    @property
    def course(self) -> str:
        return course_of(self.topic)

    def problems(self) -> list[Problem]:
        """Why this item cannot enter the bank; empty when it can."""
        found = self.faults()
        if not self.explanation:
            found.append(Problem(N_("thiếu lời giải thích (explanation)")))
        if not found and (unexplained := [one for one in KINDS[self.kind].to_be_explained(self.body) if not self.whys.get(one)]):
            found.append(Problem(N_("phương án %(ids)s thiếu lý do (why)"), {"ids": ", ".join(unexplained)}))
        return found

    def faults(self) -> list[Problem]:
        """Why it cannot be kept even as a draft: nobody could show or mark it. Reasons and explanation may come later."""
        found = []
        if self.kind not in KINDS:
            found.append(Problem(N_("không có loại câu hỏi “%(kind)s”"), {"kind": self.kind}))
        else:
            found.extend(KINDS[self.kind].problems(self.body, self.key) + picture_problems(self.body))
        if self.level not in LEVELS:
            found.append(Problem(N_("mức độ “%(level)s” phải là NB, TH hoặc VD"), {"level": self.level}))
        if not clean(self.stem):
            found.append(Problem(N_("thiếu câu dẫn (stem)")))
        if self.valid_from and self.valid_to and self.valid_from >= self.valid_to:
            found.append(Problem(N_("ngày hết hiệu lực phải sau ngày có hiệu lực")))
        if self.purpose is not None and self.purpose not in tuple(ItemPurpose):
            found.append(Problem(N_("mục đích “%(purpose)s” phải là exam, practice hoặc both"), {"purpose": self.purpose[:40]}))
        return [*found, *self._excesses()]

    def _excesses(self) -> list[Problem]:
        """What of it is longer than anybody would read in a test."""
        found = []
        lengths = {
            N_("câu dẫn dài %(length)s ký tự, tối đa %(most)s"): self.stem,
            N_("lời giải thích dài %(length)s ký tự, tối đa %(most)s"): self.explanation,
            N_("căn cứ pháp lý dài %(length)s ký tự, tối đa %(most)s"): self.legal_basis or "",
            N_("năng lực, khung năng lực và bài học dài %(length)s ký tự, tối đa %(most)s"): (
                f"{self.competency or ''}{self.framework or ''}{self.lesson or ''}"
            ),
        }
        for message, text in lengths.items():
            if len(text) > LONGEST_TEXT:
                found.append(Problem(message, {"length": len(text), "most": LONGEST_TEXT}))
        if (length := len(_json([self.body, self.key, self.whys]))) > MOST_BODY:
            found.append(Problem(N_("phần thân câu hỏi dài %(length)s ký tự, tối đa %(most)s"), {"length": length, "most": MOST_BODY}))
        if len(self.tags) > MOST_TAGS:
            found.append(Problem(N_("có %(count)s nhãn, tối đa %(most)s"), {"count": len(self.tags), "most": MOST_TAGS}))
        return found

    def stored(self) -> ItemDraft:
        """The same as a database may keep it: without control characters, texts trimmed, tags tidy and sorted, empty texts None."""
        body, key, whys = _stored(self.body), _stored(self.key), _stored(self.whys)
        return replace(
            self,
            code=clean(self.code),
            topic=clean(self.topic),
            stem=stored_text(self.stem).strip(),
            body=body,
            key=key,
            explanation=stored_text(self.explanation).strip(),
            whys=whys,
            legal_basis=stored_text(self.legal_basis or "").strip() or None,
            competency=clean(self.competency or "") or None,
            lesson=clean(self.lesson or "") or None,
            framework=clean(self.framework or "") or None,
            tags=tuple(sorted({tidy for tag in self.tags if (tidy := tidy_tag(tag))})),
        )

    def content_hash(self) -> str:
        """Equal exactly when nothing of the text has changed, whatever the order its parts were written in. Tags and purpose are
        not of the text; a framework counts only where one is named, so that what was stored before there were any stays as it is."""
        parts = asdict(self)
        del parts["tags"], parts["purpose"]
        if self.framework is None:
            del parts["framework"]
        return hashlib.sha256(_json(parts).encode()).hexdigest()


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, sort_keys=True, default=str, separators=(",", ":"))


def bold_parts(text: str) -> list[tuple[str, bool]]:
    """Split authored text at its `**bold**` marks. Unpaired marks stay as they were written."""
    return _marked_parts(text, "**")


def code_parts(text: str) -> list[tuple[str, bool]]:
    """Split authored text, or a bold part of it, at the backticks around what is typed into a machine."""
    return _marked_parts(text, "`")


def _marked_parts(text: str, mark: str) -> list[tuple[str, bool]]:
    parts = text.split(mark)
    if len(parts) % 2 == 0:
        return [(text, False)]
    return [(part, index % 2 == 1) for index, part in enumerate(parts) if part]
