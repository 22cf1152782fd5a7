"""Questions answered by ticking: options with one or several right ones, true or false, groups of statements."""

from __future__ import annotations

from typing import Any, ClassVar

from flask_babel import lazy_gettext as _l
from wtforms import BooleanField, RadioField, SelectField, StringField
from wtforms.validators import Length

from quizzes.forms.editor.base import LINE, ItemForm, TextRow, named, rows, scoring_field, scoring_of_form, whys_of
from quizzes.interchange.yaml_kinds import Written
from quizzes.kinds.answers import keyed
from quizzes.kinds.base import Scoring
from quizzes.kinds.true_false import FALSE, TRUE
from quizzes.rules.bank import ItemDraft


class OptionRow(TextRow):
    right = BooleanField(_l("Đáp án đúng"))
    why = StringField(_l("Vì sao đúng, vì sao sai"), validators=[Length(max=LINE)])


class StatementRow(TextRow):
    right = SelectField(_l("Nhận định này"), choices=lambda: [(TRUE, _l("Đúng")), (FALSE, _l("Sai"))], default=FALSE)
    why = StringField(_l("Vì sao"), validators=[Length(max=LINE)])


class SingleChoiceForm(ItemForm):
    kind = "single_choice"
    lists = ("options",)
    least_rows = 4
    own: ClassVar[tuple[str, ...]] = ("options",)
    options = rows(OptionRow, _l("Phương án"))

    def written(self) -> Written:
        given = self.filled("options")
        return Written({"options": named(given)}, sorted(row.id.data for row in given if row.right.data), whys_of(given))

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        return {
            "options": [
                {**option, "right": option["id"] in draft.key, "why": draft.whys.get(option["id"], "")} for option in draft.body["options"]
            ]
        }


class MultipleChoiceForm(SingleChoiceForm):
    kind = "multiple_choice"
    own = ("options", "scoring")
    scoring = scoring_field(*Scoring)

    def written(self) -> Written:
        written = super().written()
        return Written(written.body | scoring_of_form(self), written.key, written.whys)

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        return {**super().shown(draft), "scoring": draft.body.get("scoring", Scoring.ALL)}


class TrueFalseForm(ItemForm):
    kind = "true_false"
    own = ("right",)
    right = RadioField(_l("Nhận định ở câu dẫn"), choices=lambda: [(TRUE, _l("Đúng")), (FALSE, _l("Sai"))], validate_choice=False)

    def written(self) -> Written:
        return Written({}, [self.right.data] if self.right.data else [])

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        return {"right": draft.key[0]}


class StatementGroupForm(ItemForm):
    kind = "statement_group"
    lists = ("statements",)
    own = ("statements", "scoring")
    statements = rows(StatementRow, _l("Nhận định"))
    scoring = scoring_field(Scoring.ALL, Scoring.PARTIAL)

    def written(self) -> Written:
        given = self.filled("statements")
        key = [f"{row.id.data}={row.right.data}" for row in given]
        return Written({"statements": named(given)} | scoring_of_form(self), key, whys_of(given))

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        right = keyed(draft.key)
        return {
            "statements": [{**one, "right": right[one["id"]], "why": draft.whys.get(one["id"], "")} for one in draft.body["statements"]],
            "scoring": draft.body.get("scoring", Scoring.ALL),
        }
