"""Requests by which agencies hand people over to one another."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from lms.kit.errors import N_, DomainError

FARTHEST = timedelta(days=366)


class Kind(StrEnum):
    NOT_OURS = "not_ours"
    CLAIM = "claim"


class State(StrEnum):
    PENDING = "pending"
    APPROVED = "approved"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"
    CLOSED = "closed"  # overtaken by events


KIND_NAMES: Mapping[Kind, str] = {Kind.NOT_OURS: N_("Không thuộc đơn vị"), Kind.CLAIM: N_("Nhận người về")}

STATE_NAMES: Mapping[State, str] = {
    State.PENDING: N_("Chờ duyệt"),
    State.APPROVED: N_("Đã duyệt"),
    State.REFUSED: N_("Không duyệt"),
    State.WITHDRAWN: N_("Đã rút"),
    State.CLOSED: N_("Đã đóng"),
}


def asking_agency(kind: str, from_agency: UUID | None, to_agency: UUID | None) -> UUID | None:
    """Whose focal point asked, and may withdraw."""
    return to_agency if kind == Kind.CLAIM else from_agency


def deciding_agency(kind: str, from_agency: UUID | None, to_agency: UUID | None) -> UUID | None:
    """Whose focal point decides; None: the department."""
    return from_agency if kind == Kind.CLAIM else to_agency


def check_day(on: date, held_since: date | None, today: date) -> None:
    """Raises DomainError for a day on which the person cannot have moved: before the present post began, or a year ahead."""
    if held_since is not None and on <= held_since:
        raise DomainError(
            N_("Người này giữ vị trí hiện nay từ ngày %(day)s; ngày chuyển phải sau ngày đó."),
            code="before_post",
            field="on",
            day=f"{held_since:%d/%m/%Y}",
        )
    if on > today + FARTHEST:
        raise DomainError(N_("Ngày chuyển không được quá một năm kể từ hôm nay."), code="too_far", field="on")
