"""Bringing sealed files of answers."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import MultipleFileField
from wtforms import Field
from wtforms.validators import ValidationError

from lms.kit.forms import BaseForm

MOST_FILES = 50


class AnswerFileForm(BaseForm):
    """One file of one's own, or those of a whole room."""

    files = MultipleFileField(_l("Tệp bài làm"), description=_l("Tệp có đuôi .lmsbai, lưu từ trang làm bài."))

    def validate_files(self, field: Field) -> None:
        given: list[Any] = [one for one in field.data or [] if getattr(one, "filename", "")]
        field.data = given
        if not given:
            raise ValidationError(_("Chưa chọn tệp bài làm"))
        if len(given) > MOST_FILES:
            raise ValidationError(_("Mỗi lần nạp tối đa %(count)s tệp", count=MOST_FILES))
