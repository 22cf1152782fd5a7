"""Days on which a person is away from work. Pure: a list of leaves goes in, the list as it should be comes out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Any
from uuid import UUID

from lms.agencies.rules.closure import FOREVER
from lms.kit.errors import N_, Conflict, DomainError


@dataclass(frozen=True, slots=True)
class Away:
    """A leave over [valid_from, valid_to); `reason` is a key of ABSENCE_NAMES. `id` None: not stored yet."""

    id: UUID | None
    reason: str
    valid_from: date
    valid_to: date = FOREVER
    decision: str | None = None

    def told(self) -> dict[str, Any]:
        """For the audit: plain values."""
        return {
            "reason": self.reason,
            "decision": self.decision,
            "valid_from": self.valid_from.isoformat(),
            "valid_to": None if self.valid_to == FOREVER else self.valid_to.isoformat(),
        }


def with_leave(leaves: Sequence[Away], leave: Away) -> list[Away]:
    """One leave more. Raises DomainError for a span of no days, Conflict where another leave covers one of its days."""
    if not leave.valid_from < leave.valid_to:
        raise DomainError(N_("Ngày kết thúc phải sau ngày bắt đầu."), code="empty_span", field="valid_to")
    for held in leaves:
        if held.valid_from < leave.valid_to and leave.valid_from < held.valid_to:
            raise Conflict(
                N_("Đã ghi một lần nghỉ từ ngày %(day)s trùng với những ngày này. Sửa lần nghỉ đó, hoặc chọn ngày khác."),
                code="leave_held",
                field="valid_from",
                day=f"{held.valid_from:%d/%m/%Y}",
            )
    return sorted([*leaves, leave], key=lambda each: each.valid_from)


def joined_leaves(kept: Sequence[Away], absorbed: Sequence[Away]) -> list[Away]:
    """The leaves of one person out of two records: where both say something about a day, the kept record stands."""
    result = list(kept)
    for leave in absorbed:
        pieces = [leave]
        for held in kept:
            pieces = [piece for each in pieces for piece in _outside(each, held)]
        result += pieces
    return sorted(result, key=lambda each: each.valid_from)


def _outside(leave: Away, held: Away) -> list[Away]:
    if leave.valid_to <= held.valid_from or held.valid_to <= leave.valid_from:
        return [leave]
    pieces = [replace(leave, valid_to=held.valid_from)] if leave.valid_from < held.valid_from else []
    if held.valid_to < leave.valid_to:
        pieces.append(replace(leave, id=None if pieces else leave.id, valid_from=held.valid_to))
    return pieces
