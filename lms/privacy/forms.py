"""The forms of requests about personal data."""

from __future__ import annotations

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import RadioField, SelectField, StringField, TextAreaField

from lms.kit.forms import Needed, ShortForm
from lms.privacy.rules.requests import FIELD_NAMES, KIND_NAMES, RequestKind


class CorrectionForm(ShortForm):
    field = SelectField(_l("Thông tin cần sửa"), validators=[Needed(_l("Chưa chọn thông tin cần sửa"))])
    proposed = StringField(_l("Giá trị đúng"), validators=[Needed(_l("Chưa nhập giá trị đúng"))])
    reason = TextAreaField(_l("Căn cứ"), validators=[Needed(_l("Chưa nêu căn cứ"))])

    def __init__(self) -> None:
        super().__init__()
        self.field.choices = [("", _("Chọn thông tin"))] + [(name, _(label)) for name, label in FIELD_NAMES.items()]


class OtherRequestForm(ShortForm):
    kind = RadioField(_l("Yêu cầu"), validators=[Needed(_l("Chưa chọn yêu cầu"))])
    reason = TextAreaField(_l("Nội dung và lý do"), validators=[Needed(_l("Chưa nêu nội dung và lý do"))])

    def __init__(self) -> None:
        super().__init__()
        kinds = (RequestKind.COPY, RequestKind.RESTRICTION, RequestKind.OBJECTION, RequestKind.ERASURE)
        self.kind.choices = [(kind.value, _(KIND_NAMES[kind])) for kind in kinds]


class AnswerForm(ShortForm):
    answer = TextAreaField(_l("Trả lời cho người yêu cầu"), validators=[Needed(_l("Chưa viết câu trả lời"))])


class ErasureForm(ShortForm):
    reason = TextAreaField(_l("Lý do xóa"), validators=[Needed(_l("Chưa nêu lý do xóa"))])
