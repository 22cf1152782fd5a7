"""Who may look after the post."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {"mail.manage": frozenset({Role.SYSTEM, Role.DEPARTMENT})}
PROVINCE_WIDE = frozenset(PERMISSIONS)
PERMISSION_NAMES: Mapping[str, Any] = {"mail.manage": _l("Xem tình trạng thư nhắc và gửi lại thư lỗi")}
