"""The year of tests: four quarters × phases, with what speaks against a date."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, redirect, render_template, url_for
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import requires
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter
from lms.kit.unit import reading, settings
from lms.kit.working_days import holidays_of
from quizzes.queries import rounds as queries
from quizzes.queries.round_plans import make_up_spans, other_rounds, plan_view, planned_dates, rounds_of_year
from quizzes.rules.calendar import PHASE_NAMES, date_findings, phases, usual_dates
from quizzes.rules.rounds import Purpose
from quizzes.views.words import today

blueprint = Blueprint("round_calendar", "quizzes", url_prefix="/manage/rounds/calendar", template_folder="templates")


@blueprint.get("")
@requires("quizzes.manage_rounds")
def this_year() -> AnyResponse:
    return redirect(url_for(".year", number=today().year))


@blueprint.get("/<int:number>")
@requires("quizzes.manage_rounds")
def year(number: int) -> str:
    """A year: a row for each quarter, and the days on which offices are closed."""
    if not 2000 <= number <= 2100:
        raise NotFound
    with reading() as session:
        shown = [_shown(session, code) for code in rounds_of_year(session, number)]
    quarters = [Quarter(number, one) for one in (1, 2, 3, 4)]
    return render_template(
        "quizzes/round_calendar.html",
        year=number,
        quarters=[
            {
                "quarter": quarter,
                "rounds": [one for one in shown if one["round"].quarter == str(quarter)],
                "usual": None
                if any(one["round"].quarter == str(quarter) and one["round"].purpose == Purpose.QUARTERLY for one in shown)
                else phases(usual_dates(quarter, settings().zone), settings().zone),
            }
            for quarter in quarters
        ],
        phase_names=PHASE_NAMES,
        holidays=holidays_of(number),
    )


def _shown(session: Session, code: str) -> dict[str, Any]:
    zone = settings().zone
    view = queries.round_by_code(session, code)
    plan = plan_view(session, view.id)
    dates = planned_dates(view, plan, make_up_spans(session, view.id))
    counts = view.purpose != Purpose.PRACTICE
    return {
        "round": view,
        "phases": phases(dates, zone),
        "findings": date_findings(dates, other_rounds(session, view), zone, counts=counts),
    }
