"""The way of a version from its author's desk into the bank. Pure.

draft → in_review → approved → retired. The author may take a version back while it waits; a reviewer, who is never its author,
approves it or sends it back with remarks; a draft nobody wants any more is discarded.
"""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from lms.kit.errors import N_
from quizzes.rules.bank import ItemState


class ReviewAction(StrEnum):
    SUBMITTED = "submitted"
    WITHDRAWN = "withdrawn"
    SENT_BACK = "sent_back"
    APPROVED = "approved"
    RETIRED = "retired"
    DISCARDED = "discarded"


ACTION_NAMES = {
    ReviewAction.SUBMITTED: N_("Gửi thẩm định"),
    ReviewAction.WITHDRAWN: N_("Tác giả rút về"),
    ReviewAction.SENT_BACK: N_("Trả lại kèm nhận xét"),
    ReviewAction.APPROVED: N_("Duyệt"),
    ReviewAction.RETIRED: N_("Ngừng dùng"),
    ReviewAction.DISCARDED: N_("Bỏ bản nháp"),
}
LEADS_TO = {
    ReviewAction.SUBMITTED: ItemState.IN_REVIEW,
    ReviewAction.WITHDRAWN: ItemState.DRAFT,
    ReviewAction.SENT_BACK: ItemState.DRAFT,
    ReviewAction.APPROVED: ItemState.APPROVED,
    ReviewAction.RETIRED: ItemState.RETIRED,
    ReviewAction.DISCARDED: ItemState.RETIRED,
}
BY_AUTHOR = frozenset({ReviewAction.SUBMITTED, ReviewAction.WITHDRAWN, ReviewAction.DISCARDED})
LONGEST_REMARK = 4_000


def writes(person_id: UUID | None, author_id: UUID | None, owner_id: UUID | None) -> bool:
    """May this person go on with a version in work: its author, or who owns the item? A command (nobody) always may."""
    return person_id is None or person_id in (author_id, owner_id)


def may_review(person_id: UUID | None, author_id: UUID | None, owner_id: UUID | None) -> bool:
    """Four eyes: neither who wrote a version nor who owns its item reviews it. A command (nobody) reviews nothing."""
    return person_id is not None and person_id not in (author_id, owner_id)
