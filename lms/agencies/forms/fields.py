"""Days and shares as people write them in forms."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from wtforms import StringField
from wtforms.validators import ValidationError

from lms.kit.sheets.values import parse_day
from lms.kit.vietnamese import clean


class DayField(StringField):  # type: ignore[misc]
    """A day as people write it; `day` is what it means, None while it is empty or wrong."""

    data: Any
    day: date | None = None

    def process(self, formdata: Any, data: Any = None, extra_filters: Any = None) -> None:
        super().process(formdata, f"{data:%d/%m/%Y}" if isinstance(data, date) else data, extra_filters)
        text: str = clean(str(self.data or ""))
        self.data = text
        try:
            self.day = parse_day(text) if text else None
        except ValueError:
            self.day = None

    def pre_validate(self, form: Any) -> None:
        if self.data and self.day is None:
            raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/07/2025."))


def percent(text: str | None) -> float | None:
    """A share written as a percentage. Raises ValidationError."""
    written = clean(text or "").removesuffix("%").strip().replace(",", ".")
    if not written:
        return None
    try:
        value = float(written)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 100:
        raise ValidationError(_("Tỷ lệ phải là số từ 0 đến 100. Ví dụ: 40"))
    return value / 100
