"""Places on a picture, and essays."""

from __future__ import annotations

import re
from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from quizzes.forms.editor.base import LINE, TEXT, ItemForm, TextRow, lines_kept, named, rows, whys_of
from quizzes.interchange.yaml_kinds import Written
from quizzes.kinds.pictures import CIRCLE, POLY, RECT
from quizzes.rules.bank import ItemDraft

_NUMBER = re.compile(r"[0-9]{1,5}")


class SpotRow(TextRow):
    text = StringField(_l("Tên vùng, đọc được bằng lời"), validators=[Length(max=LINE)])
    right = BooleanField(_l("Đáp án đúng"))
    shape = SelectField(
        _l("Hình dạng"), default=RECT, choices=lambda: [(RECT, _l("Chữ nhật")), (CIRCLE, _l("Hình tròn")), (POLY, _l("Đa giác"))]
    )
    coords = StringField(
        _l("Tọa độ"),
        validators=[Length(max=LINE)],
    )
    why = StringField(_l("Vì sao đúng, vì sao sai"), validators=[Length(max=LINE)])


class HotspotForm(ItemForm):
    kind = "hotspot"
    lists = ("spots",)
    needs_picture = True
    own = ("spots",)
    spots = rows(
        SpotRow,
        _l("Vùng trên hình"),
        description=_l(
            "Tọa độ tính bằng điểm ảnh, từ góc trên bên trái. Chữ nhật: x, y, rộng, cao. Tròn: x, y, bán kính. Đa giác: x, y của từng góc."
        ),
    )

    def written(self) -> Written:
        given = self.filled("spots")
        spots = [
            {**one, "shape": row.shape.data, "coords": [int(number) for number in _NUMBER.findall(row.coords.data or "")]}
            for one, row in zip(named(given), given, strict=True)
        ]
        return Written({"spots": spots}, [row.id.data for row in given if row.right.data], whys_of(given))

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        return {
            "spots": [
                {
                    **spot,
                    "coords": ", ".join(str(one) for one in spot["coords"]),
                    "right": spot["id"] in draft.key,
                    "why": draft.whys.get(spot["id"], ""),
                }
                for spot in draft.body["spots"]
            ]
        }


class CriterionRow(TextRow):
    text = StringField(_l("Tiêu chí"), validators=[Length(max=LINE)])
    points = StringField(_l("Điểm tối đa"), validators=[Length(max=4)])


class EssayForm(ItemForm):
    kind = "essay"
    lists = ("rubric",)
    own = ("rubric", "guidance", "markers")
    rubric = rows(CriterionRow, _l("Tiêu chí chấm"))
    guidance = TextAreaField(
        _l("Hướng dẫn chấm"),
        filters=(lines_kept,),
        validators=[Length(max=TEXT)],
        description=_l("Chỉ người chấm thấy: các ý phải có, ví dụ bài đạt điểm tối đa."),
    )
    markers = SelectField(
        _l("Số người chấm mỗi bài"),
        default="1",
        choices=lambda: [
            ("1", _l("Một người")),
            ("2", _l("Hai người chấm độc lập; lệch nhau từ một phần mười số điểm thì người thứ ba quyết định")),
        ],
    )

    def written(self) -> Written:
        given = self.filled("rubric")
        points = [int(row.points.data) if (row.points.data or "").isdecimal() else 0 for row in given]
        body: dict[str, Any] = {"rubric": [{**one, "points": most} for one, most in zip(named(given), points, strict=True)]}
        if self.guidance.data:
            body["guidance"] = self.guidance.data
        if self.markers.data == "2":
            body["markers"] = 2
        return Written(body, [])

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        rubric = [{**one, "points": str(one["points"])} for one in draft.body["rubric"]]
        return {"rubric": rubric, "guidance": draft.body.get("guidance", ""), "markers": str(draft.body.get("markers", 1))}
