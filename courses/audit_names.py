"""How the audit calls what was done with courses."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "courses.enrol": _l("Ghi danh khóa học"),
    "courses.load_course": _l("Nạp khóa học"),
}
