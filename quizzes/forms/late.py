"""The form that decides about late answers."""

from flask_babel import lazy_gettext as _l
from wtforms import RadioField, TextAreaField
from wtforms.fields.choices import SelectChoice

from lms.kit.forms import Needed, ShortForm

ACCEPT, REFUSE = "accept", "refuse"


class LateDecisionForm(ShortForm):
    decision = RadioField(
        _l("Quyết định"),
        choices=[SelectChoice(ACCEPT, _l("Nhận: tính điểm các câu này")), SelectChoice(REFUSE, _l("Không nhận: giữ nguyên điểm"))],
        validators=[Needed(_l("Chọn nhận hoặc không nhận"))],
    )
    reason = TextAreaField(
        _l("Lý do"), description=_l("Người dự kiểm tra sẽ đọc lý do này."), validators=[Needed(_l("Ghi lý do của quyết định"))]
    )
