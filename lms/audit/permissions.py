"""Who may read what everybody did."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {"audit.view": frozenset({Role.DEPARTMENT, Role.SYSTEM})}

PROVINCE_WIDE = frozenset({"audit.view"})  # an entry belongs to no agency

PERMISSION_NAMES: Mapping[str, Any] = {"audit.view": _l("Xem, tìm và xuất nhật ký hệ thống")}
