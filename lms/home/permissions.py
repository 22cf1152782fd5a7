"""Who sees the first page, and who has something to manage."""

from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: dict[str, frozenset[Role]] = {
    "home.view": frozenset(Role),
    "home.manage": frozenset(Role) - {Role.LEARNER},  # the page lists only what the one who looks may open
}

PERMISSION_NAMES: dict[str, Any] = {
    "home.view": _l("Xem trang việc của mình"),
    "home.manage": _l("Mở trang quản lý"),
}
