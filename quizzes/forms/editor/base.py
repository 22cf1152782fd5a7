"""What a question of any kind has, and lists of rows that grow and shrink without JavaScript."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, ClassVar

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField
from wtforms import BooleanField, FieldList, FormField, HiddenField, SelectField, StringField, TextAreaField
from wtforms.validators import Length, Optional, Regexp

from lms.agencies.forms.fields import DayField
from lms.kit.forms import BaseForm, Needed
from lms.kit.vietnamese import clean
from quizzes.interchange.yaml_kinds import Written
from quizzes.kinds.base import Scoring
from quizzes.kinds.options import MOST_OPTIONS
from quizzes.kinds.pictures import LONGEST_ALT
from quizzes.queries.media import Size
from quizzes.rules.bank import (
    CODE,
    LEVEL_NAMES,
    LEVELS,
    LONGEST_TEXT,
    MOST_TAGS,
    PURPOSE_NAMES,
    ItemDraft,
    ItemPurpose,
    stored_text,
    tidy_tag,
)

LINE, TEXT = 1000, LONGEST_TEXT
LETTERS = "abcdefghijklmnopqrstuvwxyz"
SCORING_NAMES = {
    Scoring.ALL: _l("Đúng hết mới có điểm"),
    Scoring.PARTIAL: _l("Mỗi ý đúng một phần điểm"),
    Scoring.PENALTY: _l("Mỗi ý đúng một phần điểm, chọn sai bị trừ lại"),
}
SHOWN_ROWS = 4


def lines_kept(value: Any) -> Any:
    """Tidy a text of several lines without joining them."""
    return "\n".join(clean(line) for line in stored_text(value).split("\n")).strip() if isinstance(value, str) else value


def lines_of(text: str | None) -> list[str]:
    return [line for line in (text or "").split("\n") if line.strip()]


class Row(BaseForm):
    """A row of a list: `id` is what answers and statistics know it by, and stays when the text changes."""

    class Meta(BaseForm.Meta):
        csrf = False

    order: ClassVar[tuple[str, ...]] = ()  # of its fields, where it is another than that of their definition
    id = HiddenField()

    def shown_fields(self) -> list[Any]:
        names = self.order or [field.short_name for field in self if not isinstance(field, HiddenField)]
        return [self[name] for name in names]

    def hidden_fields(self) -> list[Any]:
        return [field for field in self if isinstance(field, HiddenField)]

    @property
    def empty(self) -> bool:
        return not any(field.data for field in self if isinstance(field, StringField) and not isinstance(field, HiddenField))


class TextRow(Row):
    text = StringField(_l("Nội dung"), validators=[Length(max=LINE)])


def rows(form: type[Row], label: Any, *, most: int = MOST_OPTIONS, description: Any = "") -> FieldList:
    return FieldList(FormField(form), label=label, max_entries=most, description=description)


def scoring_field(*allowed: Scoring) -> SelectField:
    return SelectField(
        _l("Cách tính điểm"), choices=lambda: [(one.value, SCORING_NAMES[one]) for one in allowed], default=Scoring.ALL.value
    )


class ItemForm(BaseForm):
    """A question. Subclasses add what their kind needs, write it (`written`) and read it back (`shown`)."""

    kind: ClassVar[str]
    own: ClassVar[tuple[str, ...]]  # the fields and lists of this kind, in the order in which they are filled in
    lists: ClassVar[tuple[str, ...]] = ()
    least_rows: ClassVar[int] = 2
    needs_picture: ClassVar[bool] = False

    code = StringField(
        _l("Mã câu hỏi"),
        validators=[Optional(), Regexp(CODE, message=_l("Mã chỉ gồm chữ không dấu, số, dấu chấm và gạch nối"))],
        description=_l("Để trống thì ngân hàng tự đặt mã."),
    )
    base = HiddenField()
    topic = SelectField(_l("Chủ đề"), validators=[Needed(_l("Chưa chọn chủ đề"))])
    level = SelectField(_l("Mức độ"))
    purpose = SelectField(_l("Dùng để"))
    stem = TextAreaField(
        _l("Câu dẫn"),
        filters=(lines_kept,),
        validators=[Needed(_l("Chưa nhập câu dẫn")), Length(max=TEXT)],
        description=_l("Viết **hai dấu sao** quanh chữ cần in đậm, ví dụ **không**."),
    )
    picture = HiddenField()
    picture_file = FileField(
        _l("Hình"), description=_l("PNG, JPEG, WebP hoặc GIF, tối đa 2 MB. Thông tin kèm trong tệp (nơi chụp, máy chụp) được bỏ đi.")
    )
    alt = TextAreaField(
        _l("Lời mô tả hình"),
        filters=(lines_kept,),
        validators=[Length(max=LONGEST_ALT)],
        description=_l("Nói những gì người không nhìn thấy hình cần biết để trả lời."),
    )
    drop_picture = BooleanField(_l("Bỏ hình này"))
    explanation = TextAreaField(
        _l("Lời giải thích"),
        filters=(lines_kept,),
        validators=[Length(max=TEXT)],
        description=_l("Vì sao đáp án đúng. Hiện cho người làm bài sau khi công bố đáp án."),
    )
    legal_basis = TextAreaField(
        _l("Căn cứ pháp lý"),
        filters=(lines_kept,),
        validators=[Length(max=TEXT)],
        description=_l("Tên, số hiệu văn bản và điều khoản."),
    )
    valid_from = DayField(_l("Có hiệu lực từ ngày"))
    valid_to = DayField(_l("Hết hiệu lực từ ngày"), description=_l("Từ ngày này câu hỏi không vào đề nữa. Để trống nếu chưa biết."))
    competency = StringField(_l("Năng lực"), validators=[Length(max=200)], description=_l("Ví dụ: 2.3"))
    framework = StringField(_l("Khung năng lực"), validators=[Length(max=200)], description=_l("Tên và phiên bản, ví dụ: DigComp 3.0"))
    lesson = SelectField(_l("Bài học để học lại"), validate_choice=False)
    tags = StringField(_l("Nhãn"), validators=[Length(max=2000)], description=_l("Cách nhau bằng dấu phẩy."))
    change_note = StringField(_l("Ghi chú về lần sửa này"), validators=[Length(max=500)])

    def __init__(self, *args: Any, topics: Sequence[tuple[str, str]] = (), lessons: Sequence[tuple[str, str]] = (), **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.topic.choices = [("", _("Chọn chủ đề")), *topics]
        self.level.choices = [(level.value, _(LEVEL_NAMES[level])) for level in LEVELS]
        self.purpose.choices = [(one.value, _(PURPOSE_NAMES[one])) for one in PURPOSE_NAMES]
        known = {slug for slug, _title in lessons}
        other = [(self.lesson.data, self.lesson.data)] if self.lesson.data and self.lesson.data not in known else []
        self.lesson.choices = [("", _("Không có")), *lessons, *other]
        for name in self.lists:
            while len(self[name]) < self.least_rows:
                self[name].append_entry()

    # ---- what subclasses say

    def written(self) -> Written:
        """Body, key and reasons as this form has them."""
        raise NotImplementedError

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        """The values of the fields of this kind."""
        raise NotImplementedError

    # ---- the whole

    @classmethod
    def values_of(cls, draft: ItemDraft) -> dict[str, Any]:
        """What the fields show of an item that there is."""
        picture = draft.body.get("picture") or {}
        plain = (
            "code",
            "topic",
            "level",
            "stem",
            "explanation",
            "legal_basis",
            "valid_from",
            "valid_to",
            "competency",
            "framework",
            "lesson",
        )
        return {
            **{name: getattr(draft, name) for name in plain},
            "purpose": draft.purpose or ItemPurpose.BOTH.value,
            "tags": ", ".join(draft.tags),
            "picture": picture.get("sha256", ""),
            "alt": picture.get("alt", ""),
            **cls.shown(draft),
        }

    def draft(self, code: str, sizes: Mapping[str, Size]) -> ItemDraft:
        """The item as it is written. `sizes`: of the pictures there are."""
        written = self.written()
        picture = {}
        size = sizes.get(self.picture.data or "")
        if size is not None:
            picture = {"picture": {"sha256": self.picture.data, "alt": self.alt.data or "", "width": size.width, "height": size.height}}
        return ItemDraft(
            code=code,
            topic=self.topic.data or "",
            kind=self.kind,
            level=self.level.data or "",
            stem=self.stem.data or "",
            body=written.body | picture,
            key=written.key,
            explanation=self.explanation.data or "",
            whys=written.whys,
            legal_basis=self.legal_basis.data or None,
            valid_from=self.valid_from.day,
            valid_to=self.valid_to.day,
            competency=self.competency.data or None,
            framework=self.framework.data or None,
            lesson=self.lesson.data or None,
            tags=tuple(tag for one in (self.tags.data or "").split(",") if (tag := tidy_tag(one)))[:MOST_TAGS],
            purpose=self.purpose.data or None,
        )

    def act(self, action: str) -> bool:
        """Carry out a button of a list (`add-options`, `drop-options-2`, `up-options-2`); False: it is none of them."""
        verb, _sign, rest = action.partition("-")
        name, _sign, place = rest.partition("-")
        if name not in self.lists or verb not in ("add", "drop", "up"):
            return False
        field = self[name]
        values = [entry.data for entry in field]
        number = int(place) if place.isdecimal() and len(place) < 4 else -1
        if verb == "add" and len(values) < field.max_entries:
            values.append({})
        elif verb == "drop" and 0 <= number < len(values):
            del values[number]
        elif verb == "up" and 0 < number < len(values):
            values[number - 1], values[number] = values[number], values[number - 1]
        while len(field):
            field.pop_entry()
        for value in values:
            field.append_entry(value or None)
        while len(field) < self.least_rows:
            field.append_entry()
        return True

    def own_fields(self) -> list[Any]:
        return [self[name] for name in self.own]

    def filled(self, name: str) -> list[Any]:
        """The rows of a list that have something in them, each with an id of its own."""
        given = [entry.form for entry in self[name] if not entry.form.empty]
        used = {row.id.data for row in given}
        free = (letter for letter in LETTERS if letter not in used)
        seen: set[str] = set()
        for row in given:
            if not row.id.data or row.id.data in seen:
                row.id.data = next(free)
            seen.add(row.id.data)
        return given


def named(given: Iterable[Any]) -> list[dict[str, Any]]:
    return [{"id": row.id.data, "text": row.text.data or ""} for row in given]


def whys_of(given: Iterable[Any]) -> dict[str, str]:
    return {row.id.data: row.why.data for row in given if row.why.data}


def scoring_of_form(form: Any) -> dict[str, str]:
    """`scoring`, where it is another than the usual one."""
    return {} if form.scoring.data == Scoring.ALL.value else {"scoring": form.scoring.data}
