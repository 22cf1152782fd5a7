"""What does not fit, in words: which agency, on which day, and what to do. An event already stored that would no longer fit is named."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from datetime import date
from uuid import UUID

from lms.agencies.rules.events import Event, foundings
from lms.agencies.rules.replay import Fault, Tree
from lms.kit.errors import N_, Conflict, DomainError

# What is wrong with the event that is asked for.
_ASKED: Mapping[str, str] = {
    "agency_missing": N_("%(agency)s không tồn tại vào ngày %(day)s. Chọn ngày khác."),
    "agency_ended": N_("%(agency)s đã kết thúc trước hoặc trong ngày %(day)s. Chọn ngày khác."),
    "already_exists": N_("%(agency)s đã được thành lập trong một sự kiện khác. Dùng sự kiện khác hoặc điều chỉnh sự kiện đó."),
    "merge_into_itself": N_("Không thể sáp nhập, hợp nhất hay chia tách %(agency)s thành chính nó. Chọn đơn vị tiếp nhận khác."),
    "nobody_to_merge": N_("Danh sách đơn vị kết thúc trống hoặc có đơn vị lặp lại. Chọn lại các đơn vị."),
    "ends_at_birth": N_("%(agency)s được thành lập đúng ngày %(day)s nên không thể kết thúc trong ngày đó. Chọn ngày sau."),
    "has_children": N_("Còn đơn vị trực thuộc: %(others)s. Chuyển hoặc giải thể các đơn vị này trước."),
    "not_a_child": N_("%(agency)s không trực thuộc đơn vị kết thúc (%(others)s) vào ngày %(day)s. Kiểm tra danh sách đơn vị trực thuộc."),
    "cycle": N_("Từ ngày %(day)s đơn vị nằm dưới chính nó: %(others)s. Chọn đơn vị chủ quản khác."),
    "parent_missing": N_("Đơn vị chủ quản %(others)s không tồn tại vào ngày %(day)s. Chọn ngày hoặc đơn vị khác."),
    "code_taken": N_("Mã đơn vị %(borne)s đã thuộc %(others)s. Kiểm tra lại mã."),
    "shares": N_("Các phần chia của %(agency)s bị lặp hoặc tổng tỷ lệ vượt quá 100%%. Kiểm tra lại."),
}
# What would be wrong with one that is stored.
_STORED: Mapping[str, str] = {
    "agency_missing": N_(
        "Sự kiện đã ghi ngày %(day)s cần %(agency)s, khi đó sẽ chưa tồn tại. Điều chỉnh hoặc rút sự kiện đó trước, hoặc chọn ngày khác."
    ),
    "agency_ended": N_(
        "Sự kiện đã ghi ngày %(day)s cần %(agency)s, khi đó sẽ đã kết thúc. Điều chỉnh hoặc rút sự kiện đó trước, hoặc chọn ngày khác."
    ),
    "parent_missing": N_(
        "Sự kiện đã ghi ngày %(day)s đặt %(agency)s dưới %(others)s, khi đó sẽ không tồn tại. Điều chỉnh hoặc rút sự kiện đó trước."
    ),
    "has_children": N_("Sự kiện đã ghi ngày %(day)s giải thể %(agency)s, khi đó sẽ còn đơn vị trực thuộc: %(others)s. Điều chỉnh trước."),
    "cycle": N_("Cùng sự kiện đã ghi ngày %(day)s, đơn vị sẽ nằm dưới chính nó: %(others)s. Điều chỉnh sự kiện đó trước."),
    "code_taken": N_("Mã %(borne)s của %(agency)s từ ngày %(day)s sẽ trùng với %(others)s. Điều chỉnh sự kiện ghi mã đó trước."),
    "not_a_child": N_("Sự kiện đã ghi ngày %(day)s chuyển %(agency)s khỏi %(others)s, khi đó sẽ không trực thuộc. Điều chỉnh trước."),
}
_OTHERWISE = N_("Sự kiện đã ghi ngày %(day)s của %(agency)s sẽ không còn thực hiện được. Điều chỉnh hoặc rút sự kiện đó trước.")
_CODES = {"agency_ended": "agency_missing"}
_FIELDS = {
    "agency_missing": "on",
    "agency_ended": "on",
    "ends_at_birth": "on",
    "merge_into_itself": "into",
    "nobody_to_merge": "agencies",
    "cycle": "parent",
    "parent_missing": "parent",
    "code_taken": "code",
    "not_a_child": "children",
    "shares": "parts",
}
_LONGEST_LIST = 5


class Names:
    """What agencies are called, from the trees at hand and from events that could not be."""

    def __init__(self, trees: Iterable[Tree], events: Iterable[Event] = ()) -> None:
        self.trees = list(trees)
        self.founded = {founding.agency: founding.name for event in events for founding in foundings(event.details)}

    def on(self, agency: UUID, day: date) -> str:
        """The name on a day, the last before it, or else the first."""
        for tree in self.trees:
            versions = tree.versions.get(agency, ())
            begun = [version.name for version in versions if version.valid_from <= day]
            if versions:
                return begun[-1] if begun else versions[0].name
        return self.founded.get(agency, str(agency))


def refusal_of(fault: Fault, names: Names, asked: Collection[UUID]) -> DomainError:
    """The refusal of a change. `asked` are the ids of the events that were to be recorded."""
    own = fault.event in asked
    message = _ASKED[fault.kind] if own else _STORED.get(fault.kind, _OTHERWISE)
    others = [names.on(other, fault.on) for other in fault.others]
    if fault.kind == "cycle":
        others.append(names.on(fault.agency, fault.on))
    elif fault.kind == "has_children":
        others = sorted(others)[:_LONGEST_LIST]
    return (Conflict if fault.kind == "code_taken" else DomainError)(
        message,
        code=_CODES.get(fault.kind, fault.kind) if own else "stored_event",
        field=_FIELDS.get(fault.kind) if own else None,
        agency=names.on(fault.agency, fault.on),
        day=f"{fault.on:%d/%m/%Y}",
        others=(" → " if fault.kind == "cycle" else ", ").join(others),
        borne=fault.code,
        event=str(fault.event),
    )
