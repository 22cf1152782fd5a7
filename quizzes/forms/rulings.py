"""Forms of rulings on items, of appeals and of reports about items."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import Optional

from lms.kit.forms import Needed, ShortForm
from quizzes.queries.rulings import RoundReached
from quizzes.rules.appeals import REPORT_KIND_NAMES
from quizzes.rules.marking import RULING_NAMES, RulingKind

OFFERED = (RulingKind.VOID, RulingKind.ALSO_ACCEPT, RulingKind.NEW_KEY)


class RulingForm(ShortForm):
    """A proposal; the answer that is to count is typed in the question's own controls beside it."""

    kind = RadioField(_l("Quyết định"), validators=[Needed(_l("Chưa chọn quyết định"))])
    round = SelectField(_l("Áp dụng cho"), validators=[Optional()])
    reason = TextAreaField(_l("Lý do"), validators=[Needed(_l("Chưa nêu lý do"))])
    legal_basis = StringField(_l("Căn cứ"), validators=[Optional()])

    def __init__(self, rounds: list[RoundReached], *, by_hand: bool) -> None:
        super().__init__()
        kinds = OFFERED[:1] if by_hand else OFFERED
        self.kind.choices = [(kind.value, _(RULING_NAMES[kind])) for kind in kinds]
        self.round.choices = [("", _("Mọi kỳ kiểm tra chưa khóa kết quả")), *((str(one.id), one.title) for one in rounds)]


class WithdrawalForm(ShortForm):
    reason = TextAreaField(_l("Lý do rút lại quyết định"), validators=[Needed(_l("Chưa nêu lý do"))])


class DecisionForm(ShortForm):
    note = TextAreaField(_l("Ghi chú của người duyệt"), validators=[Optional()])


class AppealForm(ShortForm):
    """Which question (0: the whole paper), and what is wrong with its mark."""

    slot = SelectField(_l("Phúc khảo"), coerce=int, validators=[Optional()])
    text = TextAreaField(_l("Nội dung đề nghị"), validators=[Needed(_l("Chưa viết nội dung đề nghị"))])

    def __init__(self, questions: list[tuple[int, str]]) -> None:
        super().__init__()
        self.slot.choices = [(0, _("Cả bài")), *questions]


class AppealAnswerForm(ShortForm):
    answer = TextAreaField(_l("Trả lời cho người đề nghị"), validators=[Needed(_l("Chưa viết câu trả lời"))])


class ItemReportForm(ShortForm):
    kind = RadioField(_l("Lỗi gì"), validators=[Needed(_l("Chưa chọn loại lỗi"))])
    text = TextAreaField(_l("Mô tả"), validators=[Optional()])

    def __init__(self) -> None:
        super().__init__()
        self.kind.choices = [(kind.value, _(name)) for kind, name in REPORT_KIND_NAMES.items()]


class ReportAnswerForm(ShortForm):
    answer = TextAreaField(_l("Trả lời những người đã báo"), validators=[Needed(_l("Chưa viết câu trả lời"))])
