"""The roster sheet we offer to be filled in, and the list of what an import changed."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any
from uuid import UUID

from sqlalchemy.orm import Session

from lms.accounts.operations.roster_changes import Change, kept_changes
from lms.accounts.queries.roster import agency_names, people_named
from lms.accounts.rules.people import masked, shown_phone
from lms.kit.errors import N_
from lms.kit.secrets import Vault, vault_of
from lms.kit.sheets import Column, table_workbook

COLUMNS = (
    Column("STT", 6, "integer"),
    Column("Mã cán bộ", 12),
    Column("Họ và tên", 26),
    Column("Ngày sinh", 13, "date"),
    Column("Giới tính", 9),
    Column("Đơn vị công tác", 36),
    Column("Mã đơn vị", 12),
    Column("Chức vụ", 24),
    Column("Nhóm đối tượng", 10),
    Column("Công tác CNTT", 15),
    Column("Trình độ chuyên môn", 12),
    Column("Trình độ tin học", 12),
    Column("Số CCCD", 16),
    Column("Điện thoại", 14),
    Column("Email", 28),
)


def template_workbook(translate: Callable[[str], str]) -> bytes:
    """An empty roster with every column the import knows."""
    hint = translate(
        N_("Bắt buộc có họ tên và đơn vị. Số CCCD và điện thoại để dạng văn bản. Không cần cột dân tộc, tôn giáo, đảng viên, quê quán.")
    )
    return table_workbook(COLUMNS, [], sheet_name="Danh sách", title="DANH SÁCH CÁN BỘ, CÔNG CHỨC, VIÊN CHỨC", preamble=[hint])


_OUTCOMES = {"new": N_("Thêm mới"), "changed": N_("Cập nhật"), "moved": N_("Chuyển đơn vị"), "left": N_("Rời đơn vị")}
_FIELDS = {
    "full_name": N_("Họ và tên"),
    "staff_code": N_("Mã cán bộ"),
    "birth_date": N_("Ngày sinh"),
    "birth_year": N_("Năm sinh"),
    "sex": N_("Giới tính"),
    "email": N_("Email"),
    "phone_sealed": N_("Điện thoại"),
    "identity_sealed": N_("Số CCCD"),
    "qualification": N_("Trình độ chuyên môn"),
    "it_qualification": N_("Trình độ tin học"),
    "it_major": N_("Chuyên ngành CNTT"),
    "agency_id": N_("Đơn vị công tác"),
    "group_code": N_("Nhóm đối tượng"),
    "job_title": N_("Chức vụ"),
    "it_duty": N_("Công tác CNTT"),
    "absence": N_("Vắng mặt"),
}
_CHANGE_COLUMNS = (
    Column("Trang tính", 16),
    Column("Dòng", 8, "integer"),
    Column("Mã cán bộ", 12),
    Column("Họ và tên", 26),
    Column("Việc", 15),
    Column("Thông tin", 22),
    Column("Trước", 30),
    Column("Sau", 30),
)


def changes_workbook(session: Session, run_id: UUID, file_name: str, translate: Callable[[str], str]) -> bytes:
    """Every value an import changed, as it was before and after; numbers are masked."""
    agencies = agency_names(session)
    rows = (row for changes in kept_changes(session, run_id) for row in _change_rows(session, changes, agencies, translate))
    title = f"{translate(N_('Những gì đã thay đổi khi nhập tệp'))} {file_name}"
    return table_workbook(_CHANGE_COLUMNS, rows, sheet_name="Thay đổi", title=title)


def _change_rows(
    session: Session, changes: list[Change], agencies: Mapping[str, str], translate: Callable[[str], str]
) -> Iterator[tuple[object, ...]]:
    names = people_named(session, [change.person_id for change in changes])
    for change in changes:
        name, code = names.get(change.person_id, ("", ""))
        start = (change.sheet, change.row or None, code, name, translate(_OUTCOMES[change.outcome]))
        told = False
        for field, before, after in _differences(change, agencies, vault_of(session)):
            told = True
            yield (*start, translate(_FIELDS[field]), before, after)
        if not told:
            yield (*start, None, None, None)


def _differences(change: Change, agencies: Mapping[str, str], keys: Vault) -> Iterator[tuple[str, str | None, str | None]]:
    for field in _FIELDS:
        if field in change.after:
            yield field, _shown(field, change.before.get(field), agencies, keys), _shown(field, change.after[field], agencies, keys)
    before, after = _post(change.rows_before, change.rows_after), _post(change.rows_after, change.rows_before)
    for field in _FIELDS:
        if field in {**before, **after} and before.get(field) != after.get(field):
            yield field, _shown(field, before.get(field), agencies, keys), _shown(field, after.get(field), agencies, keys)


def _post(rows: Mapping[str, Any], other: Mapping[str, Any]) -> Mapping[str, Any]:
    """The latest of the posts that are not the same on the other side and are primary; one that was only ended counts as before."""
    posts = [row for key, row in rows.get("posting", {}).items() if row["is_primary"] and other.get("posting", {}).get(key) != row]
    latest: Mapping[str, Any] = max(posts, key=lambda row: row["valid_from"], default={})
    ended = latest and latest["id"] in other.get("posting", {}) and latest["valid_to"] < other["posting"][latest["id"]]["valid_to"]
    return {} if ended else latest


def _shown(field: str, value: Any, agencies: Mapping[str, str], keys: Vault) -> str | None:
    if value is None:
        return None
    if field == "identity_sealed":
        return masked(keys.unseal(value))
    if field == "phone_sealed":
        return shown_phone(keys.unseal(value))
    return agencies.get(str(value), str(value)) if field == "agency_id" else str(value)
