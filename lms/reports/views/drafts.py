"""An agency reads its draft and says its word."""

from __future__ import annotations

from datetime import date
from uuid import UUID

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import Actor, NotFound, Role
from lms.kit.clock import Quarter, local_date, now
from lms.kit.unit import reading, settings, transaction
from lms.reports import operations, queries
from lms.reports.forms import VerdictForm
from lms.reports.frozen import thaw
from lms.reports.models import Report, ReportState, Verdict
from lms.reports.queries import life
from lms.reports.queries.bodies import agency_body
from lms.reports.queries.consulting import speaks_as, verdicts_of
from lms.reports.reading import find_activity, quarter_of
from lms.reports.views.life import blueprint
from lms.results import queries as ledger


@blueprint.get("/drafts/")
@requires("reports.respond")
def drafts() -> str:
    """The drafts an agency's people are asked about."""
    at = now()
    today = local_date(at, settings().zone)
    with reading() as session:
        found = []
        for one in life.consulting_reports(session):
            nodes = queries.entrances(session, scope_of("reports.respond"), today)
            said = {verdict.agency_id: verdict for verdict in verdicts_of(session, one.id)}
            found.append((Quarter.from_code(one.period), one, [(node, said.get(node.id)) for node in nodes]))
    return render_template("reports/life_drafts.html", found=found)


@blueprint.get("/<quarter>/<uuid:agency_id>")
@requires("reports.respond")
def draft(quarter: str, agency_id: UUID) -> str:
    """An agency's draft with its word."""
    return _draft_page(quarter, agency_id, VerdictForm())


@blueprint.post("/<quarter>/<uuid:agency_id>")
@requires("reports.respond")
def say(quarter: str, agency_id: UUID) -> str | BaseResponse | tuple[str, int]:
    """Confirm or object."""
    form = VerdictForm()
    if not form.validate_on_submit():
        return _draft_page(quarter, agency_id, form), 422
    at, actor = now(), current_actor()
    with transaction() as session:
        found = _consulted(session, quarter)
        said_as = _speaks_as(session, actor, found, agency_id)
        verdict = Verdict(form.verdict.data)
        operations.say_verdict(session, actor, found.id, agency_id, verdict=verdict, text=form.text.data or "", said_as=said_as, at=at)
    flash(_("Đã ghi ý kiến của cơ quan."), "success")
    return redirect(url_for("report_life.draft", quarter=quarter, agency_id=agency_id), 303)


def _draft_page(quarter: str, agency_id: UUID, form: VerdictForm) -> str:
    at = now()
    with reading() as session:
        found = _consulted(session, quarter)
        said_as = _speaks_as(session, current_actor(), found, agency_id)
        body = agency_body(session, found, agency_id)
        if body is None:
            raise NotFound
        said = verdicts_of(session, found.id, agency_id)
    result, children = thaw(body)
    return render_template(
        "reports/life_draft.html",
        quarter=quarter_of(quarter),
        report=found,
        body=body,
        result=result,
        children=children,
        counted_on=date.fromisoformat(body.report.counted_on),
        said=said[0] if said else None,
        said_as=said_as,
        may_speak=found.state == ReportState.CONSULTING and found.consultation_until is not None and at < found.consultation_until,
        form=form,
    )


def _consulted(session: Session, quarter: str) -> Report:
    """The newest revision agencies were asked about. Raises NotFound."""
    activity = find_activity(session, quarter_of(quarter))
    found = queries.current_report(session, activity.key)
    if found is None or found.consultation_opened_at is None:
        raise NotFound
    return found


def _speaks_as(session: Session, actor: Actor, report: Report, agency_id: UUID) -> Role:
    """Raises NotFound where this person does not speak for the agency."""
    today = local_date(now(), settings().zone)
    activity = ledger.activity_of_period(session, report.period)
    if actor.person_id is None or activity is None:
        raise NotFound
    role = speaks_as(session, actor.person_id, agency_id, (activity.counted_on, today), today)
    if role is None:
        raise NotFound
    return role
