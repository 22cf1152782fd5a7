"""Setting a round up: a new draft or a copy, then step by step, each saved by itself."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.rules.people import ABSENCE_NAMES
from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.forms.rounds import AudienceForm, GeneralForm, NewRoundForm, PaperForm, RulesForm, SuggestForm, WindowsForm
from quizzes.operations.copying import copy_round, draft_round
from quizzes.operations.rounds import delete_draft, edit_round, set_blueprint
from quizzes.queries import rounds as queries
from quizzes.queries.audience import group_names
from quizzes.queries.round_plans import PlanView, plan_view, readiness, usable_counts
from quizzes.queries.rounds import RoundView
from quizzes.rules.assembly import AssemblyLimits, Cell, spread
from quizzes.rules.audience import AudienceRule
from quizzes.rules.bank import LEVELS, course_of
from quizzes.rules.checklist import PART_NAMES, Part
from quizzes.rules.rounds import PURPOSE_NAMES, Purpose, RoundState
from quizzes.views.agency_pickers import fill_pickers
from quizzes.views.topics import names_of_topics
from quizzes.views.words import today

blueprint = Blueprint("round_setup", "quizzes", url_prefix="/manage/rounds", template_folder="templates")


@blueprint.route("/new", methods=["GET", "POST"])
@requires("quizzes.manage_rounds")
def new() -> str | AnyResponse:
    """A draft with the usual values, or copied from an earlier round."""
    with reading() as session:
        earlier = queries.rounds(session)
    form = NewRoundForm(data=_next_quarter(earlier) if request.method == "GET" else None)
    form.source.choices = [("", _("Không chép, dùng giá trị thường dùng")), *((one.code, f"{one.code}: {one.title}") for one in earlier)]
    if form.validate_on_submit():
        quarter = Quarter.parse(form.quarter.data.upper())
        source = form.source.data or None
        copied = next((one for one in earlier if one.code == source), None)
        purpose = copied.purpose if copied else form.purpose.data
        title = form.title.data or _("%(purpose)s %(quarter)s", purpose=_(PURPOSE_NAMES[Purpose(purpose)]), quarter=quarter.label)
        code = str(quarter) if purpose == Purpose.QUARTERLY else (form.code.data or "").lower()
        values: dict[str, Any] = {"code": code, "title": title, "zone": settings().zone, "at": now()}
        try:
            with transaction() as session:
                if copied:
                    copy_round(session, current_actor(), copied.code, quarter, **values)
                else:
                    course = request.form.get("course") or None
                    draft_round(session, current_actor(), purpose, quarter, course=course, **values)
        except DomainError as refused:
            _blame(form, refused)
        else:
            flash(_("Đã lập bản chuẩn bị. Làm tiếp từng mục dưới đây; mỗi mục lưu riêng."), "success")
            return redirect(url_for("manage_rounds.round_detail", round_code=code), 303)
    return render_template("quizzes/round_new.html", form=form, courses=_course_choices())


def _next_quarter(earlier: list[RoundView]) -> dict[str, str]:
    """The quarter after the last one that has a quarterly test, and that test to copy from."""
    last = next((one for one in earlier if one.purpose == Purpose.QUARTERLY), None)
    quarter = Quarter.parse(last.quarter).next() if last else Quarter.of(today())
    return {"quarter": str(quarter), "source": last.code if last else "", "purpose": Purpose.QUARTERLY.value}


@blueprint.route("/<round_code>/edit/<part>", methods=["GET", "POST"])
@requires("quizzes.manage_rounds")
def edit(round_code: str, part: str) -> str | AnyResponse:
    """One step of setting a round up."""
    if part not in _STEPS:
        raise NotFound
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        plan = plan_view(session, view.id)
        form = _STEPS[part](session, view, plan)
    searching = request.form.get("step") == "find" or any(picker.asks for picker in getattr(form, "pickers", ()))
    if request.method == "POST" and not searching and form.validate():
        try:
            with transaction() as session:
                changed = _SAVE[part](session, view, plan, form, now())
        except DomainError as refused:
            _blame(form, refused)
        else:
            flash(_("Đã lưu.") if changed else _("Không có gì thay đổi."), "success" if changed else "info")
            return redirect(url_for("manage_rounds.round_detail", round_code=round_code), 303)
    with reading() as session:
        if hasattr(form, "pickers"):
            fill_pickers(session, form.pickers, view.cutoff_day)
        found = readiness(session, view, plan, settings().zone) if view.state == RoundState.DRAFT else None
        more = _paper_shown(session, view) if part == Part.PAPER else {}
    return render_template(
        f"quizzes/round_edit_{part}.html",
        form=form,
        round=view,
        plan=plan,
        part_name=_(PART_NAMES[Part(part)]),
        findings=found.about(part) if found else [],
        readiness=found,
        **more,
    )


def _general_form(session: Session, view: RoundView, plan: PlanView) -> GeneralForm:
    own = {"title": view.title, "legal_basis": view.legal_basis, "course": plan.course or ""}
    form = GeneralForm(data={**own, **_from(plan, "legal_number", "legal_date")})
    form.course.choices = _course_choices()
    return form


def _save_general(session: Session, view: RoundView, plan: PlanView, form: GeneralForm, at: datetime) -> bool:
    changed = {"title": form.title.data, "legal_basis": form.legal_basis.data or None}
    if view.purpose in (Purpose.COURSE_TEST, Purpose.PRACTICE):
        changed["course"] = form.course.data or None
    planned = {"legal_number": form.legal_number.data or None, "legal_date": form.legal_date.day}
    return edit_round(session, current_actor(), view.id, at, settings=changed, plan=planned)


def _audience_form(session: Session, view: RoundView, plan: PlanView) -> AudienceForm:
    rule = AudienceRule.from_json(view.audience)
    excuses = sorted(ABSENCE_NAMES if rule.excuses is None else rule.excuses)
    named = {"groups": sorted(rule.groups), "duties": sorted(rule.duties), "excuses": excuses}
    form = AudienceForm(data={**named, "agencies": sorted(rule.agencies), "excepted": sorted(rule.excepted)})
    form.groups.choices = [(code, f"{code}: {name}") for code, name in group_names(session).items()]
    fill_pickers(session, form.pickers, view.cutoff_day)
    return form


def _save_audience(session: Session, view: RoundView, plan: PlanView, form: AudienceForm, at: datetime) -> bool:
    return edit_round(session, current_actor(), view.id, at, settings={"audience": form.rule()})


_MOMENTS = ("opens_at", "closes_at", "appeals_from", "appeals_until", "locks_at")


def _windows_form(session: Session, view: RoundView, plan: PlanView) -> WindowsForm:
    days = _from(plan, "notice_on", "practice_from", "publishes_on", "automatic")
    form = WindowsForm(data={"cutoff_day": view.cutoff_day, **days})
    if request.method == "GET":
        for name in _MOMENTS:
            form[name].show(getattr(view if hasattr(view, name) else plan, name), settings().zone)
    return form


def _save_windows(session: Session, view: RoundView, plan: PlanView, form: WindowsForm, at: datetime) -> bool:
    zone = settings().zone
    moments = {name: form[name].moment(zone) for name in _MOMENTS}
    planned = {name: form[name].day for name in ("notice_on", "practice_from", "publishes_on")}
    planned |= {"locks_at": moments.pop("locks_at"), "automatic": form.automatic.data}
    return edit_round(session, current_actor(), view.id, at, settings={"cutoff_day": form.cutoff_day.day, **moments}, plan=planned)


def _rules_form(session: Session, view: RoundView, plan: PlanView) -> RulesForm:
    own = {name: getattr(view, name) for name in ("attempts_allowed", "counting", "feedback_policy", "grace_seconds")}
    mark = f"{view.pass_mark.normalize():f}".replace(".", ",")
    rest = _from(plan, "shuffles_items", "shuffles_choices", "supervised", "side_question")
    return RulesForm(data={**own, **rest, "minutes": view.minutes, "pass_mark": mark, "late_minutes": plan.late_seconds // 60})


def _save_rules(session: Session, view: RoundView, plan: PlanView, form: RulesForm, at: datetime) -> bool:
    names = ("attempts_allowed", "counting", "feedback_policy", "grace_seconds", "shuffles_items", "shuffles_choices", "supervised")
    changed = {name: form[name].data for name in names}
    changed |= {"duration_seconds": form.minutes.data * 60, "late_seconds": form.late_minutes.data * 60, "pass_mark": form.mark()}
    planned = {"side_question": form.side_question.data or None} if view.purpose == Purpose.CONTEST else {}
    return edit_round(session, current_actor(), view.id, at, settings=changed, plan=planned)


def _paper_form(session: Session, view: RoundView, plan: PlanView) -> PaperForm:
    limits = AssemblyLimits.from_json(queries.assembly_of(session, view.id))
    return PaperForm(data={name: getattr(limits, name) for name in ("forms", "overlap_limit", "exposure_limit", "anchors")})


def _save_paper(session: Session, view: RoundView, plan: PlanView, form: PaperForm, at: datetime) -> bool:
    changed = set_blueprint(session, current_actor(), view.id, _typed_cells(), at)
    limits = form.limits(queries.assembly_of(session, view.id))
    return edit_round(session, current_actor(), view.id, at, settings={"assembly": limits}) or changed


def _typed_cells() -> list[Cell]:
    """The matrix as it was typed: fields `cell.<topic>.<level>`; what is blank is 0. Raises DomainError for what is no number."""
    cells = []
    for name, text in request.form.items():
        head, _dot, rest = name.partition(".")
        topic, _dot, level = rest.rpartition(".")
        if head != "cell" or level not in tuple(LEVELS) or not topic or not text.strip():
            continue
        if not (text.strip().isascii() and text.strip().isdecimal() and len(text.strip()) <= 3):
            raise DomainError(_("Ô %(topic)s: nhập số câu, ví dụ 3.", topic=names_of_topics().get(topic, topic)), field="cells")
        if count := int(text):
            cells.append(Cell(topic, level, count))
    return cells


def _paper_shown(session: Session, view: RoundView) -> dict[str, Any]:
    """The matrix with what the bank has beside each cell; topics that have neither are left out."""
    have = usable_counts(session, view, settings().zone)
    wanted = {(one.topic, one.level): one.count for one in queries.blueprint_cells(session, view.blueprint_id)}
    typed = {name: text for name, text in request.form.items() if name.startswith("cell.")}
    topics = sorted({topic for topic, _level in [*have, *wanted]})
    suggest = SuggestForm(formdata=None, data={"size": sum(wanted.values()) or 20})
    suggest.courses.choices = [(one, one) for one in sorted({course_of(topic) for topic in topics})]
    rows = [
        {
            "topic": topic,
            "cells": [
                {
                    "level": level,
                    "value": typed.get(f"cell.{topic}.{level}", wanted.get((topic, level), "")),
                    "have": have.get((topic, level), 0),
                    "short": have.get((topic, level), 0) < wanted.get((topic, level), 0),
                }
                for level in LEVELS
            ],
            "sum": sum(wanted.get((topic, level), 0) for level in LEVELS),
        }
        for topic in topics
    ]
    sums = [sum(wanted.get((topic, level), 0) for topic in topics) for level in LEVELS]
    return {"rows": rows, "levels": list(LEVELS), "sums": sums, "total": sum(sums), "suggest": suggest}


@blueprint.post("/<round_code>/suggest")
@requires("quizzes.manage_rounds")
def suggest(round_code: str) -> AnyResponse:
    """Fill the matrix by the usual shares of levels, topics as even as the bank allows."""
    form = SuggestForm()
    try:
        if not form.validate():
            raise DomainError(_("Số câu mỗi đề phải từ 1 đến 200."), field="size")
        with transaction() as session:
            view = queries.round_by_code(session, round_code)
            wanted = set(form.courses.data or ())
            usable = usable_counts(session, view, settings().zone)
            have = {cell: count for cell, count in usable.items() if not wanted or course_of(cell[0]) in wanted}
            set_blueprint(session, current_actor(), view.id, spread(have, form.size.data), now())
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã điền ma trận đề. Xem lại rồi sửa nếu cần."), "success")
    return redirect(url_for(".edit", round_code=round_code, part=Part.PAPER.value), 303)


@blueprint.route("/<round_code>/delete", methods=["GET", "POST"])
@requires("quizzes.manage_rounds")
def delete(round_code: str) -> str | AnyResponse:
    """Throw a draft away, after a page that says so."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
    if view.state != RoundState.DRAFT:
        return redirect(url_for("manage_rounds.round_detail", round_code=round_code))
    if request.method == "GET":
        return render_template("quizzes/round_delete.html", round=view)
    with transaction() as session:
        delete_draft(session, current_actor(), view.id, now())
    flash(_("Đã xóa bản chuẩn bị “%(title)s”.", title=view.title), "success")
    return redirect(url_for("manage_rounds.rounds"), 303)


