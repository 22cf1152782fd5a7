"""Setting a round up: one form a step, each may be left unfinished. Moments are the province's time, written 22/11/2026 07:30."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import date, datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, IntegerField, RadioField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, ValidationError

from lms.accounts.rules.people import ABSENCE_NAMES, IT_DUTY_NAMES, ITDuty
from lms.agencies.forms import AgencyField
from lms.agencies.forms.fields import DayField
from lms.kit.clock import Quarter
from lms.kit.forms import Needed, ShortForm
from lms.kit.sheets.values import parse_day
from quizzes.rules.assembly import AssemblyLimits
from quizzes.rules.audience import EXCLUSION_NAMES, AudienceRule
from quizzes.rules.counting import COUNTING_NAMES
from quizzes.rules.rounds import POLICY_NAMES, PURPOSE_NAMES, Purpose

_MOMENT = re.compile(r"(.+?)[ ,]+([01]?[0-9]|2[0-3])[:hg.]([0-5][0-9])")


class MomentField(StringField):  # type: ignore[misc]
    """A day and an hour of the province; `moment(zone)` is what it means, None while it is empty or wrong."""

    data: Any
    parsed: tuple[date, time] | None = None

    def show(self, moment: datetime | None, zone: ZoneInfo) -> None:
        self.data = f"{moment.astimezone(zone):%d/%m/%Y %H:%M}" if moment else ""

    def process_formdata(self, valuelist: list[str]) -> None:
        self.data = (valuelist[0] if valuelist else "").strip()
        match = _MOMENT.fullmatch(self.data)
        try:
            day = parse_day(match[1].strip()) if match else None
        except ValueError:
            day = None
        self.parsed = (day, time(int(match[2]), int(match[3]))) if match and day else None

    def pre_validate(self, form: Any) -> None:
        if self.data and self.parsed is None:
            raise ValidationError(_("Viết ngày/tháng/năm rồi giờ:phút, ví dụ 10/12/2026 07:30."))

    def moment(self, zone: ZoneInfo) -> datetime | None:
        return datetime.combine(*self.parsed, zone) if self.parsed else None


def _choices(names: Mapping[Any, str]) -> list[tuple[str, str]]:
    return [(str(value), _(name)) for value, name in names.items()]


class NewRoundForm(ShortForm):
    """A draft begins with its purpose and its quarter; everything else has usual values."""

    purpose = RadioField(_l("Mục đích"), default=Purpose.QUARTERLY.value, choices=lambda: _choices(PURPOSE_NAMES))
    quarter = StringField(_l("Quý"), validators=[Needed(_l("Chưa nhập quý"))], description=_l("Ví dụ: 2027-Q1"))
    code = StringField(
        _l("Mã kỳ"), description=_l("Không cần với kiểm tra định kỳ. Chữ thường không dấu, số và gạch nối, ví dụ on-tap-cb1")
    )
    title = StringField(_l("Tên kỳ"), description=_l("Để trống: đặt theo mục đích và quý"))
    source = SelectField(_l("Chép từ kỳ trước"), validate_choice=False)

    def validate_quarter(self, field: Any) -> None:
        try:
            Quarter.parse((field.data or "").upper())
        except ValueError as error:
            raise ValidationError(_("Quý viết như 2027-Q1.")) from error


class GeneralForm(ShortForm):
    """Tên, căn cứ, mục đích."""

    title = StringField(_l("Tên kỳ"), validators=[Needed(_l("Chưa nhập tên kỳ"))])
    legal_number = StringField(_l("Căn cứ: số, ký hiệu văn bản"), description=_l("Ví dụ: 1234/KH-UBND"))
    legal_date = DayField(_l("Căn cứ: ngày văn bản"))
    legal_basis = TextAreaField(_l("Căn cứ: trích yếu"), description=_l("Người làm bài đọc được"))
    course = SelectField(_l("Khóa học"), validate_choice=False)


class AudienceForm(ShortForm):
    """Ai kiểm tra."""

    groups = SelectMultipleField(_l("Nhóm đối tượng"), validate_choice=False, description=_l("Không chọn nhóm nào: mọi nhóm"))
    agencies = AgencyField(
        _l("Chỉ các cơ quan này, cùng đơn vị trực thuộc"), multiple=True, description=_l("Không chọn: mọi cơ quan của tỉnh")
    )
    excepted = AgencyField(_l("Trừ các cơ quan này, cùng đơn vị trực thuộc"), multiple=True)
    duties = SelectMultipleField(
        _l("Chỉ người làm công tác công nghệ thông tin"),
        choices=lambda: [(one, name) for one, name in _choices(IT_DUTY_NAMES) if one != ITDuty.NONE],
        description=_l("Không chọn: không xét công tác công nghệ thông tin"),
    )
    excuses = SelectMultipleField(_l("Miễn, hoãn người có lý do này vào ngày chốt danh sách"), choices=lambda: _choices(ABSENCE_NAMES))

    @property
    def pickers(self) -> tuple[AgencyField, AgencyField]:
        return (self.agencies, self.excepted)

    def validate_groups(self, field: Any) -> None:
        if set(field.data or ()) - {code for code, _name in field.choices}:
            raise ValidationError(_("Có nhóm không còn trong hệ thống. Chọn lại."))

    def rule(self) -> AudienceRule:
        excuses = frozenset(self.excuses.data or ())
        return AudienceRule(
            groups=frozenset(self.groups.data or ()),
            agencies=frozenset(self.agencies.data),
            excepted=frozenset(self.excepted.data),
            duties=frozenset(self.duties.data or ()),
            excuses=None if excuses == frozenset(ABSENCE_NAMES) else excuses,
        )


class WindowsForm(ShortForm):
    """Lịch của kỳ."""

    notice_on = DayField(_l("Ngày thông báo"), description=_l("Trước ngày mở ít nhất 7 ngày"))
    cutoff_day = DayField(_l("Ngày chốt danh sách"), validators=[Needed(_l("Chưa nhập ngày chốt danh sách"))])
    practice_from = DayField(_l("Thi thử từ ngày"))
    opens_at = MomentField(_l("Mở lúc"), validators=[Needed(_l("Chưa nhập giờ mở"))], description=_l("Ví dụ: 10/12/2026 07:30"))
    closes_at = MomentField(_l("Đóng lúc"), validators=[Needed(_l("Chưa nhập giờ đóng"))])
    appeals_from = MomentField(_l("Nhận phúc khảo từ"))
    appeals_until = MomentField(_l("Nhận phúc khảo đến"))
    locks_at = MomentField(_l("Khóa kết quả lúc"))
    publishes_on = DayField(_l("Dự kiến công bố ngày"))
    automatic = BooleanField(
        _l("Tự mở, tự đóng và tự khóa đúng lịch"), description=_l("Chỉ tự mở khi danh mục việc không còn mục nào thiếu")
    )


class RulesForm(ShortForm):
    """Quy tắc làm bài và tính điểm."""

    minutes = IntegerField(_l("Thời gian làm bài (phút)"), validators=[InputRequired(_l("Chưa nhập số phút")), NumberRange(1, 240)])
    attempts_allowed = IntegerField(_l("Số lượt làm bài"), validators=[InputRequired(_l("Chưa nhập số lượt")), NumberRange(1, 1000)])
    counting = RadioField(_l("Lượt nào được tính"), choices=lambda: _choices(COUNTING_NAMES))
    pass_mark = StringField(_l("Điểm đạt (trên 100)"), validators=[Needed(_l("Chưa nhập điểm đạt"))])
    feedback_policy = RadioField(_l("Đáp án và giải thích"), choices=lambda: _choices(POLICY_NAMES))
    grace_seconds = IntegerField(
        _l("Chờ câu trả lời đang gửi (giây)"),
        validators=[InputRequired(), NumberRange(0, 600)],
        description=_l("Câu gửi trước khi hết giờ mà mạng chậm vẫn được nhận"),
    )
    late_minutes = IntegerField(
        _l("Tự nhận câu trả lời đến muộn trong (phút)"),
        validators=[InputRequired(), NumberRange(0, 10080)],
        description=_l("Câu làm kịp trên máy nhưng mất mạng; muộn hơn thì chờ người quyết định"),
    )
    shuffles_items = BooleanField(_l("Trộn thứ tự câu"))
    shuffles_choices = BooleanField(_l("Trộn thứ tự phương án"))
    supervised = BooleanField(_l("Có người coi thi: cần mã của giám thị để bắt đầu"))
    side_question = StringField(_l("Câu hỏi phụ của cuộc thi"), description=_l("Ví dụ: Dự đoán số người dự thi"))

    def mark(self) -> Decimal | None:
        try:
            mark = Decimal((self.pass_mark.data or "").replace(",", ".").strip())
        except InvalidOperation:
            return None
        return mark if mark.is_finite() else None

    def validate_pass_mark(self, field: Any) -> None:
        mark = self.mark()
        if mark is None or not 0 <= mark <= 100 or mark != mark.quantize(Decimal("0.01")):
            raise ValidationError(_("Nhập số từ 0 đến 100, ví dụ 50 hoặc 62,5."))


class PaperForm(ShortForm):
    """Số đề và giới hạn lập đề; the matrix itself is read from the request by cell."""

    forms = IntegerField(_l("Số đề song song"), validators=[InputRequired(), NumberRange(1, 500)])
    overlap_limit = IntegerField(_l("Hai đề được trùng tối đa (phần trăm số câu)"), validators=[InputRequired(), NumberRange(0, 100)])
    exposure_limit = IntegerField(_l("Một câu có trong tối đa (phần trăm số đề)"), validators=[InputRequired(), NumberRange(1, 100)])
    anchors = IntegerField(
        _l("Số câu neo mỗi đề"),
        validators=[InputRequired(), NumberRange(0, 200)],
        description=_l("Câu đã dùng quý trước, giữ nguyên chữ, để so được hai quý"),
    )

    def limits(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the round keeps, with what was typed here. Raises DomainError."""
        names = ("forms", "overlap_limit", "exposure_limit", "anchors")
        return AssemblyLimits.from_json({**stored, **{name: getattr(self, name).data for name in names}}).to_json()


