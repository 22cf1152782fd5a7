"""Choosing a file for the tree."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, StringField

from lms.agencies.forms.browse import read_day
from lms.kit.imports.web import UploadForm


class AgencyUploadForm(UploadForm):
    as_of = StringField(_l("Hiệu lực từ ngày"), description=_l("Dùng cho dòng không ghi ngày hiệu lực. Ví dụ: 01/07/2025."))

    new_root = BooleanField(
        _l("Cho phép thêm đơn vị cao nhất"),
        description=_l("Chỉ chọn khi tệp đúng là có đơn vị đứng ngang với đơn vị cao nhất đang có, ví dụ khi nhập thêm một tỉnh."),
    )

    def __init__(self, today: date) -> None:
        super().__init__()
        self.today = today
        if self.as_of.data is None:
            self.as_of.data = f"{today:%d/%m/%Y}"

    def validate_as_of(self, field: Field) -> None:
        read_day(field, self.today)

    def options(self) -> dict[str, Any]:
        return {"as_of": read_day(self.as_of, self.today).isoformat(), "new_root": bool(self.new_root.data)}
