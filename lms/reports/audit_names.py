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
    "reports.cancel_publication": _l("Bỏ hẹn công bố báo cáo"),
    "reports.remind_silent": _l("Nhắc các cơ quan chưa cho ý kiến về báo cáo"),
    "reports.tell_again": _l("Báo tin lại về báo cáo"),
    "reports.ask_letters": _l("Viết thư kết quả cho các cơ quan"),
    "reports.publish_report": _l("Công bố báo cáo"),
    "reports.withdraw_report": _l("Gỡ công bố báo cáo"),
    "reports.keep_signed": _l("Lưu bản đã ký của báo cáo"),
    "reports.seal": _l("Đóng dấu số của hệ thống lên báo cáo"),
    "reports.plan_report": _l("Đặt kế hoạch chốt và công bố kết quả"),
    "reports.add_webhook": _l("Thêm nơi nhận thông báo về báo cáo"),
    "reports.remove_webhook": _l("Bỏ nơi nhận thông báo về báo cáo"),
    "reports.pause_webhook": _l("Tạm dừng báo tin cho nơi nhận"),
    "reports.resume_webhook": _l("Báo tin tiếp cho nơi nhận"),
    "reports.rotate_webhook_secret": _l("Đổi khóa ký thông báo của nơi nhận"),
    "reports.replay_webhook": _l("Gửi lại thông báo về báo cáo"),
    "reports.replay_letter": _l("Gửi lại thư kết quả"),
    "reports.add_address": _l("Thêm địa chỉ nhận kết quả của cơ quan"),
    "reports.remove_address": _l("Bỏ địa chỉ nhận kết quả của cơ quan"),
    "reports.set_target": _l("Đặt hoặc sửa chỉ tiêu"),
    "reports.save_view": _l("Lưu bảng thống kê"),
    "reports.drop_view": _l("Bỏ bảng thống kê đã lưu"),
}