class SuggestForm(ShortForm):
    """A blueprint that spreads itself over the topics of the chosen courses."""

    size = IntegerField(_l("Số câu mỗi đề"), validators=[InputRequired(_l("Chưa nhập số câu")), NumberRange(1, 200)], default=20)
    courses = SelectMultipleField(_l("Lấy câu của các khóa học"), validate_choice=False, description=_l("Không chọn: mọi khóa học"))


class SpreadForm(ShortForm):
    """Chia ca."""

    blocks = IntegerField(_l("Số ca"), validators=[InputRequired(_l("Chưa nhập số ca")), NumberRange(2, 60)], default=6)
    capacity = IntegerField(
        _l("Sức chứa một ca (người)"),
        validators=[InputRequired(_l("Chưa nhập sức chứa")), NumberRange(1, 1_000_000)],
        description=_l("Số người một ca đã thử tải; vượt quá là lỗi"),
    )


class BlockForm(ShortForm):
    """Một ca."""

    opens_at = MomentField(_l("Ca bắt đầu"), validators=[Needed(_l("Chưa nhập giờ bắt đầu ca"))])
    closes_at = MomentField(_l("Ca kết thúc"), validators=[Needed(_l("Chưa nhập giờ kết thúc ca"))])
    agencies = AgencyField(_l("Cơ quan làm bài ca này, cùng đơn vị trực thuộc"), multiple=True)

    @property
    def pickers(self) -> tuple[AgencyField]:
        return (self.agencies,)


