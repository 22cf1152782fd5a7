"""Granting persons more than a test's own rules."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from flask_babel import lazy_gettext as _l
from wtforms import IntegerField, StringField, TextAreaField
from wtforms.validators import DataRequired, Length, NumberRange, ValidationError
from wtforms.validators import Optional as Maybe

from lms.kit.forms import BaseForm
from quizzes.rules.accommodations import MOST_ATTEMPTS, MOST_PERCENT, Allowance

WRITTEN = "%d/%m/%Y %H:%M"


class AccommodationsForm(BaseForm):
    """People by their codes, what they are granted, and why. `start_until` is written dd/mm/yyyy hh:mm in the province's time."""

    codes = TextAreaField(
        _l("Mã cán bộ"),
        validators=[DataRequired(_l("Nhập ít nhất một mã cán bộ")), Length(max=60_000)],
        description=_l("Mỗi dòng một mã, hoặc dán cả cột từ bảng tính. Ví dụ: CB00016"),
    )
    extra_percent = IntegerField(
        _l("Thêm bao nhiêu phần trăm thời gian"),
        default=0,
        validators=[Maybe(), NumberRange(min=0, max=MOST_PERCENT)],
        description=_l("Ví dụ 25: bài 30 phút thành 37 phút 30 giây, kể cả khi kỳ kiểm tra đã đóng"),
    )
    extra_attempts = IntegerField(
        _l("Thêm lượt làm bài"),
        default=0,
        validators=[Maybe(), NumberRange(min=0, max=MOST_ATTEMPTS)],
        description=_l("Ví dụ 1, khi mất điện giữa bài"),
    )
    start_until = StringField(
        _l("Được bắt đầu đến"), validators=[Maybe(), Length(max=16)], description=_l("Để trống nếu theo giờ chung. Ví dụ: 05/12/2026 17:00")
    )
    other = StringField(_l("Hỗ trợ khác"), validators=[Maybe(), Length(max=200)], description=_l("Ví dụ: phòng riêng, bài in chữ lớn"))
    reason = StringField(
        _l("Lý do, văn bản đề nghị"),
        validators=[DataRequired(_l("Ghi lý do, ví dụ số văn bản đề nghị")), Length(max=300)],
    )

    def validate_start_until(self, field: StringField) -> None:
        try:
            self._moment()
        except ValueError:
            raise ValidationError(_l("Nhập ngày giờ theo dạng 05/12/2026 17:00")) from None

    def _moment(self) -> datetime | None:
        return datetime.strptime(self.start_until.data, WRITTEN) if self.start_until.data else None  # noqa: DTZ007 - the zone is added below

    def allowance(self, zone: ZoneInfo) -> Allowance:
        moment = self._moment()
        return Allowance(
            extra_percent=self.extra_percent.data or 0,
            extra_attempts=self.extra_attempts.data or 0,
            start_until=moment.replace(tzinfo=zone) if moment else None,
            other=self.other.data or None,
        )
