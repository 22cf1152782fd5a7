"""Questions answered by typing: numbers, words, gaps in a text."""

from __future__ import annotations

from typing import Any

from flask_babel import lazy_gettext as _l
from wtforms import HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length

from quizzes.forms.editor.base import LETTERS, TEXT, ItemForm, Row, TextRow, lines_kept, lines_of, rows, scoring_field, scoring_of_form
from quizzes.interchange.yaml_kinds import Written
from quizzes.kinds.answers import SIGN
from quizzes.kinds.base import Scoring
from quizzes.kinds.cloze import LIST, NUMBER, WORDS
from quizzes.kinds.numbers import exact, typed_number
from quizzes.kinds.words import IGNORED, KEPT
from quizzes.rules.bank import ItemDraft

ABSOLUTE, PERCENT = "tolerance", "tolerance_percent"
DIACRITICS = [(KEPT, _l("Phải đúng dấu")), (IGNORED, _l("Không dấu cũng được"))]
GAP_KINDS = [(WORDS, _l("Điền chữ")), (NUMBER, _l("Điền số")), (LIST, _l("Chọn từ danh sách"))]


def as_stored(text: str | None) -> str:
    """A number as people write it (12,5), with a decimal point; what is no number stays, for the kind to say so."""
    number = typed_number(text or "")
    return f"{number:f}" if number is not None else (text or "")


def as_written(text: Any) -> str:
    """A stored number with a decimal comma; three digits after the comma would be read as thousands and keep their zeros."""
    number = exact(str(text))
    return f"{number:f}".replace(".", ",") if number is not None else str(text)


class NumberFields:
    """How near is near enough; part of a form."""

    tolerance = StringField(_l("Sai số được chấp nhận"), validators=[Length(max=40)], description=_l("Để trống nếu phải đúng chính xác."))
    tolerance_kind = SelectField(
        _l("Sai số tính bằng"),
        default=ABSOLUTE,
        choices=lambda: [(ABSOLUTE, _l("Đơn vị của đáp án")), (PERCENT, _l("Phần trăm của đáp án"))],
    )
    unit = StringField(_l("Đơn vị ghi sau ô trả lời"), validators=[Length(max=40)])


def number_written(form: Any) -> dict[str, Any]:
    found = {form.tolerance_kind.data: as_stored(form.tolerance.data)} if form.tolerance.data else {}
    return found | ({"unit": form.unit.data} if form.unit.data else {})


def number_shown(spec: Any) -> dict[str, Any]:
    kind = PERCENT if PERCENT in spec else ABSOLUTE
    return {"tolerance": as_written(spec[kind]) if kind in spec else "", "tolerance_kind": kind, "unit": spec.get("unit", "")}


class UnitRow(TextRow):
    factor = StringField(_l("Hệ số quy về đơn vị của đáp án"), validators=[Length(max=40)])


class NumericForm(NumberFields, ItemForm):
    kind = "numeric"
    lists = ("units",)
    least_rows = 0
    own = ("right", "tolerance", "tolerance_kind", "unit", "units")
    right = StringField(_l("Đáp án"), validators=[Length(max=40)], description=_l("Ví dụ: 12,5"))
    units = rows(UnitRow, _l("Các đơn vị để chọn (chỉ khi người làm bài phải chọn đơn vị; đơn vị của đáp án có hệ số 1)"))

    def written(self) -> Written:
        body = number_written(self)
        if units := self.filled("units"):
            body["units"] = [{"id": row.id.data, "text": row.text.data or "", "factor": as_stored(row.factor.data)} for row in units]
        return Written(body, [as_stored(self.right.data)] if self.right.data else [])

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        units = [{**unit, "factor": as_written(unit["factor"])} for unit in draft.body.get("units", [])]
        return {**number_shown(draft.body), "right": as_written(draft.key[0]), "units": units}


class ShortAnswerForm(ItemForm):
    kind = "short_answer"
    own = ("accepted", "diacritics")
    accepted = TextAreaField(
        _l("Các cách trả lời được chấp nhận"),
        filters=(lines_kept,),
        validators=[Length(max=TEXT)],
        description=_l("Mỗi dòng một cách. Chữ hoa, khoảng trắng và vị trí dấu thanh (hòa, hoà) không cần phân biệt."),
    )
    diacritics = SelectField(_l("Dấu tiếng Việt"), default=KEPT, choices=lambda: DIACRITICS)

    def written(self) -> Written:
        body = {"diacritics": IGNORED} if self.diacritics.data == IGNORED else {}
        return Written(body, lines_of(self.accepted.data))

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        return {"accepted": "\n".join(draft.key), "diacritics": draft.body.get("diacritics", KEPT)}


