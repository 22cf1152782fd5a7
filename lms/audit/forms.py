"""The search in the audit."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectField, StringField
from wtforms.validators import ValidationError

from lms.kit.forms import BaseForm
from lms.kit.sheets.values import parse_day


class AuditSearchForm(BaseForm):
    """A GET form: it changes nothing, so it carries no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    actor = StringField(_l("Người thực hiện"))
    subject = StringField(_l("Đối tượng"))
    action = SelectField(_l("Việc"), validate_choice=False)
    address = StringField(_l("Địa chỉ mạng"))
    since = StringField(_l("Từ ngày"))
    until = StringField(_l("Đến hết ngày"))

    def validate_since(self, field: Field) -> None:
        _check_day(field)

    def validate_until(self, field: Field) -> None:
        _check_day(field)

    def days(self) -> tuple[date | None, date | None]:
        """First and last day; raises ValueError where the form is not valid."""
        return parse_day(self.since.data), parse_day(self.until.data)

    def filters(self) -> dict[str, str]:
        """What narrows the search, by field."""
        return {field.name: field.data for field in self if field.data}


def _check_day(field: Field) -> None:
    try:
        parse_day(field.data)
    except ValueError as error:
        raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/10/2026.")) from error
