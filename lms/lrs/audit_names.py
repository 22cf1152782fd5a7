"""How the audit calls what was done with the record store."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "lrs.add_target": _l("Thêm kho nhận phát biểu xAPI"),
    "lrs.change_target": _l("Đổi kho nhận phát biểu xAPI"),
    "lrs.export": _l("Xuất phát biểu xAPI ra tệp"),
    "lrs.import": _l("Nạp phát biểu xAPI từ tệp"),
    "lrs.pause_target": _l("Tạm dừng gửi phát biểu xAPI"),
    "lrs.remove_target": _l("Bỏ kho nhận phát biểu xAPI"),
    "lrs.replay_target": _l("Gửi lại phát biểu xAPI từ một ngày"),
    "lrs.resume_target": _l("Tiếp tục gửi phát biểu xAPI"),
    "lrs.retry_faults": _l("Gửi lại phát biểu xAPI bị kho ngoài từ chối"),
    "lrs.add_credential": _l("Cấp khóa kết nối xAPI"),
    "lrs.detach_partition": _l("Tách một tháng của kho xAPI ra lưu trữ"),
    "lrs.retry_entry": _l("Gửi lại bản ghi học tập"),
    "lrs.revoke_credential": _l("Thu hồi khóa kết nối xAPI"),
}
