"""The base of all forms: CSRF, stripped and NFC-normalised text, messages in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_wtf import FlaskForm
from wtforms import Field
from wtforms.validators import DataRequired as _DataRequired

from lms.kit.vietnamese import clean


def tidy(value: Any) -> Any:
    return clean(value) if isinstance(value, str) else value


class BaseForm(FlaskForm):  # type: ignore[misc]
    """Text comes in tidy: NFC, single spaces, no invisible characters. Password fields opt out with `filters=()`."""

    class Meta(FlaskForm.Meta):  # type: ignore[misc]
        def bind_field(self, form: Any, unbound_field: Any, options: Any) -> Field:
            filters = unbound_field.kwargs.get("filters")
            if filters is None and unbound_field.field_class.__name__ in ("StringField", "TextAreaField", "SearchField"):
                unbound_field.kwargs["filters"] = [tidy]
            return unbound_field.bind(form=form, **options)

    def all_errors(self) -> Iterable[tuple[Field, str]]:
        for field in self:
            for message in field.errors:
                yield field, message


class Needed(_DataRequired):  # type: ignore[misc]
    """A field that must be filled in, with its own sentence: “Chưa nhập …”."""

    def __init__(self, message: Any = None) -> None:
        super().__init__(message or _l("Chưa nhập mục này"))
