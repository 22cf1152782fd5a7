"""What is asked of those who let outside systems in, or send statements out."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import DateField, IntegerField, PasswordField, SelectField, SelectMultipleField, StringField, TextAreaField
from wtforms.fields import SelectChoice
from wtforms.validators import NumberRange, Optional

from lms.kit.forms import Needed, ShortForm
from lms.lrs.operations.forwarding import VERSIONS
from lms.lrs.rules.credentials import DEFAULT_SCOPES, Scope

SCOPE_NAMES = {
    Scope.WRITE: _l("Ghi phát biểu"),
    Scope.READ_MINE: _l("Đọc phát biểu do chính khóa này ghi"),
    Scope.READ: _l("Đọc mọi phát biểu"),
    Scope.STATE: _l("Đọc, ghi tài liệu trạng thái"),
    Scope.DEFINE: _l("Bổ sung mô tả hoạt động"),
    Scope.PROFILE: _l("Đọc, ghi hồ sơ hoạt động và hồ sơ người"),
    Scope.ALL_READ: _l("Đọc mọi thứ"),
    Scope.ALL: _l("Toàn quyền"),
}
KILOBYTE = 1024


class CredentialForm(ShortForm):
    label = StringField(_l("Bên sử dụng"), validators=[Needed(_l("Chưa nhập tên của bên sử dụng khóa"))])
    scopes = SelectMultipleField(
        _l("Phạm vi"),
        choices=[SelectChoice(str(scope), name) for scope, name in SCOPE_NAMES.items()],
        default=[str(scope) for scope in DEFAULT_SCOPES],
        validators=[Needed(_l("Chưa chọn phạm vi"))],
    )
    requests_per_minute = IntegerField(
        _l("Số yêu cầu tối đa mỗi phút"), description=_l("Để trống: không giới hạn"), validators=[Optional(), NumberRange(1, 1_000_000)]
    )
    max_kilobytes = IntegerField(
        _l("Kích thước tối đa của một yêu cầu (KB)"),
        description=_l("Để trống: mức của kho"),
        validators=[Optional(), NumberRange(1, 1_048_576)],
    )


class TargetForm(ShortForm):
    name = StringField(_l("Tên"), description=_l("Chữ thường không dấu, ví dụ ioc"), validators=[Needed()])
    endpoint = StringField(_l("Địa chỉ kho nhận"), description=_l("Ví dụ https://kho.tinh.gov.vn/xapi/"), validators=[Needed()])
    username = StringField(_l("Khóa"), validators=[Needed()])
    password = PasswordField(_l("Mật khẩu của khóa"), validators=[Needed()], filters=())
    version = SelectField(
        _l("Phiên bản xAPI"),
        description=_l("Kho 1.0.3 không nhận phát biểu 2.0: những phát biểu đó được gác lại"),
        choices=[SelectChoice(version, version) for version in VERSIONS],
    )
    verbs = TextAreaField(_l("Chỉ gửi các động từ"), description=_l("Mỗi dòng một địa chỉ IRI; để trống: mọi động từ"))
    agency = StringField(_l("Chỉ gửi của đơn vị (mã)"), description=_l("Gồm cả đơn vị trực thuộc; để trống: toàn tỉnh"))
    since = DateField(
        _l("Gửi từ ngày"), description=_l("Để trống: từ phát biểu đầu tiên"), validators=[Optional()], format=["%d/%m/%Y", "%Y-%m-%d"]
    )


class ReplayForm(ShortForm):
    since = DateField(_l("Gửi lại từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))], format=["%d/%m/%Y", "%Y-%m-%d"])