class MakeUpForm(ShortForm):
    """Đợt kiểm tra bổ sung."""

    opens_at = MomentField(_l("Mở lúc"), validators=[Needed(_l("Chưa nhập giờ mở"))], description=_l("Ví dụ: 22/12/2026 08:00"))
    closes_at = MomentField(_l("Đóng lúc"), validators=[Needed(_l("Chưa nhập giờ đóng"))])
    attempts_allowed = IntegerField(_l("Số lượt"), validators=[InputRequired(), NumberRange(1, 20)], default=1)
    reason = StringField(_l("Lý do lập đợt"), validators=[Needed(_l("Chưa ghi lý do"))])


class AdmitForm(ShortForm):
    """Who is let into a make-up sitting."""

    which = RadioField(
        _l("Cho vào đợt bổ sung"),
        default="missing",
        choices=lambda: [
            ("missing", _("Mọi người thuộc diện chưa làm bài")),
            ("failed", _("Người chưa làm bài và người chưa đạt")),
            ("named", _("Những người có mã cán bộ dưới đây")),
        ],
    )
    codes = TextAreaField(_l("Mã cán bộ"), description=_l("Mỗi mã một dòng hoặc cách nhau bằng dấu phẩy"))
    reason = StringField(_l("Lý do"), description=_l("Cho những người có mã ở trên, ví dụ: hoãn vì công tác đột xuất"))
    NOTE = 20000


class ExclusionForm(ShortForm):
    """Taking one person off the list, or putting them on it again."""

    because = SelectField(_l("Lý do"), validate_choice=False)
    evidence = TextAreaField(
        _l("Minh chứng"),
        validators=[Needed(_l("Chưa ghi minh chứng"))],
        description=_l("Số quyết định, giấy tờ, ai xác nhận; lưu cùng danh sách"),
    )

    def offer(self) -> None:
        self.because.choices = [("", _("Thuộc diện (đưa lại vào danh sách)")), *_choices(EXCLUSION_NAMES)]


class ReasonForm(ShortForm):
    reason = StringField(_l("Lý do"), validators=[Needed(_l("Chưa ghi lý do"))])


class SideAnswerForm(ShortForm):
    """The side question of a contest."""

    answer = IntegerField(_l("Câu trả lời"), validators=[InputRequired(_l("Nhập một số nguyên")), NumberRange(0, 100_000_000)])
