"""Looking at the tree."""

from __future__ import annotations

from datetime import date

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, StringField
from wtforms.validators import ValidationError

from lms.kit.forms import BaseForm
from lms.kit.sheets.values import parse_day


def read_day(field: Field, default: date) -> date:
    """The day typed into a field, or the default. Raises ValidationError."""
    try:
        return parse_day(field.data) or default
    except ValueError as error:
        raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/07/2025.")) from error


class BrowseForm(BaseForm):
    """The tree as of a day, or what is found in it."""

    class Meta(BaseForm.Meta):
        csrf = False  # a GET form changes nothing

    q = StringField(_l("Tìm đơn vị"), description=_l("Tên hoặc mã, không cần dấu"))
    on = StringField(_l("Vào ngày"), description=_l("Ví dụ: 01/07/2025"))

    def day(self, today: date) -> date:
        """The day asked for; today where the field is empty or wrong, which `on.errors` then says."""
        try:
            return read_day(self.on, today)
        except ValidationError as error:
            self.on.errors = [str(error)]
            return today
