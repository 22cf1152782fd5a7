"""The forms in which authors write questions, one for each kind."""

from __future__ import annotations

from quizzes.forms.editor.base import ItemForm
from quizzes.forms.editor.choices import MultipleChoiceForm, SingleChoiceForm, StatementGroupForm, TrueFalseForm
from quizzes.forms.editor.others import EssayForm, HotspotForm
from quizzes.forms.editor.pairs import MatchingForm, OrderingForm
from quizzes.forms.editor.typed import ClozeForm, NumericForm, ShortAnswerForm

FORMS: dict[str, type[ItemForm]] = {
    form.kind: form
    for form in (
        SingleChoiceForm,
        MultipleChoiceForm,
        TrueFalseForm,
        StatementGroupForm,
        MatchingForm,
        OrderingForm,
        NumericForm,
        ShortAnswerForm,
        ClozeForm,
        HotspotForm,
        EssayForm,
    )
}

__all__ = ["FORMS", "ItemForm"]
