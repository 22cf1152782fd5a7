"""How the audit calls what was done with reports."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "reports.build_report": _l("Chốt số liệu báo cáo"),
    "reports.open_consultation": _l("Lấy ý kiến các cơ quan về báo cáo"),
    "reports.end_consultation": _l("Kết thúc lấy ý kiến về báo cáo"),
    "reports.say_verdict": _l("Cơ quan cho ý kiến về báo cáo"),
    "reports.answer_objection": _l("Trả lời ý kiến của cơ quan về báo cáo"),
    "reports.approve_report": _l("Duyệt báo cáo"),
    "reports.take_back_approval": _l("Bỏ duyệt báo cáo"),
    "reports.schedule_publication": _l("Hẹn thời điểm công bố báo cáo"),
    "reports.publish_report": _l("Công bố báo cáo"),
    "reports.withdraw_report": _l("Gỡ công bố báo cáo"),
    "reports.keep_signed": _l("Lưu bản đã ký của báo cáo"),
    "reports.seal": _l("Đóng dấu số của hệ thống lên báo cáo"),
    "reports.plan_report": _l("Đặt kế hoạch chốt và công bố kết quả"),
}
