"""How rules of rounds are said on pages: lines with their values turned into names and dates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import date
from typing import Any
from uuid import UUID

from flask.sansio.app import App
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.accounts.rules.people import IT_DUTY_NAMES, ITDuty
from lms.agencies.queries import agency_names
from lms.kit import formats
from quizzes.queries.audience import group_names
from quizzes.rules.audience import EXCLUSION_NAMES, LEFT_OUT_NAMES, Decision, Line
from quizzes.rules.bank import LEVEL_NAMES, Level
from quizzes.rules.checklist import Finding
from quizzes.rules.counting import COUNTING_NAMES, Counting
from quizzes.rules.rounds import PURPOSE_NAMES, Purpose
from quizzes.views.topics import topic_name


class _Names:
    """Reasons by their keys; a word that came with a roster is shown as it is."""

    def reason(self, code: str) -> str:
        return str(_(EXCLUSION_NAMES[code])) if code in EXCLUSION_NAMES else code

    def left_out(self, code: str) -> str:
        return str(_(LEFT_OUT_NAMES[code])) if code in LEFT_OUT_NAMES else code


audience_names = _Names()


def said_lines(lines: Iterable[Line]) -> list[str]:
    return [str(_(line.text, **line.values)) if line.values else str(_(line.text)) for line in lines]


def said_decision(session: Session, decision: Decision, on: date) -> list[tuple[bool, str]]:
    """The reasons of a decision as sentences, each with whether its condition is met."""
    ids = [value for line in decision.lines for value in line.values.values() if isinstance(value, UUID)]
    agencies, groups = agency_names(session, ids, on), group_names(session)
    said = []
    for line in decision.lines:
        values = {name: _value(name, value, agencies, groups) for name, value in line.values.items()}
        said.append((line.holds, str(_(line.text, **values)) if values else str(_(line.text))))
    return said


def _value(name: str, value: Any, agencies: Mapping[UUID, str], groups: Mapping[str, str]) -> str:
    if isinstance(value, UUID):
        return agencies.get(value, "?")
    if isinstance(value, date):
        return formats.short_date(value)
    if name == "group":
        return str(_("nhóm %(name)s", name=groups.get(value, value)))
    if name == "duty" and value in tuple(ITDuty):
        return str(_(IT_DUTY_NAMES[ITDuty(value)]))
    return audience_names.reason(value) if name == "absence" else str(value)


def said_finding(finding: Finding) -> str:
    """A line of the check list in the reader's language."""
    values = {name: _shown(name, value) for name, value in finding.values.items()}
    return str(_(finding.text, **values)) if values else str(_(finding.text))


def _shown(name: str, value: Any) -> Any:
    if isinstance(value, date):
        return formats.short_date(value)
    if name == "topic":
        return topic_name(value)
    return _(LEVEL_NAMES[Level(value)]) if name == "level" and value in tuple(Level) else value


def purpose_of_round(purpose: str) -> str:
    return str(_(PURPOSE_NAMES[Purpose(purpose)]))


def counting_name(counting: str) -> str:
    return str(_(COUNTING_NAMES[Counting(counting)]))


def init_filters(app: App) -> None:
    app.jinja_env.filters.update(said_finding=said_finding, round_purpose=purpose_of_round, counting_name=counting_name)
