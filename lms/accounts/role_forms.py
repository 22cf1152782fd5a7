"""The forms around roles: giving, handing on, reviewing."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, SelectField, StringField
from wtforms.validators import ValidationError

from lms.agencies.models import FOREVER
from lms.kit.forms import BaseForm, Needed
from lms.kit.sheets.values import parse_day


class _Span(BaseForm):
    """Days from `since` (empty: today) to the end of `until`."""

    def __init__(self, today: date, **arguments: Any) -> None:
        super().__init__(**arguments)
        self.today = today

    def validate_since(self, field: Field) -> None:
        day = _day(field)
        if day is not None and day < self.today:
            raise ValidationError(_("Ngày bắt đầu không được ở trước hôm nay."))

    def validate_until(self, field: Field) -> None:
        _day(field)

    def first_day(self) -> date:
        return parse_day(self.since.data) or self.today

    def end(self) -> date:
        """The first day after the span; FOREVER where no last day is given."""
        last = parse_day(self.until.data)
        return FOREVER if last is None else last + timedelta(days=1)


class GrantForm(_Span):
    role = SelectField(_l("Vai trò"), validators=[Needed(_l("Chưa chọn vai trò"))])
    agency = SelectField(_l("Phạm vi"), validate_choice=False)
    since = StringField(_l("Từ ngày"))
    until = StringField(_l("Đến hết ngày"))


class DelegationForm(_Span):
    """To whom one hands a role, and until when."""

    held = SelectField(_l("Vai trò được ủy quyền"), validators=[Needed(_l("Chưa chọn vai trò"))])
    person = StringField(_l("Mã cán bộ của người được ủy quyền"), validators=[Needed(_l("Chưa nhập mã cán bộ"))])
    agency = SelectField(_l("Phạm vi"), validate_choice=False)
    since = StringField(_l("Từ ngày"))
    until = StringField(_l("Đến hết ngày"), validators=[Needed(_l("Chưa nhập ngày cuối"))])
    reason = StringField(_l("Lý do"), validators=[Needed(_l("Chưa nhập lý do ủy quyền"))])


class ReviewFilterForm(BaseForm):
    """A GET form: nothing in it changes anything, so it carries no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    overdue = BooleanField(_l("Chỉ vai trò quá hạn rà soát"))


def _day(field: Field) -> date | None:
    try:
        return parse_day(field.data)
    except ValueError as error:
        raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/10/2026.")) from error
