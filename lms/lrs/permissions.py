"""Who may look into the record store, and who may act on it. Outside programs have credentials with scopes instead."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "lrs.view": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
    "lrs.manage": frozenset({Role.SYSTEM}),
    "lrs.own": frozenset(Role),
}

PROVINCE_WIDE = frozenset({"lrs.view", "lrs.manage"})

PERMISSION_NAMES: dict[str, Any] = {
    "lrs.own": _l("Cho học liệu ghi việc học của chính mình"),
    "lrs.view": _l("Xem kho dữ liệu học tập xAPI"),
    "lrs.manage": _l("Cấp khóa xAPI, gửi phát biểu ra ngoài, xử lý phát biểu chưa lưu được"),
}
