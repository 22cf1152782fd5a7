"""A report's life as people see it: the department's list and page of a quarter, and each agency's page of its draft."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, stream_with_context, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse

from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import Actor, NotFound, Role
from lms.kit.clock import Quarter, local_date, now
from lms.kit.errors import N_, Conflict
from lms.kit.i18n import quarter_label
from lms.kit.unit import database, reading, settings, transaction
from lms.reports import operations, queries
from lms.reports.forms import AnswerForm, ConsultForm, FreezeForm, PlanForm, ScheduleForm, VerdictForm, WithdrawForm
from lms.reports.frozen import thaw
from lms.reports.models import Report, ReportState, Verdict
from lms.reports.operations.planning import plan_of, plan_report
from lms.reports.queries import life
from lms.reports.queries.bodies import agency_body, whole_file
from lms.reports.queries.correcting import corrections_of
from lms.reports.reading import find_activity, quarter_of
from lms.reports.rules.correcting import CAUSE_NAMES
from lms.results import queries as ledger

blueprint = Blueprint("report_life", "lms.reports", url_prefix="/manage/reports", template_folder="templates")

FIGURE_NAMES = {
    "expected": _l("Thuộc diện"),
    "excluded": _l("Miễn, hoãn"),
    "took_part": _l("Tham gia"),
    "passed": _l("Đạt"),
    "score_hundredths": _l("Tổng điểm × 100"),
    "good": _l("Giỏi"),
    "fair": _l("Khá"),
    "average": _l("Trung bình"),
    "weak": _l("Yếu"),
    "attempts": _l("Số lượt"),
}


@dataclass(frozen=True, slots=True)
class Step:
    """A step of the way from close to publication. `moment`: when it was taken, or until when it runs."""

    name: str
    state: str  # done, current, waiting
    moment: Any = None


@blueprint.get("/")
@requires("reports.publish")
def index() -> str:
    """Quarters with where their report stands and what comes next."""
    with reading() as session:
        newest = life.newest_with_building(session)
        public = life.public_reports(session)
        rows = [
            (Quarter.from_code(activity.period), activity, newest.get(activity.key), public.get(activity.key))
            for activity in ledger.activities(session)
            if ledger.activity_of_period(session, activity.period) == activity
        ]
        return render_template("reports/life_index.html", rows=rows, at=now())


@blueprint.get("/<quarter>/")
@requires("reports.publish")
def report(quarter: str) -> str:
    """One quarter: the way to publication, what agencies say, what a revision corrects, and the next step."""
    return _page(quarter)


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
            said = {verdict.agency_id: verdict for verdict in life.verdicts_of(session, one.id)}
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


@blueprint.post("/<quarter>/freeze")
@requires("reports.publish")
def freeze(quarter: str) -> BaseResponse:
    """Have the worker freeze the quarter's results as they are now."""
    form = FreezeForm()
    with transaction() as session:
        activity = find_activity(session, quarter_of(quarter))
        job = operations.request_freezing(session, current_actor(), activity.key, now(), form.because.data or None)
    return redirect(url_for("report_life.work", job_id=job), 303)


@blueprint.get("/progress/<uuid:job_id>")
@requires("reports.publish")
def work(job_id: UUID) -> str:
    """How far a long job is."""
    with reading() as session:
        view = life.work_of(session, job_id)
        found = session.get(Report, UUID(view.payload["report"])) if "report" in view.payload else None
    return render_template("reports/life_work.html", work=view, quarter=Quarter.from_code(found.period) if found else None)


