"""What becomes of each part of a person's file when they are forgotten, for those who decide it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from lms.kit.errors import N_

GOES, WITHOUT_NAME, EXPIRES = N_("Xóa"), N_("Giữ, không còn tên"), N_("Giữ đến hết thời hạn lưu")

_GONE = frozenset(
    {
        "Hồ sơ",
        "Nghỉ, vắng có thời hạn",
        "Phiên đăng nhập",
        "Phiếu cấp tài khoản",
        "Khóa đăng nhập (passkey)",
        "Ứng dụng mã một lần",
        "Tài khoản định danh liên kết",
        "Yêu cầu về dữ liệu cá nhân",
    }
)
_EXPIRING = frozenset({"Nhật ký thao tác"})


@dataclass(frozen=True, slots=True)
class Fate:
    """A heading of the file, how many rows it has, and what becomes of them."""

    heading: str
    rows: int
    fate: str


def fates(sections: Iterable[tuple[str, int]]) -> list[Fate]:
    """Of (heading, how many rows) only what there is, in the order of the file."""
    return [Fate(heading, rows, _fate(heading)) for heading, rows in sections if rows]


def _fate(heading: str) -> str:
    if heading in _EXPIRING:
        return EXPIRES
    return GOES if heading in _GONE else WITHOUT_NAME
