"""Looking at the tree."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import Field, SelectField, StringField
from wtforms.validators import ValidationError

from lms.agencies.rules.kinds import BLOCK_NAMES, LEVEL_NAMES
from lms.kit.clock import local_midnight
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
    block = SelectField(_l("Khối"), choices=lambda: [("", _("Mọi khối")), *_choices(BLOCK_NAMES)], validate_choice=False)
    level = SelectField(_l("Cấp"), choices=lambda: [("", _("Mọi cấp")), *_choices(LEVEL_NAMES)], validate_choice=False)
    known = StringField(_l("Theo những gì đã ghi đến hết ngày"), description=_l("Để trống: theo thông tin mới nhất. Ví dụ: 31/12/2025"))

    def moment(self, zone: ZoneInfo) -> datetime | None:
        """The end of the day whose knowledge is asked for; None where the field is empty or wrong, which `known.errors` then says."""
        try:
            day = parse_day(self.known.data)
            return local_midnight(day + timedelta(days=1), zone) if day else None
        except (ValueError, OverflowError):
            self.known.errors = [_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 31/12/2025.")]
            return None

    def day(self, today: date) -> date:
        """The day asked for; today where the field is empty or wrong, which `on.errors` then says."""
        try:
            day = read_day(self.on, today)
            self.on.data = f"{day:%d/%m/%Y}" if self.on.data else None  # however the address had written it
            return day
        except ValidationError as error:
            self.on.errors = [str(error)]
            return today


def _choices(names: Mapping[str, str]) -> list[tuple[str, str]]:
    return [(str(value), _(name)) for value, name in names.items()]


class ChangeFilterForm(BaseForm):
    """Which events to list."""

    class Meta(BaseForm.Meta):
        csrf = False  # a GET form changes nothing

    year = SelectField(_l("Năm"), validate_choice=False)
    kind = SelectField(_l("Loại sự kiện"), validate_choice=False)
    decision = StringField(_l("Số quyết định"), description=_l("Một phần của số cũng được"))

    def asked_year(self) -> int | None:
        text = self.year.data or ""
        return int(text) if text.isascii() and text.isdecimal() and len(text) == 4 and text > "0000" else None