def _from(source: Any, *names: str) -> dict[str, Any]:
    return {name: getattr(source, name) for name in names}


def _course_choices() -> list[tuple[str, str]]:
    named = sorted((code, f"{code}: {name}") for code, name in names_of_topics().items() if "." not in code)
    return [("", _("Không theo khóa học nào")), *named]


def _blame(form: Any, refused: DomainError) -> None:
    """Put a refusal beside the field at fault, or at the top."""
    alias = {"duration_seconds": "minutes", "late_seconds": "late_minutes"}
    name = alias.get(refused.field or "", refused.field or "")
    target = form[name] if name and name in form else next(iter(form))
    target.errors = [*target.errors, translated(refused)]


_STEPS: dict[str, Callable[[Session, RoundView, PlanView], Any]] = {
    Part.GENERAL: _general_form,
    Part.AUDIENCE: _audience_form,
    Part.WINDOWS: _windows_form,
    Part.PAPER: _paper_form,
    Part.RULES: _rules_form,
}
_SAVE: dict[str, Callable[[Session, RoundView, PlanView, Any, datetime], bool]] = {
    Part.GENERAL: _save_general,
    Part.AUDIENCE: _save_audience,
    Part.WINDOWS: _save_windows,
    Part.PAPER: _save_paper,
    Part.RULES: _save_rules,
}
