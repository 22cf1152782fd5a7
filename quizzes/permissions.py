"""Who may do what with questions, rounds and sittings."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from lms.kit.actors import Role

PERMISSIONS: Mapping[str, frozenset[Role]] = {
    "quizzes.sit": frozenset({Role.LEARNER}),  # and only one's own attempts; being on the round's list decides the rest
    "quizzes.manage_rounds": frozenset({Role.DEPARTMENT, Role.SYSTEM}),
    "quizzes.view_bank": frozenset({Role.AUTHOR, Role.DEPARTMENT}),
    "quizzes.mark_essays": frozenset({Role.AUTHOR, Role.DEPARTMENT}),  # never one's own answer
}

PROVINCE_WIDE = frozenset({"quizzes.manage_rounds"})

PERMISSION_NAMES: Mapping[str, Any] = {
    "quizzes.sit": _l("Làm bài kiểm tra và xem kết quả của chính mình"),
    "quizzes.manage_rounds": _l("Mở, đóng và theo dõi kỳ kiểm tra"),
    "quizzes.view_bank": _l("Xem ngân hàng câu hỏi cùng đáp án"),
    "quizzes.mark_essays": _l("Chấm bài tự luận"),
}
