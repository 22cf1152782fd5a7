"""The forms of sign-in, people and roles."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField, PasswordField, SelectField, StringField
from wtforms.validators import EqualTo, Length

from lms.kit.forms import BaseForm, Needed


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


class OneTimeCodeForm(BaseForm):
    code = StringField(_l("Mã xác thực"), validators=[Needed(_l("Chưa nhập mã xác thực"))])


class PasskeyNameForm(BaseForm):
    name = StringField(_l("Đặt tên cho khóa"), validators=[Length(max=60, message=_l("Tên dài nhất 60 ký tự"))])


class PeopleFilterForm(BaseForm):
    """A GET form: nothing in it changes anything, so it carries no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    search = StringField(_l("Tìm theo tên hoặc mã"))
    agency = SelectField(_l("Cơ quan, đơn vị"), validate_choice=False)
    group = SelectField(_l("Nhóm đối tượng"), validate_choice=False)
    it_duty = SelectField(_l("Công tác CNTT"), validate_choice=False)
    only = SelectField(_l("Chỉ xem"), validate_choice=False)
