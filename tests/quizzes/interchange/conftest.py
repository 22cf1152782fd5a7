"""Ordinary items, as authors write them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from quizzes.rules.bank import ItemDraft
from tests.quizzes.interchange.hard_drafts import PICTURE

_OPTIONS = [{"id": "a", "text": "Đổi mật khẩu"}, {"id": "b", "text": "Báo **ngay** cho đầu mối"}, {"id": "c", "text": "Chờ"}]
_WHYS = {"a": "Chưa đủ.", "b": "Đúng quy trình.", "c": "Mất thời gian vàng."}
_SPOTS = [
    {"id": "a", "text": "Thanh địa chỉ", "shape": "rect", "coords": [10, 20, 300, 40]},
    {"id": "b", "text": "Ổ khóa", "shape": "circle", "coords": [30, 40, 12]},
    {"id": "c", "text": "Khung đăng nhập", "shape": "poly", "coords": [100, 100, 300, 100, 300, 300]},
]
ORDINARY: dict[str, dict[str, Any]] = {
    "single_choice": {"body": {"options": _OPTIONS}, "key": ["b"], "whys": _WHYS},
    "multiple_choice": {"body": {"options": _OPTIONS, "scoring": "partial"}, "key": ["a", "b"], "whys": _WHYS},
    "true_false": {"body": {}, "key": ["true"]},
    "statement_group": {
        "body": {
            "statements": [{"id": "a", "text": "Để cùng phòng là đủ."}, {"id": "b", "text": "Cần thử phục hồi."}],
            "scoring": "partial",
        },
        "key": ["a=false", "b=true"],
        "whys": {"a": "Cháy là mất cả hai.", "b": "Chưa thử là chưa có."},
    },
    "matching": {
        "body": {
            "premises": [{"id": "p1", "text": "HTTPS"}, {"id": "p2", "text": "SSH"}],
            "options": [{"id": "a", "text": "443"}, {"id": "b", "text": "22"}, {"id": "c", "text": "25"}],
        },
        "key": ["p1=a", "p2=b"],
    },
    "ordering": {
        "body": {"steps": [{"id": "x", "text": "Báo cáo"}, {"id": "y", "text": "Ngắt mạng"}, {"id": "z", "text": "Khôi phục"}]},
        "key": ["y=1", "x=2", "z=3"],
    },
    "numeric": {"body": {"tolerance": "0.5", "unit": "GB"}, "key": ["12.5"]},
    "short_answer": {"body": {}, "key": ["Luật An ninh mạng", "Luật ANM"]},
    "cloze": {
        "body": {
            "text": "Trong {{1}} giờ, báo cho {{2}} theo {{3}}.",
            "gaps": [
                {"id": "1", "kind": "number", "tolerance": "1"},
                {"id": "2", "kind": "list", "options": [{"id": "a", "text": "đơn vị chuyên trách"}, {"id": "b", "text": "báo chí"}]},
                {"id": "3", "kind": "text"},
            ],
            "scoring": "partial",
        },
        "key": ["1=24", "2=a", "3=Nghị định", "3=NĐ"],
    },
    "hotspot": {
        "body": {"picture": {"sha256": PICTURE, "alt": "Trang đăng nhập", "width": 800, "height": 600}, "spots": _SPOTS},
        "key": ["b"],
        "whys": _WHYS,
    },
    "essay": {
        "body": {
            "rubric": [{"id": "a", "text": "Nêu đúng căn cứ", "points": 4}, {"id": "b", "text": "Có ví dụ", "points": 6}],
            "guidance": "Không trừ lỗi chính tả.",
        },
        "key": [],
    },
}


@pytest.fixture
def ordinary() -> Callable[[str], ItemDraft]:
    def make(kind: str, **changes: Any) -> ItemDraft:
        draft = ItemDraft(
            code=f"CB1-3-{kind.replace('_', '-')}",
            topic="CB1.3",
            kind=kind,
            level="TH",
            stem="Khi nhận thư lạ có tệp đính kèm, việc **đầu tiên** cần làm?\n\nChọn theo quy chế của đơn vị.",
            explanation="Theo quy chế an toàn thông tin.",
            legal_basis="Điều 12 Nghị định 85/2016/NĐ-CP",
            tags=("an toàn",),
            **ORDINARY[kind],
        )
        return replace(draft, **changes)

    return make
