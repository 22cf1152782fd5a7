"""The forms of the roster import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, RadioField, StringField
from wtforms.fields.choices import SelectChoice
from wtforms.validators import ValidationError

from lms.accounts.operations import check_day
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.imports.web import UploadForm
from lms.kit.sheets.values import parse_day

ADD, REPLACE = "add", "replace"


class RosterUploadForm(UploadForm):
    """`agency_id` is what `agency` was found to mean, `columns` what is remembered of the sender's columns; the view sets both."""

    as_of = StringField(
        _l("Danh sách đúng từ ngày"),
        description=_l("Người mới và người chuyển đơn vị được tính từ ngày này. Ví dụ: 01/10/2026."),
    )
    mode = RadioField(
        _l("Cách nhập"),
        choices=[SelectChoice(ADD, _l("Thêm và cập nhật")), SelectChoice(REPLACE, _l("Thay toàn bộ danh sách của một cơ quan"))],
        default=ADD,
    )
    agency = StringField(
        _l("Cơ quan có danh sách được thay"),
        description=_l("Chỉ khi thay toàn bộ: mã hoặc tên cơ quan. Người của cơ quan và đơn vị trực thuộc không có trong tệp sẽ rời đi."),
    )
    capitalise = BooleanField(_l("Viết hoa chữ cái đầu họ tên (NGUYỄN THỊ ÁNH thành Nguyễn Thị Ánh)"))

    def __init__(self, today: date) -> None:
        super().__init__()
        self.today = today
        self.agency_id: UUID | None = None
        self.columns: Mapping[str, str] = {}
        if self.as_of.data is None:
            self.as_of.data = f"{today:%d/%m/%Y}"

    def validate_as_of(self, field: Field) -> None:
        try:
            check_day(parse_day(field.data) or self.today, self.today)
        except ValueError as error:
            raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/10/2026.")) from error
        except DomainError as refusal:
            raise ValidationError(translated(refusal)) from refusal

    def validate_agency(self, field: Field) -> None:
        if self.mode.data == REPLACE and not (field.data or "").strip():
            raise ValidationError(_("Thay toàn bộ danh sách cần mã hoặc tên cơ quan."))

    @property
    def day(self) -> date:
        return parse_day(self.as_of.data) or self.today

    def options(self) -> dict[str, Any]:
        return {
            "as_of": self.day.isoformat(),
            "replace": str(self.agency_id) if self.mode.data == REPLACE and self.agency_id else None,
            "capitalise": bool(self.capitalise.data),
            "columns": dict(self.columns),
        }
