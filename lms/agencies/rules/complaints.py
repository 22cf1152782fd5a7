"""Why an event cannot be, said at the row of the file that asks for it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from uuid import UUID

from lms.agencies.rules.event_sheet import EventRow
from lms.agencies.rules.replay import Fault
from lms.agencies.rules.sheet import AgencyLine
from lms.kit.errors import N_


@dataclass(frozen=True, slots=True)
class Complaint:
    """`columns`: where it is told on a line about an agency, and on a row about an event."""

    message: str
    summary: str
    values: Mapping[str, str | int]
    columns: tuple[str, str]

    def column_of(self, line: AgencyLine | EventRow) -> str:
        return self.columns[0] if isinstance(line, AgencyLine) else self.columns[1]


_ASKED: Mapping[str, tuple[str, str, tuple[str, str]]] = {
    "agency_missing": (
        N_("Đơn vị %(agency)s chưa tồn tại vào ngày %(day)s"),
        N_("Sửa ngày hiệu lực"),
        ("valid_from", "on"),
    ),
    "agency_ended": (
        N_("Đơn vị %(agency)s đã kết thúc trước hoặc trong ngày %(day)s"),
        N_("Sửa ngày hiệu lực"),
        ("valid_from", "on"),
    ),
    "already_exists": (N_("Đơn vị %(agency)s đã có"), N_("Sửa mã đơn vị trùng"), ("code", "after")),
    "merge_into_itself": (
        N_("Không thể sáp nhập, chia tách một đơn vị vào chính nó"),
        N_("Chọn đơn vị tiếp nhận khác"),
        ("code", "after"),
    ),
    "nobody_to_merge": (
        N_("Sự kiện không nêu đơn vị trước, hoặc nêu một đơn vị hai lần"),
        N_("Sửa mã đơn vị trước"),
        ("code", "before"),
    ),
    "ends_at_birth": (
        N_("Đơn vị %(agency)s bắt đầu đúng ngày %(day)s nên không thể kết thúc trong ngày đó"),
        N_("Sửa ngày hiệu lực"),
        ("valid_from", "on"),
    ),
    "has_children": (
        N_("Còn đơn vị trực thuộc: %(others)s. Chuyển hoặc giải thể các đơn vị này trong cùng ngày hoặc trước đó"),
        N_("Chuyển các đơn vị trực thuộc trước"),
        ("code", "before"),
    ),
    "not_a_child": (
        N_("Đơn vị %(agency)s không trực thuộc đơn vị của sự kiện này vào ngày %(day)s"),
        N_("Sửa các dòng chuyển đơn vị trực thuộc"),
        ("parent_code", "before"),
    ),
    "cycle": (
        N_("Vòng lặp: từ ngày %(day)s đơn vị này nằm dưới chính nó, qua %(others)s"),
        N_("Sửa mã đơn vị chủ quản tạo vòng lặp"),
        ("parent_code", "parent_code"),
    ),
    "parent_missing": (
        N_("Đơn vị chủ quản %(others)s không tồn tại vào ngày %(day)s"),
        N_("Sửa ngày hiệu lực hoặc đơn vị chủ quản"),
        ("parent_code", "parent_code"),
    ),
    "code_taken": (
        N_("Mã %(code)s từ ngày %(day)s đã thuộc %(others)s"),
        N_("Sửa mã đơn vị trùng"),
        ("code", "after"),
    ),
    "shares": (
        N_("Tỷ lệ của các phần cộng lại không được quá 1, và mỗi phần là một đơn vị khác nhau"),
        N_("Sửa tỷ lệ"),
        ("code", "share"),
    ),
}
_STORED = (
    N_("Dòng này làm cho một sự kiện đã ghi ngày %(day)s của %(agency)s không còn thực hiện được"),
    N_("Điều chỉnh sự kiện đã ghi trước"),
    ("code", "event"),
)


def complaint_of(fault: Fault, label: Callable[[UUID], str], *, own: bool) -> Complaint:
    """`own`: the fault lies with an event that the file asks for, not with one that is stored."""
    message, summary, columns = _ASKED[fault.kind] if own else _STORED
    others = [label(other) for other in fault.others]
    if fault.kind == "cycle":
        others = [*others[1:], *others[:1]]
    values = {
        "agency": label(fault.agency),
        "day": f"{fault.on:%d/%m/%Y}",
        "others": (" → " if fault.kind == "cycle" else ", ").join(others[:8]),
        "code": fault.code,
    }
    return Complaint(message, summary, {key: value for key, value in values.items() if f"%({key})s" in message}, columns)
