"""What a paper is worth under the rulings that hold, which of a person's attempts counts, and what of a mark is kept. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from typing import Any
from uuid import UUID

from lms.kit.errors import N_


class RulingKind(StrEnum):
    NEW_KEY = "new_key"
    ALSO_ACCEPT = "also_accept"
    VOID = "void"
    WITHDRAWAL = "withdrawal"


RULING_NAMES = {
    RulingKind.NEW_KEY: N_("Đáp án mới"),
    RulingKind.ALSO_ACCEPT: N_("Công nhận thêm một đáp án"),
    RulingKind.VOID: N_("Hủy câu hỏi: mọi người được trọn điểm câu này"),
    RulingKind.WITHDRAWAL: N_("Rút lại một quyết định trước"),
}


class CauseKind(StrEnum):
    """What may lead to another mark."""

    RULING = "ruling"
    APPEAL = "appeal"
    LATE = "late"
    HAND = "hand"


CAUSE_NAMES = {
    CauseKind.RULING: N_("Quyết định về câu hỏi"),
    CauseKind.APPEAL: N_("Phúc khảo"),
    CauseKind.LATE: N_("Câu trả lời đến muộn được chấp nhận"),
    CauseKind.HAND: N_("Chấm tay"),
}


@dataclass(frozen=True, slots=True)
class Cause:
    """Why a mark is superseded: the row that decided it, and the reason as the person reads it."""

    kind: CauseKind
    id: UUID
    reason: str


@dataclass(frozen=True, slots=True)
class InForce:
    """A ruling that holds for an item version."""

    kind: str
    key: list[str]
    reason: str = ""


@dataclass(frozen=True, slots=True)
class ShownRuling:
    """A ruling as those who sat the question read it: `words` say the key that is taken."""

    kind: str
    words: str
    reason: str


def keys_under(key: list[str], rulings: Iterable[InForce]) -> list[list[str]] | None:
    """The keys that give a mark, the best counts; None: the item is void and everybody gets the full mark. `rulings` in the order in which
    they were approved."""
    keys = [key]
    for ruling in rulings:
        if ruling.kind == RulingKind.VOID:
            return None
        if ruling.kind == RulingKind.NEW_KEY:
            keys = [ruling.key]
        elif ruling.kind == RulingKind.ALSO_ACCEPT:
            keys.append(ruling.key)
    return keys


@dataclass(frozen=True, slots=True)
class Candidate:
    """A finished attempt as far as it matters for which one counts; score and pass are those that stand."""

    id: UUID
    number: int
    score: Decimal
    passed: bool
    submitted_at: datetime


def points_in_store(points: Mapping[int, Fraction]) -> dict[str, Any]:
    """Points as they are kept: nothing is rounded away."""
    return {str(slot): str(share) for slot, share in sorted(points.items())}


def points_from_store(stored: Mapping[str, Any]) -> dict[int, Fraction]:
    return {int(slot): Fraction(share) for slot, share in stored.items()}
