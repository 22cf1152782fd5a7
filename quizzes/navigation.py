"""Where the pages of this feature are found."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l

from lms.feature import NavigationItem, Section
from quizzes.queries import appeals as appeal_queries
from quizzes.queries import item_reports as report_queries
from quizzes.queries import rulings as ruling_queries
from quizzes.queries.audience import all_waiting_proposals
from quizzes.queries.essays import essays_waiting
from quizzes.queries.late import count_waiting
from quizzes.queries.review import waiting_count

NAVIGATION = (
    NavigationItem(label=_l("Kiểm tra"), endpoint="rounds.index", permission="quizzes.sit", order=30),
    NavigationItem.managing(
        Section.TESTS,
        _l("Điều kiện riêng"),
        "accommodations.index",
        "quizzes.grant_accommodations",
        about=_l("Thêm thời gian, thêm lượt, bắt đầu muộn hơn cho từng người."),
        order=45,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Kỳ kiểm tra"),
        "manage_rounds.rounds",
        "quizzes.manage_rounds",
        about=_l("Mở, theo dõi và đóng kỳ kiểm tra của quý."),
        order=40,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Quyết định về câu hỏi"),
        "manage_rulings.index",
        "quizzes.rule_on_items",
        about=_l("Đổi đáp án, công nhận thêm hoặc hủy câu đã thi; xem trước bài và số liệu thay đổi."),
        order=76,
        waiting=lambda session, scope, at: ruling_queries.count_waiting(session),
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Phúc khảo"),
        "manage_appeals.index",
        "quizzes.rule_on_items",
        about=_l("Đơn đề nghị xem lại điểm, hạn trả lời và nhật ký bài làm."),
        order=77,
        waiting=lambda session, scope, at: appeal_queries.count_waiting(session),
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Báo lỗi câu hỏi"),
        "manage_reports.index",
        "quizzes.handle_reports",
        about=_l("Câu mà người làm bài báo là sai, khó hiểu hoặc đã cũ."),
        order=78,
        waiting=lambda session, scope, at: report_queries.count_waiting(session),
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Danh sách thuộc diện kiểm tra"),
        "round_people.index",
        "quizzes.propose_exclusions",
        about=_l("Ai phải kiểm tra, ai được miễn hoặc hoãn và vì sao."),
        order=42,
        waiting=all_waiting_proposals,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Ngân hàng câu hỏi"),
        "manage_questions.questions",
        "quizzes.view_bank",
        about=_l("Tìm, soạn, so sánh câu hỏi cùng đáp án, giải thích và căn cứ."),
        order=72,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Thẩm định câu hỏi"),
        "manage_reviews.queue",
        "quizzes.review_items",
        about=_l("Duyệt hoặc trả lại câu hỏi mới, không thấy tên tác giả."),
        order=74,
        waiting=waiting_count,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Coi thi"),
        "invigilation.index",
        "quizzes.invigilate",
        about=_l("Mở ca coi thi, lấy mã phòng thi, theo dõi người đang làm bài, nạp tệp bài làm."),
        order=50,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Chất lượng câu hỏi"),
        "manage_statistics.index",
        "quizzes.view_statistics",
        about=_l("Độ khó, độ phân loại, phương án ít người chọn; câu đáng ngờ trước."),
        order=74,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Nộp muộn chờ duyệt"),
        "late.index",
        "quizzes.decide_late",
        about=_l("Câu trả lời đến sau khi hết giờ, cùng bằng chứng, chờ nhận hoặc không nhận."),
        order=55,
        waiting=count_waiting,
    ),
    NavigationItem.managing(
        Section.TESTS,
        _l("Chấm bài tự luận"),
        "essays.index",
        "quizzes.mark_essays",
        about=_l("Cho điểm theo tiêu chí; không thấy tên người viết."),
        order=60,
        waiting=essays_waiting,
    ),
)
