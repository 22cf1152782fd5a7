"""The manager's panel of the first page: is my agency on time?"""

from __future__ import annotations

from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.feature import HomePanel
from lms.kit.access import permission_table
from lms.kit.actors import Actor
from lms.kit.clock import Quarter
from lms.kit.i18n import quarter_label
from lms.reports import queries
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
