"""Results for those entitled: own subtree only, every number opening to the people behind it."""

from __future__ import annotations

from typing import Any

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from lms.accounts.rules.people import ABSENCE_NAMES
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, local_date, now
from lms.kit.formats import percent, short_datetime
from lms.kit.i18n import quarter_label
from lms.kit.unit import reading, settings, transaction
from lms.kit.web import page_after
from lms.reports import operations, queries
from lms.reports.documents import Kind
from lms.reports.feeds import report_json
from lms.reports.file_views import document
from lms.reports.reading import Result, find_activity, find_agency, previous_figures, quarter_of, read_result
from lms.reports.workbook import results_workbook
from lms.results import queries as ledger
from lms.results.rules import Figures, PeopleList

blueprint = Blueprint("reports", __name__, url_prefix="/reports", template_folder="templates")
PAGE_SIZE = 50


@blueprint.get("/")
@requires("reports.view")
def index() -> str:
    """The quarters there are."""
    with reading() as session:
        activities = ledger.activities(session)
        published = set(queries.published_periods(session))
        newest = queries.newest_reports(session)
    quarters = [(Quarter.from_code(activity.period), activity) for activity in activities]
    return render_template("reports/index.html", quarters=quarters, published=published, newest=newest)


@blueprint.get("/<quarter>/")
@requires("reports.view")
def entrances(quarter: str) -> str | BaseResponse:
    """The agencies a reader starts from; with a single one, straight to it."""
    period = quarter_of(quarter)
    with reading() as session:
        activity = find_activity(session, period)
        nodes = queries.entrances(session, scope_of("reports.view"), activity.counted_on)
    if len(nodes) == 1:
        return redirect(url_for("reports.agency", quarter=str(period), code=nodes[0].code))
    return render_template("reports/entrances.html", quarter=period, nodes=nodes)


@blueprint.get("/<quarter>/<code>")
@requires("reports.view")
def agency(quarter: str, code: str) -> str:
    """One agency's result with its charts."""
    at = now()
    with reading() as session:
        result = _result(session, quarter, code)
        node = result.report.node
        context = {
            "before": previous_figures(session, result.quarter, node.id, at) or {},
            "groups": queries.position_groups(session),
            "histogram": ledger.histogram(session, result.activity, node.id),
            "outside": ledger.outside_the_denominator(session, result.activity) if node.parent_id is None else 0,
            "path": queries.path(session, node.id, result.activity.counted_on, scope_of("reports.view")),
        }
    return render_template("reports/agency.html", result=result, percent=percent, change=_change, **context)


@blueprint.get("/<quarter>/<code>.json")
@requires("reports.view")
def agency_json(quarter: str, code: str) -> Response:
    with reading() as session:
        result = _result(session, quarter, code)
    body = report_json(result.report, result.children, period=result.quarter.code, state=result.state, counted_at=result.counted_at)
    return jsonify(body)


@blueprint.get("/<quarter>/<code>.xlsx")
@requires("reports.view")
def agency_workbook(quarter: str, code: str) -> Response:
    """The table of a frozen result, the same bytes each time; before that, of the ledger as it stands."""
    with reading() as session:
        result = _result(session, quarter, code)
    if result.revision is not None:
        return document(quarter, code, Kind.XLSX)
    body = results_workbook(
        result.report,
        result.children,
        agency_name=result.report.node.name,
        period_label=result.quarter.label,
        counted=f"lúc {short_datetime(result.counted_at, settings().zone)}",
        frozen=False,
    )
    response = Response(body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename=f"ket-qua-{result.quarter}-{result.report.node.code}.xlsx")
    return response


@blueprint.get("/<quarter>/<code>/people")
@requires("reports.view")
def people(quarter: str, code: str) -> str:
    """The people behind a figure: numerator or denominator, by given name."""
    with reading() as session:
        period = quarter_of(quarter)
        activity = find_activity(session, period)
        agency_id = find_agency(session, activity, code, scope_of("reports.view"), local_date(now(), settings().zone))
        which, group = _people_list(), request.args.get("group") or None
        rows = ledger.people(session, activity, agency_id, which, group_code=group, after=page_after(), limit=PAGE_SIZE + 1)
        count = ledger.count_people(session, activity, agency_id, which, group)
        groups = {entry.code: entry.names for entry in queries.position_groups(session)}
        node = next((entry for entry in queries.nodes(session, activity.counted_on, agency_id) if entry.id == agency_id), None)
        if node is None:  # founded after the counting day
            raise NotFound
    more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return render_template(
        "reports/people.html",
        quarter=period,
        node=node,
        which=which,
        group=group,
        groups=groups,
        reason_names=ABSENCE_NAMES,
        rows=rows[:PAGE_SIZE],
        count=count,
        after=f"{more.sort_key}~{more.person_id}" if more else None,
        first_page="after" not in request.args,
    )


@blueprint.post("/<quarter>/build")
@requires("reports.publish")
def build(quarter: str) -> BaseResponse:
    """Freeze the quarter's results."""
    period = quarter_of(quarter)
    with transaction() as session:
        operations.build_report(session, current_actor(), find_activity(session, period), now())
    flash(_("Đã chốt số liệu %(quarter)s.", quarter=quarter_label(period)), "success")
    return redirect(url_for("reports.index"), 303)


@blueprint.get("/<quarter>/publish")
@requires("reports.publish")
def confirm_publish(quarter: str) -> str | BaseResponse:
    """What publishing will show to everyone, before it does."""
    period = quarter_of(quarter)
    with reading() as session:
        report = queries.current_report(session, find_activity(session, period).key)
        if report is None or report.state != "draft":
            return redirect(url_for("reports.index"))
        return render_template("reports/publish.html", quarter=period, report=report)


@blueprint.post("/<quarter>/publish")
@requires("reports.publish")
def publish(quarter: str) -> BaseResponse:
    """Make the quarter's newest frozen results public."""
    period = quarter_of(quarter)
    with transaction() as session:
        operations.publish_report(session, current_actor(), period.code, now())
    flash(_("Đã công bố kết quả %(quarter)s.", quarter=quarter_label(period)), "success")
    return redirect(url_for("reports.index"), 303)


def _result(session: Session, quarter: str, code: str) -> Result:
    at = now()
    period = quarter_of(quarter)
    activity = find_activity(session, period)
    agency_id = find_agency(session, activity, code, scope_of("reports.view"), local_date(at, settings().zone))
    return read_result(session, period, activity, agency_id, at)


def _people_list() -> PeopleList:
    try:
        return PeopleList(request.args.get("list", PeopleList.EXPECTED))
    except ValueError as error:
        raise NotFound from error


def _change(now_: Figures, before: Figures | None) -> dict[str, Any] | None:
    """Difference of participation and pass rate to the quarter before, in percentage points."""
    if before is None:
        return None
    pairs = {
        "participation": (percent(now_.took_part, now_.expected), percent(before.took_part, before.expected)),
        "passing": (percent(now_.passed, now_.took_part), percent(before.passed, before.took_part)),
    }
    return {name: None if a is None or b is None else a - b for name, (a, b) in pairs.items()}
