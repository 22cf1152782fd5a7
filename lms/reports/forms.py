"""Forms of a report's life."""

from __future__ import annotations

from datetime import datetime, time
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField, StringField, TextAreaField
from wtforms.validators import NumberRange, Optional, ValidationError

from lms.agencies.forms.fields import DayField
from lms.kit.forms import Needed, ShortForm
from lms.reports.models import Verdict
from lms.reports.operations.consulting import MOST_DAYS


class FreezeForm(ShortForm):
    because = TextAreaField(_l("Vì sao lập lại"), validators=[Optional()])


class ConsultForm(ShortForm):
    days = IntegerField(_l("Số ngày làm việc lấy ý kiến"), default=3, validators=[NumberRange(min=1, max=MOST_DAYS)])


class _HourForm(ShortForm):
    """A day and an hour that stand together."""

    hour = StringField(_l("Giờ công bố"), default="08:00", validators=[Needed(_l("Chưa nhập giờ công bố"))])
    day: Any

    def validate_hour(self, field: Any) -> None:
        try:
            time.fromisoformat(field.data)
        except ValueError as error:
            raise ValidationError(_("Nhập giờ dạng 08:30")) from error


class PlanForm(_HourForm):
    days = IntegerField(_l("Số ngày làm việc lấy ý kiến"), default=3, id="plan-days", validators=[NumberRange(min=1, max=MOST_DAYS)])
    freezes = BooleanField(_l("Tự chốt số liệu khi kết quả được khóa"))
    consults = BooleanField(_l("Tự lấy ý kiến các cơ quan khi chốt xong"))
    day = DayField(_l("Ngày công bố"), validators=[Optional()])

    def moment(self, zone: ZoneInfo) -> datetime | None:
        """When it is to be published once it is approved; None: when somebody says so."""
        return datetime.combine(self.day.day, time.fromisoformat(self.hour.data), zone) if self.day.day else None


class ScheduleForm(_HourForm):
    day = DayField(_l("Ngày công bố"), validators=[Needed(_l("Chưa nhập ngày công bố"))])

    def moment(self, zone: ZoneInfo) -> datetime:
        """What was filled in, once it was checked."""
        day = self.day.day
        assert day is not None
        return datetime.combine(day, time.fromisoformat(self.hour.data), zone)


class WithdrawForm(ShortForm):
    reason = TextAreaField(_l("Lý do gỡ công bố"), validators=[Needed(_l("Chưa ghi lý do gỡ công bố"))])


class AnswerForm(ShortForm):
    answer = TextAreaField(_l("Trả lời cơ quan"), validators=[Needed(_l("Chưa ghi nội dung trả lời"))])
    paper = StringField(_l("Căn cứ (số, ngày văn bản)"), validators=[Needed(_l("Chưa ghi giấy tờ làm căn cứ"))])


class VerdictForm(ShortForm):
    verdict = RadioField(_l("Ý kiến của cơ quan"), validators=[Needed(_l("Chưa chọn ý kiến"))])
    text = TextAreaField(_l("Số liệu nào chưa đúng, vì sao"), validators=[Optional()])

    def __init__(self) -> None:
        super().__init__()
        self.verdict.choices = [
            (Verdict.CONFIRM.value, _("Xác nhận số liệu đúng")),
            (Verdict.OBJECT.value, _("Đề nghị sửa")),
        ]
