"""Forms for question files: what comes in, what goes out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from wtforms import BooleanField, RadioField, SelectField
from wtforms.fields.choices import SelectChoice

from lms.kit.forms import BaseForm
from lms.kit.imports.web import UploadForm
from quizzes.interchange import FORMATS
from quizzes.rules.bank import LEVEL_NAMES, ItemState


class QuestionUploadForm(UploadForm):
    file = FileField(
        _l("Tệp câu hỏi"),
        description=_l("Bảng tính theo mẫu, GIFT, Moodle XML, QTI hoặc JSON; tối đa 20 MB, 10.000 câu."),
        validators=[FileRequired(_l("Chưa chọn tệp"))],
    )
    format = SelectField(_l("Dạng tệp"))
    topic = SelectField(_l("Chủ đề cho câu không ghi chủ đề"))
    level = SelectField(_l("Mức độ cho câu không ghi mức độ"))
    state = RadioField(_l("Câu hỏi sau khi nhập"), default=str(ItemState.DRAFT))
    new_versions = BooleanField(
        _l("Câu đã có mã trong ngân hàng mà nội dung khác: tạo phiên bản mới"),
        description=_l("Không chọn thì những câu đó không được nhập. Nội dung đã duyệt không bị ghi đè."),
        default=True,
    )

    def offer(self, topics: Sequence[tuple[str, str]], *, reviews: bool) -> None:
        """Fill the lists. `topics`: (code, name); `reviews`: may this person let items into the bank at once?"""
        self.format.choices = [("", _("Tự nhận biết")), *((one.name, _(one.label)) for one in FORMATS.values())]
        self.topic.choices = [("", _("Không đặt: câu thiếu chủ đề không được nhập")), *topics]
        self.level.choices = [
            ("", _("Không đặt: câu thiếu mức độ không được nhập")),
            *((str(level), _(name)) for level, name in LEVEL_NAMES.items()),
        ]
        self.state.choices = [
            SelectChoice(str(ItemState.DRAFT), _("Bản nháp: sửa tiếp rồi mới gửi thẩm định")),
            SelectChoice(str(ItemState.IN_REVIEW), _("Gửi thẩm định ngay; câu chưa đủ lời giải thích ở lại bản nháp")),
        ]
        if reviews:
            self.state.choices.append(SelectChoice(str(ItemState.APPROVED), _("Vào ngân hàng ngay, không qua thẩm định")))

    def options(self) -> dict[str, Any]:
        return {
            "format": self.format.data or "",
            "topic": self.topic.data or "",
            "level": self.level.data or "",
            "state": self.state.data,
            "new_versions": bool(self.new_versions.data),
        }


class ExportForm(BaseForm):
    format = RadioField(_l("Dạng tệp"), default="json")

    def offer(self) -> None:
        self.format.choices = [SelectChoice(one.name, _(one.label)) for one in FORMATS.values()]
