"""Points by criterion for one answer."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, Length, NumberRange

from lms.kit.forms import BaseForm
from quizzes.operations.essays import LONGEST_COMMENT
from quizzes.queries.essays import ToMark

_PREFIX = "points-"


class MarkingForm(BaseForm):
    """A field for each criterion of the rubric, added by `marking_form`."""

    turn = HiddenField()
    comment = TextAreaField(
        _l("Nhận xét gửi người viết"),
        validators=[Length(max=LONGEST_COMMENT)],
        description=_l("Người viết đọc được, cùng với điểm từng tiêu chí."),
    )

    def criteria(self) -> list[Any]:
        return [field for field in self if field.name.startswith(_PREFIX)]

    def points(self) -> dict[str, int]:
        return {field.name.removeprefix(_PREFIX): field.data for field in self.criteria()}


def marking_form(essay: ToMark) -> MarkingForm:
    fields = {
        _PREFIX + one["id"]: IntegerField(
            one["text"],
            validators=[
                InputRequired(_("Chưa cho điểm tiêu chí này")),
                NumberRange(0, one["points"], _("Nhập số nguyên từ 0 đến %(most)s", most=one["points"])),
            ],
            description=_("Từ 0 đến %(most)s điểm.", most=one["points"]),
        )
        for one in essay.rubric
    }
    form: MarkingForm = type("RubricForm", (MarkingForm,), fields)(turn=essay.state.value)
    return form
