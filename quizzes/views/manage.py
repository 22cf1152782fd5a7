"""Rounds for those who organise them: the list, one round with what is to be done about it, and its life."""

from __future__ import annotations

from collections import Counter
from typing import Any

from flask import Blueprint, current_app, flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.rules.people import IT_DUTY_NAMES, ITDuty
from lms.agencies.queries import agency_names
from lms.feature import Feature, HomePanel
from lms.kit.access import current_actor, may, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.forms.rounds import ReasonForm
from quizzes.operations.life import CLOSING, OPENING, lock_round, request_work, unlock_round
from quizzes.queries import rounds as queries
from quizzes.queries.audience import group_counts, group_names, heads_by_agency, left_out_counts, waiting_proposals
from quizzes.queries.round_plans import PlanView, make_up_spans, plan_view, planned_dates, readiness, work_of
from quizzes.queries.rounds import RoundView
from quizzes.queries.windows import blocks_of, make_ups_of
from quizzes.rules.audience import EXCLUSION_NAMES, LEFT_OUT_NAMES, AudienceRule, rule_in_words
from quizzes.rules.bank import LEVELS
from quizzes.rules.calendar import PHASE_NAMES, phases
from quizzes.rules.checklist import PART_NAMES, Part
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.views.round_words import audience_names, init_filters, said_lines
from quizzes.views.words import by_topic, state_name

ROUND = "quizzes.round"  # the page panels of a round; asked with the key of its activity

blueprint = Blueprint("manage_rounds", "quizzes", url_prefix="/manage/rounds", template_folder="templates")
blueprint.record_once(lambda setup: init_filters(setup.app))


@blueprint.get("")
@requires("quizzes.manage_rounds")
def rounds() -> str:
    with reading() as session:
        found = [(view, queries.round_counts(session, view)) for view in queries.rounds(session)]
    return render_template("quizzes/manage_rounds.html", rounds=found, state_name=state_name)


