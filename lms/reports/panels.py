"""What results have to say on other pages: is my agency on time, does a draft wait for its word, is a round to be frozen?"""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.feature import HomePanel
from lms.kit.access import permission_table
from lms.kit.actors import Actor
from lms.kit.clock import Quarter, local_date
from lms.kit.i18n import quarter_label
from lms.kit.unit import settings
from lms.reports import queries
from lms.reports.forms import FreezeForm
from lms.reports.operations.planning import plan_of
from lms.reports.queries import life
from lms.reports.queries.consulting import silent_agencies_of
from lms.reports.reading import read_result
from lms.results import queries as ledger

MOST_AGENCIES = 5


def agency_progress(session: Session, actor: Actor, at: datetime) -> HomePanel | None:
    """The newest quarter's participation of the agencies this person answers for."""
    table = permission_table()
    if not actor.has("reports.view", table):
        return None
    activities = ledger.activities(session)
    if not activities:
        return None
    activity = activities[0]
    quarter = Quarter.from_code(activity.period)
    nodes = queries.entrances(session, actor.scope("reports.view", table), activity.counted_on)[:MOST_AGENCIES]
    results = [read_result(session, quarter, activity, node.id, at) for node in nodes]
    context = {"title": _("Kết quả %(quarter)s", quarter=quarter_label(quarter)), "quarter": quarter, "results": results}
    return HomePanel("reports/_home_panel.html", context, order=40)


def drafts_that_wait(session: Session, actor: Actor, at: datetime) -> HomePanel | None:
    """Drafts this person may speak of, and nobody of the agency has."""
    if actor.person_id is None or not actor.has("reports.respond", permission_table()):
        return None
    today = local_date(at, settings().zone)
    waiting = [
        (Quarter.from_code(report.period), report.consultation_until, agency)
        for report in life.consulting_reports(session)
        if report.consultation_until is not None and at < report.consultation_until
        for agency in silent_agencies_of(session, report.id, actor.person_id, today)
    ]
    return HomePanel("reports/_drafts_panel.html", {"waiting": waiting}, order=15) if waiting else None


def round_panel(session: Session, actor: Actor, activity: str, at: datetime) -> HomePanel | None:
    """On the page of a round that is over, for those who freeze its results: where they stand, and the next step."""
    if not actor.has("reports.publish", permission_table()):
        return None
    found = next((one for one in ledger.activities(session) if one.key == activity), None)
    if found is None or ledger.activity_of_period(session, found.period) != found:
        return None
    report = life.newest_with_building(session).get(activity)
    context = {"quarter": Quarter.from_code(found.period), "report": report, "plan": plan_of(session, activity), "form": FreezeForm()}
    return HomePanel("reports/_round_panel.html", context, order=20)
