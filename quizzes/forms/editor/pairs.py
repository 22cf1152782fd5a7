"""Pairs and orders."""

from __future__ import annotations

from typing import Any

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from wtforms import SelectField

from quizzes.forms.editor.base import ItemForm, TextRow, named, rows, scoring_field, scoring_of_form
from quizzes.interchange.yaml_kinds import Written
from quizzes.kinds.answers import keyed
from quizzes.kinds.base import Scoring
from quizzes.rules.bank import ItemDraft


class PremiseRow(TextRow):
    match = SelectField(_l("Ghép với"), validate_choice=False)

    @property
    def empty(self) -> bool:
        return not self.text.data


class MatchingForm(ItemForm):
    """The pair of a premise is named by the place of its option: the first, the second …"""

    kind = "matching"
    lists = ("premises", "options")
    own = ("options", "premises", "scoring")
    premises = rows(PremiseRow, _l("Vế trái"))
    options = rows(TextRow, _l("Vế phải"))
    scoring = scoring_field(Scoring.ALL, Scoring.PARTIAL)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.name_matches()

    def act(self, action: str) -> bool:
        done = super().act(action)
        self.name_matches()
        return done

    def name_matches(self) -> None:
        """Let each premise choose among the options as they are now."""
        options = [(row.id.data, f"{number}. {(row.text.data or '')[:60]}") for number, row in enumerate(self.filled("options"), start=1)]
        for entry in self.premises:
            entry.form.match.choices = [("", _("Chọn vế phải")), *options]

    def written(self) -> Written:
        premises, options = self.filled("premises"), self.filled("options")
        key = sorted(f"{row.id.data}={row.match.data}" for row in premises if row.match.data)
        return Written({"premises": named(premises), "options": named(options)} | scoring_of_form(self), key)

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        right = keyed(draft.key)
        return {
            "premises": [{**one, "match": right[one["id"]]} for one in draft.body["premises"]],
            "options": draft.body["options"],
            "scoring": draft.body.get("scoring", Scoring.ALL),
        }


class OrderingForm(ItemForm):
    """The rows stand in the right order; papers show them in others."""

    kind = "ordering"
    lists = ("steps",)
    least_rows = 3
    own = ("steps", "scoring")
    steps = rows(TextRow, _l("Các bước, theo thứ tự đúng"))
    scoring = scoring_field(Scoring.ALL, Scoring.PARTIAL)

    def written(self) -> Written:
        given = self.filled("steps")
        key = sorted(f"{row.id.data}={place}" for place, row in enumerate(given, start=1))
        # Stored in the order of their ids, which says nothing about the right one.
        return Written({"steps": sorted(named(given), key=lambda one: one["id"])} | scoring_of_form(self), key)

    @classmethod
    def shown(cls, draft: ItemDraft) -> dict[str, Any]:
        places = keyed(draft.key)
        return {
            "steps": sorted(draft.body["steps"], key=lambda one: int(places[one["id"]])),
            "scoring": draft.body.get("scoring", Scoring.ALL),
        }
