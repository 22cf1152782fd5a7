"""Who may do what with questions, rounds and sittings."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "quizzes.sit": frozenset({Role.LEARNER}),  # and only one's own attempts; being on the round's list decides the rest
    "quizzes.manage_rounds": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
    "quizzes.view_statistics": frozenset({Role.AUTHOR, Role.DEPARTMENT}),  # of items and tests, never of people
    "quizzes.propose_exclusions": frozenset({Role.FOCAL_POINT, Role.DEPARTMENT}),  # for people of one's own agencies
    "quizzes.grant_accommodations": frozenset({Role.DEPARTMENT}),
    "quizzes.invigilate": frozenset({Role.FOCAL_POINT, Role.DEPARTMENT}),
    "quizzes.decide_late": frozenset({Role.DEPARTMENT}),  # never one's own
    "quizzes.view_signals": frozenset({Role.DEPARTMENT}),  # and every look at people's names is noted
    "quizzes.view_provenance": frozenset({Role.AUTHOR, Role.DEPARTMENT}),  # authors without names; every look is noted
    "quizzes.view_bank": frozenset({Role.AUTHOR, Role.DEPARTMENT}),
    "quizzes.write_items": frozenset({Role.AUTHOR}),
    "quizzes.import_items": frozenset({Role.AUTHOR, Role.DEPARTMENT}),  # into the bank at once only for those who review
    "quizzes.review_items": frozenset({Role.DEPARTMENT}),  # never what one wrote or answers for oneself
    "quizzes.rule_on_items": frozenset({Role.DEPARTMENT}),  # one proposes, another decides
    "quizzes.handle_reports": frozenset({Role.AUTHOR, Role.DEPARTMENT}),  # never says who reported
    "quizzes.mark_essays": frozenset({Role.AUTHOR, Role.DEPARTMENT}),  # never one's own answer
}

PROVINCE_WIDE = frozenset(
    {
        "quizzes.mark_essays",
        "quizzes.decide_late",
        "quizzes.view_signals",
        "quizzes.view_provenance",
        "quizzes.view_bank",
        "quizzes.write_items",
        "quizzes.import_items",
        "quizzes.review_items",
        "quizzes.manage_rounds",
        "quizzes.view_statistics",
        "quizzes.grant_accommodations",
        "quizzes.rule_on_items",
    }
)

PERMISSION_NAMES: Mapping[str, Any] = {
    "quizzes.view_statistics": _l("Xem số liệu của câu hỏi và kỳ kiểm tra (không có tên người)"),
    "quizzes.sit": _l("Làm bài kiểm tra, xem kết quả và phúc khảo bài của chính mình"),
    "quizzes.manage_rounds": _l("Lập, mở, đóng, khóa và theo dõi kỳ kiểm tra"),
    "quizzes.propose_exclusions": _l("Xem danh sách kiểm tra của đơn vị, đề nghị miễn, hoãn"),
    "quizzes.rule_on_items": _l("Ra quyết định về câu hỏi đã thi, giải quyết phúc khảo"),
    "quizzes.handle_reports": _l("Xem và trả lời báo lỗi câu hỏi"),
    "quizzes.grant_accommodations": _l("Cho thêm thời gian, thêm lượt, bắt đầu muộn hơn"),
    "quizzes.invigilate": _l("Coi thi: mở ca, theo dõi phòng thi, nạp tệp bài làm"),
    "quizzes.decide_late": _l("Duyệt câu trả lời đến muộn"),
    "quizzes.view_signals": _l("Xem dấu hiệu bất thường của bài làm"),
    "quizzes.view_provenance": _l("Xem một kết quả được chấm từ bài, đề, câu hỏi và đáp án nào"),
    "quizzes.view_bank": _l("Xem ngân hàng câu hỏi cùng đáp án; gắn nhãn, ghi các câu không đặt chung một đề"),
    "quizzes.write_items": _l("Soạn câu hỏi và gửi thẩm định"),
    "quizzes.import_items": _l("Nhập câu hỏi từ tệp, xuất câu hỏi ra tệp"),
    "quizzes.review_items": _l("Thẩm định câu hỏi của người khác, ngừng dùng câu hỏi"),
    "quizzes.mark_essays": _l("Chấm bài tự luận"),
}
