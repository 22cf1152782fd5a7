"""Who may see and change the agency tree."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "agencies.view": frozenset({Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT, Role.SYSTEM}),
    "agencies.manage": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
}

PROVINCE_WIDE = frozenset({"agencies.manage"})

PERMISSION_NAMES: Mapping[str, Any] = {
    "agencies.view": _l("Xem cây đơn vị trong phạm vi"),
    "agencies.manage": _l("Nhập và thay đổi cây đơn vị"),
}
