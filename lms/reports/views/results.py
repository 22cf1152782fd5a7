"""Results for those entitled: own subtree only, every number opening to the people behind it."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, jsonify, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from lms.accounts.rules.people import ABSENCE_NAMES
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, local_date, now
from lms.kit.formats import percent, short_datetime
from lms.kit.i18n import in_locale, quarter_label
from lms.kit.unit import reading, settings, transaction
from lms.kit.web import page_after
from lms.reports import operations, queries
from lms.reports.documents import Kind
from lms.reports.documents.gap_workbook import gap_workbook
from lms.reports.documents.provisional_workbook import provisional_workbook
from lms.reports.feeds import report_json
from lms.reports.models import Report
from lms.reports.plugged import origins, panels
from lms.reports.reading import Result, find_activity, find_agency, previous_figures, quarter_of, read_result
from lms.reports.result_page import map_page, result_page
from lms.reports.rules.approving import SecondPerson
from lms.reports.rules.overview import Lens
from lms.reports.views.files import document
from lms.results import queries as ledger
from lms.results.queries import ActivityRow
from lms.results.rules import Figures, PeopleList

blueprint = Blueprint("reports", "lms.reports", url_prefix="/reports", template_folder="templates")
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
    """One agency's result with its charts: as it was frozen, beside the quarter before through the lens asked for; before that, counted
    from the ledger as it stands."""
    at = now()
    with reading() as session:
        frozen = _frozen(session, quarter, code)
        if frozen is not None:
            report, activity, agency_id = frozen
            shown = result_page(session, report, activity, agency_id, lens=_lens(), scope=scope_of("reports.view"))
            extra = panels(session, activity, agency_id, at)
            return render_template("reports/result.html", panels=extra, reason_names=ABSENCE_NAMES, percent=percent, **shown)
        result = _result(session, quarter, code)
        node = result.report.node
        context = {
            "before": previous_figures(session, result.quarter, node.id, at) or {},
            "groups": queries.position_groups(session),
            "histogram": ledger.histogram(session, result.activity, node.id),
            "outside": ledger.outside_the_denominator(session, result.activity) if node.parent_id is None else 0,
            "panels": panels(session, result.activity, node.id, at),
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
    counted = f"lúc {short_datetime(result.counted_at, settings().zone)}"
    body = provisional_workbook(result.report, result.children, period_label=result.quarter.label, counted=counted)
    response = Response(body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename=f"ket-qua-{result.quarter}-{result.report.node.code}.xlsx")
    return response


@blueprint.get("/<quarter>/<code>/gaps")
@requires("reports.view")
def gaps(quarter: str, code: str) -> str:
    """Agency × competence of a frozen result, of one position group or of all; cells of too few people are not shown."""
    with reading() as session:
        return render_template("reports/gaps.html", **_map(session, quarter, code))


@blueprint.get("/<quarter>/<code>/gaps.xlsx")
@requires("reports.view")
def gaps_workbook(quarter: str, code: str) -> Response:
    """The same map as a workbook."""
    with reading() as session:
        shown = _map(session, quarter, code)
        body = gap_workbook(shown["body"], shown["table"], shown["whole"], smallest=shown["smallest"], group=_group_name(shown))
    response = Response(body, mimetype="application/vnd.openxmlformats-officedocument.spreadsheetml.sheet")
    response.headers.set("Content-Disposition", "attachment", filename=f"noi-dung-{quarter_of(quarter)}-{shown['body'].agency.code}.xlsx")
    return response


@blueprint.get("/<quarter>/<code>/people")
@requires("reports.view")
def people(quarter: str, code: str) -> str:
    """The people behind a figure, numerator or denominator, by given name; of a frozen result as was known when it was frozen."""
    with reading() as session:
        period = quarter_of(quarter)
        activity = find_activity(session, period)
        agency_id = find_agency(session, activity, code, scope_of("reports.view"), local_date(now(), settings().zone))
        report = queries.current_report(session, activity.key)
        known = None if report is None else report.built_at
        which, group, reason = _people_list(), request.args.get("group") or None, request.args.get("reason") or None
        rows = ledger.people(
            session, activity, agency_id, which, group_code=group, reason=reason, after=page_after(), limit=PAGE_SIZE + 1, known=known
        )
        count = ledger.count_people(session, activity, agency_id, which, group, reason=reason, known=known)
        groups = {entry.code: entry.names for entry in queries.position_groups(session)}
        nodes = queries.nodes(session, activity.counted_on, agency_id, known=known)
        node = next((entry for entry in nodes if entry.id == agency_id), None)
        if node is None:  # founded after the counting day
            raise NotFound
        shown = rows[:PAGE_SIZE]
        papers = ledger.papers(session, activity, shown, known=known)
        sources = origins(session, activity.key, [row.source_id for row in shown if row.source_id is not None])
    more = rows[PAGE_SIZE - 1] if len(rows) > PAGE_SIZE else None
    return render_template(
        "reports/people.html",
        quarter=period,
        node=node,
        which=which,
        group=group,
        groups=groups,
        reason=reason,
        reason_names=ABSENCE_NAMES,
        report=report,
        papers=papers,
        origins=sources,
        rows=shown,
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
        rule = SecondPerson(settings().report_second_person)
        operations.publish_report(session, current_actor(), period.code, now(), rule=rule)
    flash(_("Đã công bố kết quả %(quarter)s.", quarter=quarter_label(period)), "success")
    return redirect(url_for("reports.index"), 303)


def _frozen(session: Session, quarter: str, code: str) -> tuple[Report, ActivityRow, UUID] | None:
    """The newest frozen report with the agency asked for; None where nothing is frozen. Raises NotFound beyond the reader's scope."""
    activity = find_activity(session, quarter_of(quarter))
    agency_id = find_agency(session, activity, code, scope_of("reports.view"), local_date(now(), settings().zone))
    report = queries.current_report(session, activity.key)
    return None if report is None else (report, activity, agency_id)


def _map(session: Session, quarter: str, code: str) -> dict[str, Any]:
    frozen = _frozen(session, quarter, code)
    if frozen is None:
        raise NotFound
    report, _activity, agency_id = frozen
    return map_page(session, report, agency_id, request.args.get("group") or None)


def _group_name(shown: dict[str, Any]) -> str | None:
    return next((in_locale(group.names) for group in shown["groups"] if group.code == shown["group"]), None)


def _lens() -> Lens:
    try:
        return Lens(request.args.get("lens", Lens.AS_REPORTED))
    except ValueError as error:
        raise NotFound from error


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
