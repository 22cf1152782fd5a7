"""How the audit calls what was done with the record store."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "lrs.add_credential": _l("Cấp khóa kết nối xAPI"),
    "lrs.retry_entry": _l("Gửi lại bản ghi học tập"),
    "lrs.revoke_credential": _l("Thu hồi khóa kết nối xAPI"),
}
