"""The base of all forms: CSRF, stripped and NFC-normalised text, messages in the reader's language."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field, RadioField, SelectField, StringField, TextAreaField
from wtforms.validators import DataRequired as _DataRequired
from wtforms.validators import Length

from lms.kit.vietnamese import clean


def tidy(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


# WTForms speaks no Vietnamese: its own sentences, as far as our fields can say them.
WORDS: dict[str, Any] = {
    "This field is required.": _l("Chưa nhập mục này"),
    "Not a valid choice.": _l("Lựa chọn không có trong danh sách"),
    "Not a valid choice": _l("Lựa chọn không có trong danh sách"),
    "'%(value)s' is not a valid choice for this field.": _l("“%%(value)s” không có trong danh sách"),
    "Invalid Choice: could not coerce.": _l("Lựa chọn không có trong danh sách"),
    "Not a valid integer value.": _l("Nhập một số nguyên, ví dụ 12"),
    "Not a valid decimal value.": _l("Nhập một số, ví dụ 12,5"),
    "Not a valid date value.": _l("Nhập ngày theo dạng ngày/tháng/năm, ví dụ 22/11/2026"),
    "Field cannot be longer than %(max)d characters.": _l("Nhập không quá %%(max)d ký tự"),
    "Field must be at least %(min)d characters long.": _l("Nhập ít nhất %%(min)d ký tự"),
    "Field must be between %(min)d and %(max)d characters long.": _l("Nhập từ %%(min)d đến %%(max)d ký tự"),
    "Number must be between %(min)s and %(max)s.": _l("Nhập số từ %%(min)s đến %%(max)s"),
    "Number must be at least %(min)s.": _l("Nhập số từ %%(min)s trở lên"),
    "Number must be at most %(max)s.": _l("Nhập số không quá %%(max)s"),
    "Invalid input.": _l("Nội dung nhập chưa đúng"),
    "Field must be equal to %(other_name)s.": _l("Hai lần nhập không giống nhau"),
}


class _Sentences:
    """What WTForms asks for translations of."""

    def gettext(self, message: str) -> str:
        return str(WORDS.get(message, message)).replace("%%", "%")

    def ngettext(self, singular: str, plural: str, n: int) -> str:
        return self.gettext(plural)


class BaseForm(FlaskForm):  # type: ignore[misc]
    """Text comes in tidy: NFC, single spaces, no invisible characters. Password fields opt out with `filters=()`."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            filters = unbound_field.kwargs.get("filters")
            if filters is None and unbound_field.field_class.__name__ in ("StringField", "TextAreaField", "SearchField"):
                unbound_field.kwargs["filters"] = [tidy]
            return unbound_field.bind(form=form, **options)

        def get_translations(self, form: Any) -> _Sentences:
            return _Sentences()


class ShortForm(BaseForm):
    """A form of which every text is a line or a note: no longer than `LINE` or `NOTE` characters, and tidy in fields of any kind."""

    LINE, NOTE = 200, 2000

    class Meta(BaseForm.Meta):
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            kind = unbound_field.field_class
            if unbound_field.kwargs.get("filters") is None and issubclass(kind, (StringField, SelectField, RadioField)):
                unbound_field.kwargs["filters"] = [tidy]
            field = super().bind_field(form, unbound_field, options)
            if issubclass(kind, StringField):
                longest = form.NOTE if issubclass(kind, TextAreaField) else form.LINE
                field.validators = [*field.validators, Length(max=longest)]
            return field


class Needed(_DataRequired):  # type: ignore[misc]
    """A field that must be filled in, with its own sentence: “Chưa nhập …”."""

    def __init__(self, message: Any = None) -> None:
        super().__init__(message or _l("Chưa nhập mục này"))