@blueprint.post("/<quarter>/plan")
@requires("reports.publish")
def plan(quarter: str) -> str | BaseResponse | tuple[str, int]:
    form = PlanForm()
    if not form.validate_on_submit():
        return _page(quarter, plan=form), 422
    with transaction() as session:
        activity = find_activity(session, quarter_of(quarter))
        plan_report(
            session,
            current_actor(),
            activity.key,
            freezes=form.freezes.data,
            consults=form.consults.data,
            days=form.days.data,
            at=now(),
        )
    flash(_("Đã ghi kế hoạch chốt và lấy ý kiến."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/consult")
@requires("reports.publish")
def consult(quarter: str) -> str | BaseResponse | tuple[str, int]:
    """Ask the agencies."""
    form = ConsultForm()
    if not form.validate_on_submit():
        return _page(quarter, consult=form), 422
    with transaction() as session:
        found = _current(session, quarter)
        operations.open_consultation(session, current_actor(), found.id, form.days.data, zone=settings().zone, at=now())
    flash(_("Đã mở lấy ý kiến: các cơ quan xem được dự thảo của mình."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/end-consultation")
@requires("reports.publish")
def end_consultation(quarter: str) -> BaseResponse:
    with transaction() as session:
        operations.end_consultation(session, current_actor(), _current(session, quarter).id, now())
    flash(_("Đã kết thúc lấy ý kiến."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/answers/<uuid:verdict_id>")
@requires("reports.publish")
def answer(quarter: str, verdict_id: UUID) -> str | BaseResponse | tuple[str, int]:
    """Answer an agency's objection."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return _page(quarter, answer=form), 422
    with transaction() as session:
        operations.answer_objection(session, current_actor(), verdict_id, answer=form.answer.data, paper=form.paper.data, at=now())
    flash(_("Đã trả lời cơ quan."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/approve")
@requires("reports.publish")
def approve(quarter: str) -> BaseResponse:
    with transaction() as session:
        operations.approve_report(session, current_actor(), _current(session, quarter).id, now())
    flash(_("Đã duyệt. Công bố ngay hoặc hẹn thời điểm."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/take-back-approval")
@requires("reports.publish")
def take_back_approval(quarter: str) -> BaseResponse:
    with transaction() as session:
        operations.take_back_approval(session, current_actor(), _current(session, quarter).id, now())
    flash(_("Đã bỏ duyệt. Không có gì tự công bố."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/schedule")
@requires("reports.publish")
def schedule(quarter: str) -> str | BaseResponse | tuple[str, int]:
    """Publish at a set moment."""
    form = ScheduleForm()
    if not form.validate_on_submit():
        return _page(quarter, schedule=form), 422
    with transaction() as session:
        found = _current(session, quarter)
        operations.schedule_publication(session, current_actor(), found.id, form.moment(settings().zone), now())
    flash(_("Đã hẹn thời điểm công bố."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/publish")
@requires("reports.publish")
def publish(quarter: str) -> BaseResponse:
    """Publish what was approved, at once."""
    with transaction() as session:
        operations.publish_now(session, current_actor(), _current(session, quarter).id, now())
    flash(_("Đã công bố kết quả %(quarter)s.", quarter=quarter_label(quarter_of(quarter))), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/withdraw")
@requires("reports.publish")
def withdraw(quarter: str) -> str | BaseResponse | tuple[str, int]:
    form = WithdrawForm()
    if not form.validate_on_submit():
        return _page(quarter, withdraw=form), 422
    with transaction() as session:
        activity = find_activity(session, quarter_of(quarter))
        public = life.public_reports(session).get(activity.key)
        if public is None:
            raise Conflict(N_("Quý này không có báo cáo nào đang công bố."), code="nothing_public")
        operations.withdraw_report(session, current_actor(), public.id, form.reason.data, now())
    flash(_("Đã gỡ công bố. Trang công khai nêu lý do."), "success")
    return _back(quarter)


@blueprint.get("/<quarter>/report.json")
@requires("reports.publish")
def whole(quarter: str) -> Response:
    """The newest frozen report as one canonical file, for keeping and for `lms reports verify`."""
    with reading() as session:
        found = _current(session, quarter)
        if not found.sha256:
            raise NotFound
    kept = database()

    def parts() -> Iterator[str]:
        with kept.reading() as session:
            yield from whole_file(session, found.id)

    response = Response(stream_with_context(parts()), mimetype="application/json")
    response.headers.set("Content-Disposition", "attachment", filename=f"bao-cao-{quarter}-ban-{found.revision}.json")
    return response


def _page(quarter: str, **forms: Any) -> str:
    at = now()
    period = quarter_of(quarter)
    with reading() as session:
        activity = find_activity(session, period)
        revisions = life.reports_of(session, activity.key)
        current = next((one for one in revisions if one.state != ReportState.DISCARDED), None)
        public = next((one for one in revisions if one.state == ReportState.PUBLISHED), None)
        consultation = diff = None
        if current is not None and current.state != ReportState.BUILDING:
            diff = corrections_of(session, current.id, for_the_public=False)
            if current.consultation_opened_at is not None:
                consultation = life.consultation_of(session, current.id, local_date(at, settings().zone))
        planned = plan_of(session, activity.key)
    if "plan" not in forms:
        forms["plan"] = PlanForm(
            data={
                "freezes": planned.freezes_when_locked if planned else False,
                "consults": planned.consults_when_frozen if planned else False,
                "days": planned.consultation_days if planned else 3,
            }
        )
    made = {"freeze": FreezeForm, "consult": ConsultForm, "schedule": ScheduleForm, "withdraw": WithdrawForm, "answer": AnswerForm}
    return render_template(
        "reports/life.html",
        quarter=period,
        activity=activity,
        report=current,
        public=public,
        revisions=revisions,
        consultation=consultation,
        diff=diff,
        over=current is not None and current.consultation_until is not None and current.consultation_until <= at,
        steps=_steps(current, at),
        figure_names=FIGURE_NAMES,
        cause_names=CAUSE_NAMES,
        **{name: forms.get(name) or form() for name, form in made.items()},
        plan=forms["plan"],
    )


def _steps(report: Report | None, at: Any) -> list[Step]:
    """What was done, what is under way, what comes."""
    frozen = report is not None and report.state != ReportState.BUILDING
    asked = report.consultation_opened_at if report and frozen else None
    over = bool(report and report.consultation_until and report.consultation_until <= at)
    approved = report.approved_at if report and frozen else None
    published = report.published_at if report and frozen else None
    done = [
        (_("Chốt số liệu"), frozen, report.built_at if report else None),
        (_("Lấy ý kiến các cơ quan"), bool(asked and over) or bool(approved), report.consultation_until if report else None),
        (_("Duyệt"), bool(approved), approved),
        (_("Công bố"), bool(published), published or (report.publish_at if report else None)),
    ]
    current = next((place for place, (_name, is_done, _moment) in enumerate(done) if not is_done), len(done))
    return [
        Step(name, "done" if is_done else "current" if place == current else "waiting", moment)
        for place, (name, is_done, moment) in enumerate(done)
    ]


def _draft_page(quarter: str, agency_id: UUID, form: VerdictForm) -> str:
    at = now()
    with reading() as session:
        found = _consulted(session, quarter)
        said_as = _speaks_as(session, current_actor(), found, agency_id)
        body = agency_body(session, found, agency_id)
        if body is None:
            raise NotFound
        said = life.verdicts_of(session, found.id, agency_id)
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


def _current(session: Session, quarter: str) -> Report:
    found = queries.current_report(session, find_activity(session, quarter_of(quarter)).key)
    if found is None:
        raise NotFound
    return found


def _speaks_as(session: Session, actor: Actor, report: Report, agency_id: UUID) -> Role:
    """Raises NotFound where this person does not speak for the agency."""
    today = local_date(now(), settings().zone)
    activity = ledger.activity_of_period(session, report.period)
    if actor.person_id is None or activity is None:
        raise NotFound
    role = life.speaks_as(session, actor.person_id, agency_id, (activity.counted_on, today), today)
    if role is None:
        raise NotFound
    return role


def _back(quarter: str) -> BaseResponse:
    return redirect(url_for("report_life.report", quarter=quarter_of(quarter)), 303)
