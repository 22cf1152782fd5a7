"""The form of a target."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import Optional, ValidationError

from lms.accounts.rules.people import IT_DUTY_NAMES
from lms.agencies.forms.fields import DayField, percent
from lms.agencies.rules.kinds import BLOCK_NAMES, LEVEL_NAMES
from lms.kit.forms import Needed, ShortForm
from lms.reports.models import Target
from lms.reports.operations.targets import NewTarget
from lms.reports.rules.targets import INDICATOR_NAMES, Population


class TargetForm(ShortForm):
    title = StringField(_l("Tên chỉ tiêu"), validators=[Needed()])
    document_number = StringField(_l("Số, ký hiệu văn bản"), validators=[Needed()])
    document_date = DayField(_l("Ngày văn bản"), validators=[Optional()])
    document_issuer = StringField(_l("Cơ quan ban hành"), validators=[Needed()])
    sentence = TextAreaField(_l("Nguyên văn chỉ tiêu"), validators=[Needed()])
    is_verified = BooleanField(_l("Đã đối chiếu với văn bản gốc"))
    indicator = SelectField(_l("Chỉ số"), validators=[Needed()])
    wanted = StringField(_l("Mức phải đạt (%)"), validators=[Needed()])
    is_above = BooleanField(_l("Phải vượt mức này (trên), không chỉ bằng"))
    is_yearly = BooleanField(_l("Tính lại từng năm"))
    counted_from = DayField(_l("Tính từ ngày"), validators=[Needed()])
    deadline = DayField(_l("Thời hạn"), validators=[Needed()])
    baseline_part = IntegerField(_l("Số liệu ban đầu: số người đạt"), validators=[Optional()])
    baseline_whole = IntegerField(_l("Số liệu ban đầu: tổng số người"), validators=[Optional()])
    baseline_on = DayField(_l("Ngày của số liệu ban đầu"), validators=[Optional()])
    groups = SelectMultipleField(_l("Nhóm đối tượng"))
    blocks = SelectMultipleField(_l("Khối"))
    levels = SelectMultipleField(_l("Cấp"))
    it_duties = SelectMultipleField(_l("Nhiệm vụ CNTT"))
    agencies = SelectMultipleField(_l("Cơ quan, gồm cả đơn vị bên dưới"))

    def __init__(self, groups: list[tuple[str, str]], agencies: list[tuple[str, str]], target: Target | None = None) -> None:
        super().__init__(data=_filled(target) if target is not None else None)
        self.indicator.choices = [(code, _(name)) for code, name in INDICATOR_NAMES.items()]
        self.groups.choices, self.agencies.choices = groups, agencies
        self.blocks.choices = [(code, _(name)) for code, name in BLOCK_NAMES.items()]
        self.levels.choices = [(code, _(name)) for code, name in LEVEL_NAMES.items()]
        self.it_duties.choices = [(duty.value, _(name)) for duty, name in IT_DUTY_NAMES.items()]

    def validate_wanted(self, field: Any) -> None:
        if not percent(field.data):
            raise ValidationError(_("Nhập số lớn hơn 0, không quá 100. Ví dụ: 80"))

    def target(self, code: str) -> NewTarget:
        """What was filled in, once it was checked."""
        first, last = self.counted_from.day, self.deadline.day
        assert first is not None
        assert last is not None
        names = ("groups", "blocks", "levels", "it_duties", "agencies")
        return NewTarget(
            code=code,
            title=self.title.data,
            document_number=self.document_number.data,
            document_issuer=self.document_issuer.data,
            sentence=self.sentence.data,
            indicator=self.indicator.data,
            is_verified=self.is_verified.data,
            is_above=self.is_above.data,
            is_yearly=self.is_yearly.data,
            document_date=self.document_date.day,
            population=Population.of({name: getattr(self, name).data or () for name in names}).as_values(),
            wanted=round(10_000 * (percent(self.wanted.data) or 0)),
            counted_from=first,
            deadline=last,
            baseline_part=self.baseline_part.data,
            baseline_whole=self.baseline_whole.data,
            baseline_on=self.baseline_on.day,
        )


def _filled(target: Target) -> dict[str, Any]:
    names = [name for name in TargetForm.__dict__ if hasattr(target, name)]
    days: dict[str, date | str] = {name: getattr(target, name) for name in names if getattr(target, name) is not None}
    return {**days, **target.population, "wanted": f"{target.wanted / 100:g}".replace(".", ",")}
