"""How the audit calls what was done with questions, rounds and attempts."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

AUDIT_NAMES: Mapping[str, Any] = {
    "quizzes.assemble_forms": _l("Lập đề kiểm tra"),
    "quizzes.close_round": _l("Đóng đợt kiểm tra"),
    "quizzes.create_round": _l("Tạo đợt kiểm tra"),
    "quizzes.mark_essay": _l("Chấm bài tự luận"),
    "quizzes.finish_marking": _l("Chấm xong bài kiểm tra có câu tự luận"),
    "quizzes.expire_attempt": _l("Tự động nộp khi hết giờ"),
    "quizzes.import_items": _l("Nhập câu hỏi"),
    "quizzes.save_draft": _l("Soạn câu hỏi"),
    "quizzes.open_round": _l("Mở đợt kiểm tra"),
    "quizzes.record_sittings": _l("Ghi kết quả các kỳ trước"),
    "quizzes.start_attempt": _l("Bắt đầu làm bài"),
    "quizzes.submit_attempt": _l("Nộp bài"),
    "quizzes.take_over": _l("Làm tiếp trên thiết bị khác"),
    "round_state=draft": _l("đang chuẩn bị"),
    "round_state=open": _l("đang mở"),
    "round_state=closed": _l("đã đóng"),
}