@blueprint.get("/<round_code>/")
@requires("quizzes.manage_rounds")
def round_detail(round_code: str) -> str:
    """A round: while it is a draft what is still missing, then how far it is; its phases, its rule, its blocks and its settings."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        plan = plan_view(session, view.id)
        cells = Counter({(cell.topic, cell.level): cell.count for cell in queries.blueprint_cells(session, view.blueprint_id)})
        shown = _draft(session, view, plan) if view.state == RoundState.DRAFT else _under_way(session, view)
        make_ups = make_ups_of(session, view.id)
        return render_template(
            "quizzes/manage_round.html",
            round=view,
            plan=plan,
            work=work_of(session, plan.job_id),
            phases=phases(planned_dates(view, plan, make_up_spans(session, view.id)), settings().zone),
            phase_names=PHASE_NAMES,
            rule=_rule_lines(session, view),
            make_ups=make_ups,
            blueprint=by_topic(cells),
            questions=sum(cells.values()),
            levels=LEVELS,
            exclusion_names=EXCLUSION_NAMES,
            links=_links(view),
            panels=_panels(session, view),
            **shown,
        )


def _panels(session: Session, view: RoundView) -> list[HomePanel]:
    """What other packages have to say of a round that is over, such as where its results stand."""
    if view.state not in (RoundState.CLOSED, RoundState.LOCKED) or view.purpose == Purpose.PRACTICE:
        return []
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    builders = [feature.page_panels[ROUND] for feature in features if ROUND in feature.page_panels]
    found = [build(session, current_actor(), view.activity, now()) for build in builders]
    return sorted((panel for panel in found if panel is not None), key=lambda panel: panel.order)


def _links(view: RoundView) -> list[tuple[str, str]]:
    """Other pages about the round, those that the one who looks may open."""
    pages = [("manage_forms.check", _("Lập đề, kiểm tra và xem trước các đề"), True)]
    if view.state != RoundState.DRAFT:
        pages += [
            ("manage_statistics.items", _("Thống kê câu hỏi và đề"), True),
            ("invigilation.index", _("Coi thi"), False),
            ("signals.index", _("Dấu hiệu cần xem"), True),
            ("late.index", _("Câu trả lời đến muộn"), False),
            ("manage_rulings.index", _("Quyết định về câu hỏi"), False),
            ("manage_appeals.index", _("Phúc khảo"), False),
        ]
    shown = []
    for endpoint, label, about_round in pages:
        page = current_app.view_functions.get(endpoint)
        if page is not None and may(getattr(page, "required_permission", "")):
            shown.append((label, url_for(endpoint, round_code=view.code) if about_round else url_for(endpoint)))
    return shown


def _draft(session: Session, view: RoundView, plan: PlanView) -> dict[str, Any]:
    found = readiness(session, view, plan, settings().zone)
    parts = [part for part in Part if part != Part.BLOCKS or view.purpose != Purpose.PRACTICE]
    tasks = [(part, _(PART_NAMES[part]), found.about(part)) for part in parts]
    return {"readiness": found, "tasks": tasks, "counts": None, "blocks": None}


def _under_way(session: Session, view: RoundView) -> dict[str, Any]:
    names = group_names(session)
    return {
        "readiness": None,
        "counts": queries.round_counts(session, view),
        "blocks": blocks_of(session, view.id, view.cutoff_day, heads_by_agency(session, view.activity)),
        "reasons": queries.exclusion_reasons(session, view.activity),
        "left_out": left_out_counts(session, view.id),
        "left_out_names": LEFT_OUT_NAMES,
        "groups": [(names.get(code, code), count) for code, count in sorted(group_counts(session, view.activity).items())],
        "waiting": waiting_proposals(session, view.id),
    }


def _rule_lines(session: Session, view: RoundView) -> list[str]:
    rule = AudienceRule.from_json(view.audience)
    if view.purpose == Purpose.PRACTICE:
        return [_("Mọi người có tài khoản; kết quả không tính vào báo cáo.")]
    agencies = agency_names(session, [*rule.agencies, *rule.excepted], view.cutoff_day)
    duties = {str(duty): _(name) for duty, name in IT_DUTY_NAMES.items() if duty != ITDuty.NONE}
    return said_lines(rule_in_words(rule, agencies, group_names(session), duties))


@blueprint.get("/<round_code>/audience")
@requires("quizzes.manage_rounds")
def audience(round_code: str) -> str:
    """Whom the rule names, by group, agency and reason: of a draft as it would be counted now."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        plan = plan_view(session, view.id)
        names = group_names(session)
        if view.state == RoundState.DRAFT:
            counted = readiness(session, view, plan, settings().zone).counted
            by_agency, by_group, by_reason = dict(counted.by_agency), dict(counted.by_group), dict(counted.by_reason)
            left_out = {verdict.value: count for verdict, count in counted.by_verdict.items() if verdict.value in LEFT_OUT_NAMES}
        else:
            by_agency, by_group = heads_by_agency(session, view.activity), group_counts(session, view.activity)
            by_reason, left_out = queries.exclusion_reasons(session, view.activity), left_out_counts(session, view.id)
        agencies = agency_names(session, by_agency, view.cutoff_day)
        largest = sorted(by_agency.items(), key=lambda one: (-one[1], agencies.get(one[0], "")))
        return render_template(
            "quizzes/round_audience.html",
            round=view,
            rule=_rule_lines(session, view),
            expected=sum(by_agency.values()),
            excused=sum(by_reason.values()),
            agencies=[(agencies.get(one, "?"), count) for one, count in largest[:200]],
            more=max(0, len(largest) - 200),
            groups=[(names.get(code, code), count) for code, count in sorted(by_group.items())],
            reasons=[(audience_names.reason(code), count) for code, count in sorted(by_reason.items())],
            left_out=[(audience_names.left_out(code), count) for code, count in sorted(left_out.items())],
        )