class GapRow(NumberFields, Row):
    """A gap. Its options are lines; `ids` are theirs as they were, line by line."""

    order = ("name", "gap_kind", "right", "options", "diacritics", "tolerance", "tolerance_kind", "unit")
    name = StringField(_l("Mã trong đoạn văn"), validators=[Length(max=20)])
    gap_kind = SelectField(_l("Cách điền"), default=WORDS, choices=lambda: GAP_KINDS)
    right = TextAreaField(
        _l("Đáp án"),
        filters=(lines_kept,),
        validators=[Length(max=TEXT)],
        description=_l("Điền chữ: mỗi dòng một cách được chấp nhận. Chọn từ danh sách: chép đúng một lựa chọn."),
    )
    options = TextAreaField(_l("Các lựa chọn, mỗi dòng một"), filters=(lines_kept,), validators=[Length(max=TEXT)])
    ids = HiddenField()
    diacritics = SelectField(_l("Dấu tiếng Việt"), default=KEPT, choices=lambda: DIACRITICS)

    @property
    def empty(self) -> bool:
        return not (self.name.data or self.right.data or self.options.data)

    def named_options(self) -> list[dict[str, str]]:
        texts = lines_of(self.options.data)
        ids = (self.ids.data or "").split()
        ids = ids if len(ids) == len(texts) else list(LETTERS[: len(texts)])
        return [{"id": one, "text": text} for one, text in zip(ids, texts, strict=False)]


class ClozeForm(ItemForm):
    kind = "cloze"
    own = ("text", "gaps", "scoring")
    lists = ("gaps",)
    least_rows = 1
    text = TextAreaField(
        _l("Đoạn văn có chỗ trống"),
        filters=(lines_kept,),
        validators=[Length(max=TEXT)],
        description=_l("Viết {{1}}, {{2}} … ở chỗ cần điền; mỗi mã có một mục ở dưới."),
    )
    gaps = rows(GapRow, _l("Chỗ trống"))
    scoring = scoring_field(Scoring.ALL, Scoring.PARTIAL)

    def written(self) -> Written:
        gaps, key = [], []
        for row in (entry.form for entry in self.gaps if not entry.form.empty):
            gap: dict[str, Any] = {"id": row.name.data or "", "kind": row.gap_kind.data if row.gap_kind.data in dict(GAP_KINDS) else WORDS}
            accepted = lines_of(row.right.data)
            if gap["kind"] == LIST:
                gap["options"] = row.named_options()
                by_text = {option["text"]: option["id"] for option in gap["options"]}
                accepted = [by_text.get(text, text) for text in accepted]
            elif gap["kind"] == NUMBER:
                gap |= number_written(row)
                accepted = [as_stored(text) for text in accepted]
            elif row.diacritics.data == IGNORED:
                gap["diacritics"] = IGNORED
            gaps.append(gap)
            key += [f"{gap['id']}{SIGN}{text}" for text in accepted]
        return Written({"text": self.text.data or "", "gaps": gaps} | scoring_of_form(self), key)

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        accepted: dict[str, list[str]] = {}
        for text in draft.key:
            part, _sign, value = text.partition(SIGN)
            accepted.setdefault(part, []).append(value)
        return {
            "text": draft.body["text"],
            "gaps": [_gap_shown(gap, accepted.get(gap["id"], [])) for gap in draft.body["gaps"]],
            "scoring": draft.body.get("scoring", Scoring.ALL),
        }


def _gap_shown(gap: dict[str, Any], accepted: list[str]) -> dict[str, Any]:
    values = {**number_shown(gap), "name": gap["id"], "gap_kind": gap["kind"], "diacritics": gap.get("diacritics", KEPT)}
    if gap["kind"] == LIST:
        texts = {option["id"]: option["text"] for option in gap["options"]}
        values |= {"options": "\n".join(texts.values()), "ids": " ".join(texts)}
        accepted = [texts.get(one, one) for one in accepted]
    elif gap["kind"] == NUMBER:
        accepted = [as_written(one) for one in accepted]
    return {**values, "right": "\n".join(accepted)}
