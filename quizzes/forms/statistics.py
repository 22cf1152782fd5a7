"""Choosing among the items of a test."""

from __future__ import annotations

from collections.abc import Sequence

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from lms.kit.forms import BaseForm
from quizzes.rules.bank import LEVEL_NAMES
from quizzes.rules.statistics import FLAG_NAMES


class StatisticsFilterForm(BaseForm):
    """A GET form: nothing in it changes anything, so it carries no token."""

    class Meta(BaseForm.Meta):
        csrf = False

    flag = SelectField(_l("Điều cần xem"), validate_choice=False)
    topic = SelectField(_l("Chủ đề"), validate_choice=False)
    level = SelectField(_l("Mức độ"), validate_choice=False)

    def offer(self, topics: Sequence[tuple[str, str]]) -> None:
        """Fill the lists. `topics`: (code, name)."""
        flags = [(flag.value, _(name)) for flag, name in FLAG_NAMES.items()]
        self.flag.choices = [("", _("Mọi câu")), ("any", _("Câu có điều cần xem")), *flags]
        self.topic.choices = [("", _("Mọi chủ đề")), *topics]
        self.level.choices = [("", _("Mọi mức độ")), *((level.value, _(name)) for level, name in LEVEL_NAMES.items())]
