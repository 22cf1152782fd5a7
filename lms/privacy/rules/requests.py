"""What a data subject may ask for, and by when it must be answered and done (Nghị định 356/2025/NĐ-CP)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import date
from enum import StrEnum

from lms.kit.errors import N_, DomainError
from lms.kit.vietnamese import clean

ANSWER_WORKING_DAYS = 2
LONGEST_TEXT = 2000


class RequestKind(StrEnum):
    CORRECTION = "correction"
    COPY = "copy"
    ERASURE = "erasure"
    # The service hides nothing by itself: what is restricted or stopped is done by hand, and the answer says what was done.
    RESTRICTION = "restriction"
    OBJECTION = "objection"


class RequestState(StrEnum):
    """`granted`: answered with yes, and still to be carried out."""

    OPEN = "open"
    GRANTED = "granted"
    DONE = "done"
    REFUSED = "refused"
    WITHDRAWN = "withdrawn"


PENDING = (RequestState.OPEN, RequestState.GRANTED)

# Days from receipt until what was asked is done, where nobody else has to be asked. One extension is possible.
COMPLETION_DAYS: Mapping[RequestKind, int] = {
    RequestKind.CORRECTION: 10,
    RequestKind.COPY: 10,
    RequestKind.ERASURE: 20,
    RequestKind.RESTRICTION: 15,
    RequestKind.OBJECTION: 15,
}

KIND_NAMES: Mapping[RequestKind, str] = {
    RequestKind.CORRECTION: N_("Đề nghị sửa thông tin"),
    RequestKind.COPY: N_("Yêu cầu cung cấp dữ liệu"),
    RequestKind.ERASURE: N_("Yêu cầu xóa dữ liệu"),
    RequestKind.RESTRICTION: N_("Yêu cầu hạn chế xử lý"),
    RequestKind.OBJECTION: N_("Phản đối xử lý"),
}

STATE_NAMES: Mapping[RequestState, tuple[str, str]] = {
    RequestState.OPEN: (N_("Chờ trả lời"), "due"),
    RequestState.GRANTED: (N_("Đã chấp nhận, đang thực hiện"), "active"),
    RequestState.DONE: (N_("Đã thực hiện"), "done"),
    RequestState.REFUSED: (N_("Không chấp nhận"), "failed"),
    RequestState.WITHDRAWN: (N_("Đã rút"), "closed"),
}

# What a correction may be about. An agency or post is changed by a transfer, not here: it has a history of its own.
FIELD_NAMES: Mapping[str, str] = {
    "full_name": N_("Họ và tên"),
    "birth_date": N_("Ngày sinh"),
    "sex": N_("Giới tính"),
    "email": N_("Thư điện tử"),
    "phone": N_("Điện thoại"),
    "identity_number": N_("Số CCCD"),
    "qualification": N_("Trình độ chuyên môn"),
    "it_qualification": N_("Trình độ tin học"),
    "other": N_("Nội dung khác (vị trí công tác, kết quả …)"),
}


def text_of(value: str, message: str, field: str) -> str:
    """Free text that must be there. Raises DomainError at the field."""
    text = clean(value)
    if not text:
        raise DomainError(message, code="missing", field=field)
    if len(text) > LONGEST_TEXT:
        raise DomainError(N_("Viết không quá %(most)s ký tự."), code="too_long", field=field, most=LONGEST_TEXT)
    return text


def check_proposal(field: str, proposed: str, read: Mapping[str, Callable[[str], object]]) -> None:
    """A correction names a known field, and a value that can be one. `read` are the fields' own readers, which raise ValueError."""
    if field not in FIELD_NAMES:
        raise DomainError(N_("Chưa chọn thông tin cần sửa."), code="unknown_field", field="field")
    if field in read:
        try:
            read[field](proposed)
        except ValueError as error:
            raise DomainError(N_("Giá trị đề nghị chưa đúng. Xem lại cách viết, ví dụ ngày 22/11/1985."), field="proposed") from error


def is_overdue(state: str, due_on: date, complete_by: date, today: date) -> bool:
    """Has the answer, or what was granted, been waited for too long?"""
    if state == RequestState.OPEN:
        return today > due_on
    return state == RequestState.GRANTED and today > complete_by
