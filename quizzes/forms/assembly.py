"""Asking for forms anew, and exchanging a question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, FloatField, HiddenField, IntegerField, TextAreaField
from wtforms.validators import InputRequired, NumberRange, Optional

from lms.kit.forms import BaseForm
from quizzes.rules.assembly import AssemblyLimits


class ShareField(FloatField):  # type: ignore[misc]
    """A share such as 0,65: the decimal comma is read as well as the point, and shown."""

    def process_formdata(self, valuelist: list[str]) -> None:
        super().process_formdata([text.strip().replace(",", ".") for text in valuelist])

    def _value(self) -> str:
        return super()._value().replace(".", ",")  # type: ignore[no-any-return]


class AssembleForm(BaseForm):
    """`anew`: with another chance than last time."""

    anew = BooleanField(_l("Chọn ngẫu nhiên lại (đề khác với lần trước)"))


class SwapForm(BaseForm):
    version = HiddenField()


class LimitsForm(BaseForm):
    """The limits of drawing that are seldom changed; the others stand beside the blueprint."""

    difficulty_target = ShareField(
        _l("Độ khó mong muốn (tỷ lệ đúng trung bình, 0,05–0,95)"),
        description=_l("Để trống: theo ngân hàng câu hỏi"),
        validators=[Optional(), NumberRange(0.05, 0.95)],
    )
    difficulty_tolerance = ShareField(
        _l("Mỗi đề được lệch khỏi độ khó ấy"), description=_l("Ví dụ: 0,02"), validators=[InputRequired(), NumberRange(0, 1)]
    )
    recent_quarters = IntegerField(_l("Số quý gần đây được xét"), validators=[InputRequired(), NumberRange(0, 40)])
    recent_limit = IntegerField(
        _l("Câu được nghỉ khi đã dùng ở quá bao nhiêu quý trong số đó"), validators=[InputRequired(), NumberRange(0, 40)]
    )
    key_limit = IntegerField(
        _l("Đáp án ở cùng một vị trí tối đa (% số câu một lựa chọn)"), validators=[InputRequired(), NumberRange(25, 100)]
    )
    true_limit = IntegerField(
        _l("Đáp án cùng Đúng hoặc cùng Sai tối đa (% số câu đúng – sai)"), validators=[InputRequired(), NumberRange(50, 100)]
    )
    anchor_codes = TextAreaField(
        _l("Chỉ dùng các câu này làm câu neo"), description=_l("Mã câu, cách nhau bằng dấu phẩy. Để trống: mọi câu đã đo ở quý trước.")
    )

    NAMES = ("recent_quarters", "recent_limit", "key_limit", "true_limit")

    @classmethod
    def showing(cls, limits: AssemblyLimits) -> LimitsForm:
        values = {name: getattr(limits, name) for name in (*cls.NAMES, "difficulty_target", "difficulty_tolerance")}
        return cls(data={**values, "anchor_codes": ", ".join(limits.anchor_codes)})

    def limits(self, stored: Mapping[str, Any]) -> dict[str, Any]:
        """What the round keeps, with what was typed here. Raises DomainError."""
        typed = {
            **{name: getattr(self, name).data for name in self.NAMES},
            "difficulty_target": self.difficulty_target.data,
            "difficulty_tolerance": self.difficulty_tolerance.data,
            "anchor_codes": (self.anchor_codes.data or "").replace(",", " ").split(),
        }
        return AssemblyLimits.from_json({**stored, **typed}).to_json()
