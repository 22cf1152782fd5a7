"""How the audit calls what was done with reports."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "reports.build_report": _l("Chốt số liệu báo cáo"),
    "reports.publish_report": _l("Công bố báo cáo"),
}
