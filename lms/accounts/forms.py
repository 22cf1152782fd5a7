"""The forms of sign-in, people and roles."""

from __future__ import annotations

from datetime import date
from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, Field, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, ValidationError

from lms.kit.forms import BaseForm, Needed
from lms.kit.imports.web import UploadForm
from lms.kit.sheets.values import parse_day


class SignInForm(BaseForm):
    login = StringField(_l("Tên đăng nhập hoặc mã cán bộ"), validators=[Needed(_l("Chưa nhập tên đăng nhập hoặc mã cán bộ"))])
    password = PasswordField(_l("Mật khẩu"), filters=(), validators=[Needed(_l("Chưa nhập mật khẩu"))])
    remember = BooleanField(_l("Đây là máy của riêng tôi, giữ đăng nhập 14 ngày"))
    next = HiddenField()


class CodeForm(BaseForm):
    code = StringField(_l("Mã kích hoạt"), validators=[Needed(_l("Chưa nhập mã kích hoạt"))])


class ChoosePasswordForm(BaseForm):
    password = PasswordField(_l("Mật khẩu mới"), filters=(), validators=[Needed(_l("Chưa nhập mật khẩu mới"))])
    again = PasswordField(
        _l("Nhập lại mật khẩu mới"),
        filters=(),
        validators=[Needed(_l("Chưa nhập lại mật khẩu mới")), EqualTo("password", _l("Hai lần nhập mật khẩu không giống nhau"))],
    )


class ChangePasswordForm(ChoosePasswordForm):
    current = PasswordField(_l("Mật khẩu đang dùng"), filters=(), validators=[Needed(_l("Chưa nhập mật khẩu đang dùng"))])


class PeopleFilterForm(BaseForm):
    """A GET form: nothing in it changes anything, so it carries no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    search = StringField(_l("Tìm theo tên hoặc mã"))
    agency = SelectField(_l("Cơ quan, đơn vị"), validate_choice=False)
    group = SelectField(_l("Nhóm đối tượng"), validate_choice=False)


class GrantForm(BaseForm):
    role = SelectField(_l("Vai trò"), validators=[Needed(_l("Chưa chọn vai trò"))])
    agency = SelectField(_l("Phạm vi"), validate_choice=False)


class RosterUploadForm(UploadForm):
    as_of = StringField(
        _l("Danh sách đúng từ ngày"),
        description=_l("Người mới và người chuyển đơn vị được tính từ ngày này. Ví dụ: 01/10/2026."),
    )

    def __init__(self, today: date) -> None:
        super().__init__()
        self.today = today
        if self.as_of.data is None:
            self.as_of.data = f"{today:%d/%m/%Y}"

    def validate_as_of(self, field: Field) -> None:
        try:
            parse_day(field.data)
        except ValueError as error:
            raise ValidationError(_("Ngày chưa đúng. Viết ngày/tháng/năm, ví dụ 01/10/2026.")) from error

    def options(self) -> dict[str, Any]:
        return {"as_of": (parse_day(self.as_of.data) or self.today).isoformat()}
