"""How the audit calls what was done with agencies."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "agencies.abolish": _l("Giải thể cơ quan"),
    "agencies.consolidate": _l("Hợp nhất cơ quan"),
    "agencies.correct_event": _l("Đính chính sự kiện tổ chức"),
    "agencies.establish": _l("Thành lập cơ quan"),
    "agencies.import": _l("Nhập cây đơn vị"),
    "agencies.merge": _l("Sáp nhập cơ quan"),
    "agencies.move": _l("Chuyển cơ quan chủ quản"),
    "agencies.rebuild": _l("Dựng lại cây đơn vị từ các sự kiện"),
    "agencies.recode": _l("Đổi mã cơ quan"),
    "agencies.rename": _l("Đổi tên cơ quan"),
    "agencies.revise": _l("Sửa thông tin cơ quan"),
    "agencies.split": _l("Chia tách cơ quan"),
    "agencies.withdraw_event": _l("Thu hồi sự kiện tổ chức"),
    "agencies.withdraw_import": _l("Hoàn tác nhập cây đơn vị"),
}
