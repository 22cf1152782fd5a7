"""When an item may be ruled on, and what a ruling must say. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from lms.kit.errors import N_, Conflict, DomainError
from quizzes.kinds import KINDS, MARKED_BY_HAND
from quizzes.rules.marking import RulingKind

LONGEST_REASON = 2000


class RulingState(StrEnum):
    PROPOSED = "proposed"
    APPROVED = "approved"
    REFUSED = "refused"
    TAKEN_BACK = "taken_back"


RULING_STATE_NAMES = {
    RulingState.PROPOSED: (N_("Chờ duyệt"), "due"),
    RulingState.APPROVED: (N_("Đã duyệt"), "done"),
    RulingState.REFUSED: (N_("Không duyệt"), "failed"),
    RulingState.TAKEN_BACK: (N_("Người đề nghị đã rút"), "closed"),
}


@dataclass(frozen=True, slots=True)
class Proposal:
    """What somebody proposes about an item version. `round_id` None: in all rounds whose results are not locked."""

    item_version_id: UUID
    kind: RulingKind
    reason: str
    round_id: UUID | None = None
    key: Sequence[str] = ()
    legal_basis: str | None = None
    withdraws_id: UUID | None = None


def check_proposal(proposal: Proposal, item_kind: str, body: Mapping[str, Any], keys: Sequence[Sequence[str]]) -> None:
    """`keys` are those that hold now. Raises DomainError at the field."""
    if not proposal.reason:
        raise DomainError(N_("Chưa nêu lý do: người có bài thay đổi điểm sẽ đọc lý do này."), code="missing", field="reason")
    if len(proposal.reason) > LONGEST_REASON:
        raise DomainError(N_("Viết không quá %(most)s ký tự."), code="too_long", field="reason", most=LONGEST_REASON)
    if proposal.kind not in (RulingKind.NEW_KEY, RulingKind.ALSO_ACCEPT):
        return
    if item_kind in MARKED_BY_HAND:
        raise DomainError(N_("Câu tự luận do người chấm, không có đáp án để thay. Có thể hủy câu hoặc chấm lại bài."), field="kind")
    key = list(proposal.key)
    if not key or KINDS[item_kind].problems(dict(body), key):
        raise DomainError(N_("Đáp án mới chưa đầy đủ hoặc không hợp với loại câu hỏi."), code="bad_key", field="answer")
    if any(sorted(key) == sorted(known) for known in keys):
        raise DomainError(N_("Đáp án này đang được công nhận. Chọn đáp án khác."), code="same_key", field="answer")


def refuse_locked(rounds: Sequence[str]) -> None:
    """Raises Conflict naming the rounds whose results are locked, and the way on."""
    raise Conflict(
        N_("Kết quả của kỳ %(rounds)s đã khóa. Mở khóa kết quả của kỳ đó (trang của kỳ kiểm tra), ra quyết định, rồi khóa lại."),
        code="round_locked",
        rounds=", ".join(rounds),
    )
