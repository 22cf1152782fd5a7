"""The forms about people and their posts: fields that know days, agencies and personal numbers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import ValidationError
from wtforms.widgets import TextInput

from lms.accounts.queries import Choice
from lms.accounts.rules import people as rules
from lms.accounts.rules.people import ABSENCE_NAMES, IT_DUTY_NAMES, QUALIFICATION_NAMES
from lms.agencies.models import FOREVER
from lms.kit.errors import DomainError
from lms.kit.forms import BaseForm, Needed, ShortForm
from lms.kit.i18n import translated
from lms.kit.sheets.values import parse_day

ONE_DAY = timedelta(days=1)
EARLIEST = date(1900, 1, 1)


class DayField(StringField):  # type: ignore[misc]
    """A day, written day/month/year; `day` is it, None where left empty."""

    day: date | None = None

    def pre_validate(self, form: BaseForm) -> None:
        try:
            self.day = parse_day(self.data)
        except ValueError as error:
            raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/10/2026.")) from error
        if self.day is not None and not EARLIEST <= self.day < FOREVER:
            raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/10/2026."))


class AgencyField(SelectField):  # type: ignore[misc]
    """An agency, out of a list, or typed by code or full name where the list would be too long."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, validate_choice=False, **options)

    def offer(self, choices: Sequence[Choice] | None, empty: Any = None) -> None:
        if choices is None:
            self.choices, self.widget = [], TextInput()
            self.description = _("Gõ mã định danh (ví dụ H55.2) hoặc tên đầy đủ.")
        else:
            self.choices = [("", _("Chọn cơ quan") if empty is None else empty), *((str(each.id), each.name) for each in choices)]

    def _value(self) -> str:
        return self.data or ""


def choices_of(names: Mapping[Any, Any], empty: Any = None) -> list[tuple[str, Any]]:
    """What a select field offers: codes with their translated names."""
    offered = [(str(getattr(code, "value", code)), _(name)) for code, name in names.items()]
    return offered if empty is None else [("", empty), *offered]


