"""What the department decides of a report: each button of its page."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import wraps
from typing import Any
from uuid import UUID

from flask import flash, redirect, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as BaseResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.i18n import quarter_label, translated
from lms.kit.unit import settings, transaction
from lms.mail.writing import digest
from lms.reports import operations
from lms.reports.forms import AnswerForm, ConsultForm, FreezeForm, PlanForm, ScheduleForm, WithdrawForm
from lms.reports.operations.planning import plan_report
from lms.reports.queries import life
from lms.reports.reading import find_activity, quarter_of
from lms.reports.rules.approving import SecondPerson
from lms.reports.views.life import blueprint, current_of, quarter_page

Handler = Callable[..., Any]


def _told_on_its_page(view: Handler) -> Handler:
    """What is refused is said where the button is."""

    @wraps(view)
    def handled(quarter: str, **more: Any) -> Any:
        try:
            return view(quarter, **more)
        except DomainError as refusal:
            flash(translated(refusal), "error")
            return quarter_page(quarter), refusal.status

    return handled


@blueprint.post("/<quarter>/freeze")
@requires("reports.publish")
@_told_on_its_page
def freeze(quarter: str) -> BaseResponse:
    """Have the worker freeze the quarter's results as they are now."""
    form = FreezeForm()
    with transaction() as session:
        activity = find_activity(session, quarter_of(quarter))
        job = operations.ask_freezing(session, current_actor(), activity.key, now(), form.because.data or None)
    return redirect(url_for("report_life.work", job_id=job), 303)


@blueprint.post("/<quarter>/plan")
@requires("reports.publish")
@_told_on_its_page
def plan(quarter: str) -> str | BaseResponse | tuple[str, int]:
    form = PlanForm()
    if not form.validate_on_submit():
        return quarter_page(quarter, plan=form), 422
    with transaction() as session:
        activity = find_activity(session, quarter_of(quarter))
        plan_report(
            session,
            current_actor(),
            activity.key,
            freezes=form.freezes.data,
            consults=form.consults.data,
            days=form.days.data,
            publish_at=form.moment(settings().zone),
            at=now(),
        )
    flash(_("Đã ghi kế hoạch chốt, lấy ý kiến và công bố."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/consult")
@requires("reports.publish")
@_told_on_its_page
def consult(quarter: str) -> str | BaseResponse | tuple[str, int]:
    """Ask the agencies."""
    form = ConsultForm()
    if not form.validate_on_submit():
        return quarter_page(quarter, consult=form), 422
    with transaction() as session:
        found = current_of(session, quarter)
        operations.open_consultation(session, current_actor(), found.id, form.days.data, zone=settings().zone, at=now())
    flash(_("Đã mở lấy ý kiến: các cơ quan xem được dự thảo của mình."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/end-consultation")
@requires("reports.publish")
@_told_on_its_page
def end_consultation(quarter: str) -> BaseResponse:
    with transaction() as session:
        operations.end_consultation(session, current_actor(), current_of(session, quarter).id, now())
    flash(_("Đã kết thúc lấy ý kiến."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/remind")
@requires("reports.publish")
@_told_on_its_page
def remind(quarter: str) -> BaseResponse:
    """Write to agencies that have not spoken; once a day."""
    if settings().smtp_url is None:
        raise Conflict(N_("Chưa đặt máy chủ thư (LMS_SMTP_URL): cơ quan chỉ thấy việc này ở trang đầu."), code="no_mail")
    with transaction() as session:
        found = current_of(session, quarter)
        done = operations.remind_silent(session, current_actor(), found.id, digest, zone=settings().zone, at=now())
    flash(_("Đã nhắc %(agencies)s cơ quan chưa có ý kiến, %(letters)s thư.", agencies=done.agencies, letters=done.letters), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/answers/<uuid:verdict_id>")
@requires("reports.publish")
@_told_on_its_page
def answer(quarter: str, verdict_id: UUID) -> str | BaseResponse | tuple[str, int]:
    """Answer an agency's objection."""
    form = AnswerForm()
    if not form.validate_on_submit():
        return quarter_page(quarter, answer=form), 422
    with transaction() as session:
        operations.answer_objection(session, current_actor(), verdict_id, answer=form.answer.data, paper=form.paper.data, at=now())
    flash(_("Đã trả lời cơ quan."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/approve")
@requires("reports.publish")
@_told_on_its_page
def approve(quarter: str) -> BaseResponse:
    with transaction() as session:
        found = current_of(session, quarter)
        rule = SecondPerson(settings().report_second_person)
        operations.approve_report(session, current_actor(), found.id, now(), rule=rule, zone=settings().zone)
        moment = found.publish_at
    if moment is None:
        flash(_("Đã duyệt. Công bố ngay hoặc hẹn thời điểm."), "success")
    else:
        flash(_("Đã duyệt. Tự công bố lúc %(at)s theo kế hoạch.", at=said_moment(moment)), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/take-back-approval")
@requires("reports.publish")
@_told_on_its_page
def take_back_approval(quarter: str) -> BaseResponse:
    with transaction() as session:
        operations.take_back_approval(session, current_actor(), current_of(session, quarter).id, now())
    flash(_("Đã bỏ duyệt. Không có gì tự công bố."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/schedule")
@requires("reports.publish")
@_told_on_its_page
def schedule(quarter: str) -> str | BaseResponse | tuple[str, int]:
    """Publish at a set moment."""
    form = ScheduleForm()
    if not form.validate_on_submit():
        return quarter_page(quarter, schedule=form), 422
    with transaction() as session:
        found = current_of(session, quarter)
        operations.schedule_publication(session, current_actor(), found.id, form.moment(settings().zone), now())
    flash(_("Đã hẹn thời điểm công bố."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/cancel-publication")
@requires("reports.publish")
@_told_on_its_page
def cancel_publication(quarter: str) -> BaseResponse:
    """What was set for a moment is not published then; the approval stands."""
    with transaction() as session:
        operations.cancel_publication(session, current_actor(), current_of(session, quarter).id, now())
    flash(_("Đã bỏ hẹn. Không có gì tự công bố."), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/publish")
@requires("reports.publish")
@_told_on_its_page
def publish(quarter: str) -> BaseResponse:
    """Publish what was approved, at once."""
    with transaction() as session:
        operations.publish_now(session, current_actor(), current_of(session, quarter).id, now())
    flash(_("Đã công bố kết quả %(quarter)s.", quarter=quarter_label(quarter_of(quarter))), "success")
    return _back(quarter)


@blueprint.post("/<quarter>/withdraw")
@requires("reports.publish")
@_told_on_its_page
def withdraw(quarter: str) -> str | BaseResponse | tuple[str, int]:
    form = WithdrawForm()
    if not form.validate_on_submit():
        return quarter_page(quarter, withdraw=form), 422
    with transaction() as session:
        activity = find_activity(session, quarter_of(quarter))
        public = life.public_reports(session).get(activity.key)
        if public is None:
            raise Conflict(N_("Quý này không có báo cáo nào đang công bố."), code="nothing_public")
        operations.withdraw_report(session, current_actor(), public.id, form.reason.data, now())
    flash(_("Đã gỡ công bố. Trang công khai nêu lý do."), "success")
    return _back(quarter)


def said_moment(moment: datetime) -> str:
    return f"{moment.astimezone(settings().zone):%H:%M %d/%m/%Y}"


def _back(quarter: str) -> BaseResponse:
    return redirect(url_for("report_life.report", quarter=quarter_of(quarter)), 303)
