"""Who may do what about personal data."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "privacy.own": frozenset({Role.LEARNER}),
    "privacy.answer": frozenset({Role.FOCAL_POINT, Role.DEPARTMENT}),
    "privacy.erase": frozenset({Role.DEPARTMENT}),
    "privacy.view_retention": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
}

PROVINCE_WIDE = frozenset({"privacy.erase", "privacy.view_retention"})

PERMISSION_NAMES: Mapping[str, Any] = {
    "privacy.own": _l("Xem, tải và yêu cầu về dữ liệu cá nhân của chính mình"),
    "privacy.answer": _l("Trả lời yêu cầu về dữ liệu cá nhân trong phạm vi"),
    "privacy.erase": _l("Xóa dữ liệu của một người, không khôi phục được"),
    "privacy.view_retention": _l("Xem thời hạn lưu và các lần dọn dữ liệu"),
}
