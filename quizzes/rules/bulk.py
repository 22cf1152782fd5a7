"""What may be done to many items at once. Pure."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from enum import StrEnum
from uuid import UUID

from lms.kit.errors import N_


class BulkAction(StrEnum):
    TAG = "tag"
    UNTAG = "untag"
    PURPOSE = "purpose"
    OWNER = "owner"
    RETIRE = "retire"


BULK_NAMES = {
    BulkAction.TAG: N_("Gắn nhãn"),
    BulkAction.UNTAG: N_("Bỏ nhãn"),
    BulkAction.PURPOSE: N_("Đổi mục đích sử dụng"),
    BulkAction.OWNER: N_("Giao người phụ trách"),
    BulkAction.RETIRE: N_("Ngừng dùng"),
}
OF_REVIEWERS = frozenset({BulkAction.PURPOSE, BulkAction.OWNER, BulkAction.RETIRE})
"""What changes the papers to come or who answers for an item needs the right to review."""
MOST_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True)
class BulkChange:
    """What to do. `value`: a tag, a purpose, the owner's id or the reason."""

    action: BulkAction
    value: str


@dataclass(frozen=True, slots=True)
class BulkLine:
    """What would change of one item."""

    item_id: UUID
    version_id: UUID | None
    code: str
    stem: str
    before: str | None
    after: str | None


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What would be done. `unchanged`: items that are so already; `refused`: codes of which nothing can be retired, or that
    are in work and keep their owner until that is decided."""

    change: BulkChange
    lines: tuple[BulkLine, ...]
    unchanged: int
    refused: tuple[str, ...]

    @property
    def mark(self) -> str:
        """Equal as long as the plan would do the same."""
        facts = [
            self.change.action,
            self.change.value,
            [[str(line.item_id), str(line.version_id), line.before, line.after] for line in self.lines],
        ]
        return hashlib.sha256(json.dumps(facts).encode()).hexdigest()
