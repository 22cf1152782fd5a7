"""Asking for forms anew, and exchanging a question."""

from __future__ import annotations

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, HiddenField

from lms.kit.forms import BaseForm


class AssembleForm(BaseForm):
    """`anew`: with another chance than last time."""

    anew = BooleanField(_l("Chọn ngẫu nhiên lại (đề khác với lần trước)"))


class SwapForm(BaseForm):
    version = HiddenField()
