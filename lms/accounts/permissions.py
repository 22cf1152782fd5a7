"""Who may do what with people, accounts and roles; and what the roles are called."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

ROLE_NAMES: Mapping[Role, Any] = {
    Role.LEARNER: _l("Học viên"),
    Role.FOCAL_POINT: _l("Đầu mối phụ trách"),
    Role.HEAD: _l("Thủ trưởng đơn vị"),
    Role.AUTHOR: _l("Người biên soạn"),
    Role.DEPARTMENT: _l("Cơ quan chủ trì"),
    Role.SYSTEM: _l("Quản trị hệ thống"),
}

EVERYONE = frozenset({Role.LEARNER})  # each activated person is a learner besides all else
ORGANISERS = frozenset({Role.DEPARTMENT, Role.SYSTEM})

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "accounts.own": EVERYONE,
    "accounts.view_people": ORGANISERS | {Role.FOCAL_POINT, Role.HEAD},
    "accounts.issue_slips": ORGANISERS | {Role.FOCAL_POINT},
    "accounts.reset_second_factor": ORGANISERS,
    "accounts.edit_people": ORGANISERS | {Role.FOCAL_POINT},
    "accounts.transfer_people": ORGANISERS | {Role.FOCAL_POINT},
    "accounts.merge_people": ORGANISERS,
    "accounts.manage_groups": ORGANISERS,
    "accounts.import_roster": ORGANISERS,
    "accounts.grant_roles": ORGANISERS,
    "accounts.review_roles": ORGANISERS,
    "accounts.delegate": frozenset({Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT}),
    "accounts.view_permissions": ORGANISERS,
}

PROVINCE_WIDE = frozenset({"accounts.import_roster", "accounts.merge_people", "accounts.manage_groups"})

PERMISSION_NAMES: Mapping[str, Any] = {
    "accounts.own": _l("Xem và sửa tài khoản của chính mình"),
    "accounts.view_people": _l("Xem danh sách cán bộ trong phạm vi"),
    "accounts.issue_slips": _l("Cấp phiếu tài khoản và cấp lại mật khẩu"),
    "accounts.reset_second_factor": _l("Gỡ xác thực hai lớp của người mất điện thoại"),
    "accounts.edit_people": _l("Thêm, sửa cán bộ và vị trí công tác trong phạm vi"),
    "accounts.transfer_people": _l("Báo người không thuộc đơn vị, nhận người về"),
    "accounts.merge_people": _l("Gộp hồ sơ trùng"),
    "accounts.manage_groups": _l("Sửa danh mục nhóm đối tượng"),
    "accounts.import_roster": _l("Nhập danh sách cán bộ từ tệp"),
    "accounts.grant_roles": _l("Giao và thu hồi vai trò"),
    "accounts.review_roles": _l("Rà soát vai trò sáu tháng một lần"),
    "accounts.delegate": _l("Ủy quyền vai trò đang giữ cho người khác có thời hạn"),
    "accounts.view_permissions": _l("Xem bảng phân quyền"),
}