@blueprint.get("/<round_code>/open")
@requires("quizzes.manage_rounds")
def confirm_open(round_code: str) -> str | AnyResponse:
    """What opening will do, before it is done."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        if view.state != RoundState.DRAFT:
            return redirect(url_for(".round_detail", round_code=round_code))
        found = readiness(session, view, plan_view(session, view.id), settings().zone)
        questions = queries.question_count(session, view.blueprint_id)
    return render_template("quizzes/manage_open.html", round=view, found=found, questions=questions)


@blueprint.post("/<round_code>/open")
@requires("quizzes.manage_rounds")
def open_(round_code: str) -> AnyResponse:
    """Ask for the opening if nothing is missing; the worker does it."""
    with transaction() as session:
        view = queries.round_by_code(session, round_code)
        if view.state == RoundState.DRAFT:
            found = readiness(session, view, plan_view(session, view.id), settings().zone)
            if not found.clean:
                flash(_("Còn mục thiếu, chưa mở được. Xem danh mục việc bên dưới."), "error")
                return redirect(url_for(".round_detail", round_code=round_code), 303)
        request_work(session, current_actor(), view.id, OPENING, now())
    return redirect(url_for(".work", round_code=round_code), 303)


@blueprint.get("/<round_code>/close")
@requires("quizzes.manage_rounds")
def confirm_close(round_code: str) -> str | AnyResponse:
    """What closing will do, before it is done."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        if view.state != RoundState.OPEN:
            return redirect(url_for(".round_detail", round_code=round_code))
        counts = queries.round_counts(session, view)
        coming = [one for one in make_ups_of(session, view.id) if one.closes_at > now()]
    return render_template("quizzes/manage_close.html", round=view, counts=counts, make_ups=coming)


@blueprint.post("/<round_code>/close")
@requires("quizzes.manage_rounds")
def close(round_code: str) -> AnyResponse:
    """Ask for the closing; the worker does it."""
    with transaction() as session:
        view = queries.round_by_code(session, round_code)
        request_work(session, current_actor(), view.id, CLOSING, now())
    return redirect(url_for(".work", round_code=round_code), 303)


@blueprint.get("/<round_code>/work")
@requires("quizzes.manage_rounds")
def work(round_code: str) -> str | AnyResponse:
    """How far the opening or closing is; the page asks again by itself while it is under way."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        found = work_of(session, plan_view(session, view.id).job_id)
    if found is None:
        return redirect(url_for(".round_detail", round_code=round_code))
    return render_template("quizzes/round_work.html", round=view, work=found, opening=found.kind == OPENING)


@blueprint.route("/<round_code>/lock", methods=["GET"])
@requires("quizzes.manage_rounds")
def confirm_lock(round_code: str) -> str | AnyResponse:
    """What locking or unlocking means, before it is done."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        counts = queries.round_counts(session, view)
    if view.state not in (RoundState.CLOSED, RoundState.LOCKED):
        return redirect(url_for(".round_detail", round_code=round_code))
    return render_template("quizzes/round_lock.html", round=view, counts=counts, form=ReasonForm())


@blueprint.post("/<round_code>/lock")
@requires("quizzes.manage_rounds")
def lock(round_code: str) -> AnyResponse:
    """Freeze the results."""
    try:
        with transaction() as session:
            lock_round(session, current_actor(), queries.round_by_code(session, round_code).id, now())
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã khóa kết quả."), "success")
    return redirect(url_for(".round_detail", round_code=round_code), 303)


@blueprint.post("/<round_code>/unlock")
@requires("quizzes.manage_rounds")
def unlock(round_code: str) -> str | AnyResponse:
    """Let results be corrected again; the reason is kept."""
    form = ReasonForm()
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        counts = queries.round_counts(session, view)
    if not form.validate():
        return render_template("quizzes/round_lock.html", round=view, counts=counts, form=form)
    try:
        with transaction() as session:
            unlock_round(session, current_actor(), view.id, form.reason.data, now())
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã mở khóa kết quả. Lý do được ghi trong nhật ký."), "success")
    return redirect(url_for(".round_detail", round_code=round_code), 303)
