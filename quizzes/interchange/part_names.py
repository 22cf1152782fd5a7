"""The parts of an item in words, and those that a written file does not say to programs that know nothing of our leftovers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, lost
from quizzes.rules.bank import ItemDraft

PART_NAMES: Mapping[str, str] = {
    "kind": N_("loại câu (được ghi thành loại gần nhất)"),
    "level": N_("mức độ"),
    "topic": N_("chủ đề"),
    "code": N_("mã câu hỏi"),
    "whys": N_("lời giải thích từng phương án"),
    "legal_basis": N_("căn cứ pháp lý"),
    "valid_from": N_("ngày có hiệu lực"),
    "valid_to": N_("ngày hết hiệu lực"),
    "competency": N_("năng lực"),
    "framework": N_("khung năng lực"),
    "lesson": N_("bài học"),
    "purpose": N_("mục đích sử dụng"),
    "tags": N_("nhãn"),
    "stem": N_("khoảng trắng của câu dẫn"),
    "explanation": N_("khoảng trắng của lời giải thích"),
    "body.scoring": N_("cách tính điểm"),
    "body.unit": N_("đơn vị tính"),
    "body.units": N_("các đơn vị quy đổi"),
    "body.tolerance_percent": N_("sai số theo phần trăm (được ghi thành sai số tuyệt đối)"),
    "body.diacritics": N_("cách so dấu tiếng Việt"),
    "body.rubric": N_("tiêu chí chấm"),
    "body.guidance": N_("hướng dẫn chấm"),
    "body.markers": N_("số người chấm"),
    "body.picture": N_("hình"),
}


def losses(item: ItemDraft, native: ItemDraft) -> list[Finding]:
    """What others do not get of the item: `native` is what the file says by itself."""
    wanted, read = _parts(item), _parts(native)
    names = [PART_NAMES[name] for name in PART_NAMES if wanted.get(name) and wanted.get(name) != read.get(name)]
    return [lost(N_("phần mềm khác không đọc được: %(what)s"), what=", ".join(names))] if names else []


def _parts(item: ItemDraft) -> dict[str, Any]:
    parts = asdict(item)
    return parts | {f"body.{name}": value for name, value in parts.pop("body").items()}
