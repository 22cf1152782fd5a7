"""Who may read and who may freeze and publish results."""

from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role
from lms.reports.queries.deciders import DECIDING

PERMISSIONS: dict[str, frozenset[Role]] = {
    "reports.view": frozenset({Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT, Role.SYSTEM}),
    "reports.respond": frozenset({Role.FOCAL_POINT, Role.HEAD}),
    "reports.publish": DECIDING,
    "reports.contacts": frozenset({Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT, Role.SYSTEM}),
    "reports.set_targets": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
}

PROVINCE_WIDE = frozenset({"reports.publish", "reports.set_targets"})

PERMISSION_NAMES: dict[str, Any] = {
    "reports.view": _l("Xem kết quả và thống kê trong phạm vi"),
    "reports.respond": _l("Cho ý kiến về dự thảo kết quả của cơ quan"),
    "reports.publish": _l("Chốt và công bố kết quả"),
    "reports.contacts": _l("Giữ địa chỉ nhận kết quả của cơ quan"),
    "reports.set_targets": _l("Đặt và sửa chỉ tiêu"),
}