class PersonForm(ShortForm):
    """What is known about one person. A field left as it was changes nothing."""

    full_name = StringField(_l("Họ và tên"), validators=[Needed(_l("Chưa nhập họ và tên"))])
    birth_date = DayField(_l("Ngày sinh"), description=_l("Ví dụ: 05/07/1985. Chỉ biết năm thì nhập ở ô dưới."))
    birth_year = StringField(_l("Năm sinh, nếu không rõ ngày"))
    sex = SelectField(_l("Giới tính"))
    email = StringField(_l("Thư điện tử"))
    phone = StringField(_l("Điện thoại"), description=_l("Ví dụ: 0912 345 678."))
    identity_number = StringField(_l("Số CCCD"))
    forget_identity = BooleanField(_l("Bỏ số CCCD đang lưu"))
    qualification = SelectField(_l("Trình độ chuyên môn"))
    it_qualification = StringField(_l("Trình độ, chứng chỉ tin học"), description=_l("Ví dụ: Ứng dụng CNTT cơ bản."))
    it_major = BooleanField(_l("Đúng chuyên ngành CNTT"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.sex.choices = [("", _("Chưa rõ")), ("male", _("Nam")), ("female", _("Nữ"))]
        self.qualification.choices = choices_of(QUALIFICATION_NAMES, _("Chưa rõ"))

    def validate_birth_year(self, field: Field) -> None:
        if field.data and not (field.data.isascii() and field.data.isdecimal() and 1900 <= int(field.data) <= 2100):
            raise ValidationError(_("Năm sinh gồm bốn chữ số, ví dụ 1985"))

    def validate_email(self, field: Field) -> None:
        self._read(field, rules.email_address)

    def validate_phone(self, field: Field) -> None:
        self._read(field, rules.phone_number)

    def validate_identity_number(self, field: Field) -> None:
        self._read(field, rules.identity_number)

    def values(self) -> dict[str, Any]:
        """For `operations.edit_person`; the identity number only where one was entered or is to be forgotten."""
        values: dict[str, Any] = {
            "full_name": self.full_name.data,
            "birth_date": self.birth_date.day,
            "birth_year": self.birth_date.day.year if self.birth_date.day else int(self.birth_year.data) if self.birth_year.data else None,
            "sex": self.sex.data or None,
            "email": rules.email_address(self.email.data) if self.email.data else None,
            "phone": rules.phone_number(self.phone.data)[0] if self.phone.data else None,
            "qualification": self.qualification.data or None,
            "it_qualification": self.it_qualification.data or None,
            "it_major": bool(self.it_major.data),
        }
        if self.identity_number.data:
            values["identity_number"] = rules.identity_number(self.identity_number.data)[0]
        elif self.forget_identity is not None and self.forget_identity.data:
            values["identity_number"] = None
        return values

    @staticmethod
    def _read(field: Field, rule: Any) -> None:
        if field.data:
            try:
                rule(field.data)
            except DomainError as refusal:
                raise ValidationError(translated(refusal)) from refusal


class PostFields(ShortForm):
    """What every form of a post asks for; `first` are the fields that stand at the top."""

    first: ClassVar[tuple[str, ...]] = ()
    _fields: dict[str, Field]
    group = SelectField(_l("Nhóm đối tượng"))
    job_title = StringField(_l("Chức vụ, chức danh"))
    it_duty = SelectField(_l("Công tác công nghệ thông tin"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        fields: dict[str, Field] = self._fields
        self._fields = {name: fields[name] for name in dict.fromkeys([*self.first, *fields])}

    def prepare(self, groups: Iterable[tuple[str, str]]) -> None:
        self.group.choices = [(code, f"{code} – {name}") for code, name in groups]
        self.it_duty.choices = choices_of(IT_DUTY_NAMES)

    def post_values(self) -> dict[str, Any]:
        return {"group_code": self.group.data, "job_title": self.job_title.data or None, "it_duty": self.it_duty.data}


class NewPersonForm(PersonForm, PostFields):
    """One person with the post they hold."""

    staff_code = StringField(_l("Mã cán bộ"), description=_l("Để trống thì hệ thống tự đặt mã."))
    agency = AgencyField(_l("Cơ quan, đơn vị"), validators=[Needed(_l("Chưa chọn cơ quan"))])
    since = DayField(_l("Giữ vị trí từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])
    forget_identity = None  # nothing is stored yet
    first: ClassVar[tuple[str, ...]] = ("agency", "full_name", "staff_code", "since", "job_title", "group", "it_duty")


class AddPostForm(PostFields):
    first: ClassVar[tuple[str, ...]] = ("agency", "since", "until", "job_title", "group", "it_duty")
    agency = AgencyField(_l("Cơ quan, đơn vị"), validators=[Needed(_l("Chưa chọn cơ quan"))])
    since = DayField(_l("Từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])
    until = DayField(_l("Đến hết ngày"), description=_l("Để trống nếu chưa biết."))
    decision = StringField(_l("Số quyết định"))


class SecondForm(AddPostForm):
    first: ClassVar[tuple[str, ...]] = ("agency", "since", "until", "counted")
    counted = RadioField(_l("Trong thời gian biệt phái, tính người này ở"), default="host")

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.agency.label.text = _("Nơi nhận biệt phái")
        self.counted.choices = [("host", _("Nơi nhận biệt phái")), ("home", _("Đơn vị cử đi"))]


class CorrectPostForm(PostFields):
    first: ClassVar[tuple[str, ...]] = ("since", "until", "job_title", "group", "it_duty")
    since = DayField(_l("Từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])
    until = DayField(_l("Đến hết ngày"), description=_l("Để trống nếu chưa kết thúc."))
    nature = SelectField(_l("Hình thức"))
    absence = SelectField(_l("Vắng mặt suốt thời gian này"), description=_l("Nghỉ có ngày đi, ngày về thì ghi ở “Ghi nhận nghỉ”."))
    decision = StringField(_l("Số quyết định"))


class DayForm(ShortForm):
    """One day on which something begins or ends."""

    on = DayField(_l("Từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])


class LeaveForm(ShortForm):
    reason = SelectField(_l("Lý do"))
    since = DayField(_l("Nghỉ từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])
    until = DayField(_l("Đến hết ngày"), description=_l("Để trống nếu chưa biết ngày đi làm lại."))
    decision = StringField(_l("Số quyết định"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.reason.choices = choices_of(ABSENCE_NAMES)


class NotOursForm(ShortForm):
    agency = AgencyField(_l("Người này đã chuyển đến"))
    on = DayField(_l("Không thuộc đơn vị từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])
    note = TextAreaField(_l("Ghi chú"), description=_l("Ví dụ: số quyết định điều động."))


class ClaimForm(ShortForm):
    """First whom, then from which day; what was typed is carried along."""

    staff_code = StringField(_l("Mã cán bộ"))
    identity_number = StringField(_l("Số CCCD"))
    full_name = StringField(_l("Họ và tên"))
    birth_date = DayField(_l("Ngày sinh"))
    person = RadioField(_l("Người cần nhận về"), validate_choice=False)
    agency = AgencyField(_l("Nhận về cơ quan, đơn vị"))
    on = DayField(_l("Thuộc đơn vị từ ngày"))
    note = TextAreaField(_l("Ghi chú"), description=_l("Ví dụ: số quyết định điều động."))


class DecideForm(ShortForm):
    agency = AgencyField(_l("Chuyển đến cơ quan"))
    leaves = BooleanField(_l("Nghỉ công tác, không chuyển đến cơ quan nào"))


class RefuseForm(ShortForm):
    reason = StringField(_l("Lý do không duyệt"), validators=[Needed(_l("Chưa nhập lý do không duyệt"))])


class GroupForm(ShortForm):
    code = StringField(_l("Mã nhóm"), validators=[Needed(_l("Chưa nhập mã nhóm"))])
    name_vi = StringField(_l("Tên nhóm"), validators=[Needed(_l("Chưa nhập tên nhóm"))])
    name_en = StringField(_l("Tên tiếng Anh"))


class RenameGroupForm(ShortForm):
    name_vi = StringField(_l("Tên nhóm"), validators=[Needed(_l("Chưa nhập tên nhóm"))])
    name_en = StringField(_l("Tên tiếng Anh"))


class OtherPersonForm(ShortForm):
    """Two staff codes, for records the list of likely duplicates does not know."""

    class Meta(ShortForm.Meta):
        csrf = False

    one = StringField(_l("Mã cán bộ thứ nhất"))
    other = StringField(_l("Mã cán bộ thứ hai"))


class MergeForm(ShortForm):
    """Which record is kept; the values are chosen field by field in the page itself."""

    keep = HiddenField()


def end_of(field: DayField) -> date:
    """The first day after the last one entered; FOREVER where none is."""
    return field.day + ONE_DAY if field.day else FOREVER


def written(day: date | None) -> str:
    """A day as a form shows it; nothing for what has no end."""
    return "" if day is None or day == FOREVER else f"{day:%d/%m/%Y}"


def last_day(valid_to: date) -> str:
    return "" if valid_to == FOREVER else f"{valid_to - ONE_DAY:%d/%m/%Y}"
