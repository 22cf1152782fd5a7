"""The roster sheet we offer to be filled in."""

from __future__ import annotations

from collections.abc import Callable

from lms.kit.errors import N_
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
