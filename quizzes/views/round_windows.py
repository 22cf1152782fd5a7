"""Blocks of a round and its make-up sittings, for those who organise it."""

from __future__ import annotations

import re
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.forms.rounds import AdmitForm, BlockForm, MakeUpForm, SpreadForm
from quizzes.operations.rounds import edit_round
from quizzes.operations.windows import add_make_up, admit_missing, admit_people, cancel_make_up, drop_blocks, set_block, spread_blocks
from quizzes.queries import rounds as queries
from quizzes.queries.audience import counted_roster, heads_by_agency, people_by_code
from quizzes.queries.round_plans import PlanView, plan_view
from quizzes.queries.rounds import RoundView
from quizzes.queries.windows import Blocks, admitted_to, blocks_of, make_ups_of
from quizzes.rules.audience import AudienceRule
from quizzes.rules.rounds import RoundState
from quizzes.rules.windows import FEWEST_BLOCKS, Span
from quizzes.views.agency_pickers import fill_pickers

blueprint = Blueprint("round_windows", "quizzes", url_prefix="/manage/rounds", template_folder="templates")


def _heads(session: Session, view: RoundView, plan: PlanView) -> dict[UUID, int]:
    if view.state != RoundState.DRAFT:
        return heads_by_agency(session, view.activity)
    rule = AudienceRule.from_json(view.audience)
    return dict(counted_roster(session, rule, view.cutoff_day, purpose=view.purpose, course=plan.course).by_agency)


def _loaded(session: Session, round_code: str) -> tuple[RoundView, PlanView, Blocks, int]:
    """The round, its plan, its blocks, and how many people there are to be spread over them."""
    view = queries.round_by_code(session, round_code)
    plan = plan_view(session, view.id)
    heads = _heads(session, view, plan)
    return view, plan, blocks_of(session, view.id, view.cutoff_day, heads), sum(heads.values())


@blueprint.get("/<round_code>/blocks")
@requires("quizzes.manage_rounds")
def blocks(round_code: str) -> str:
    """Who sits when, and how many at once against what was tested."""
    with reading() as session:
        view, plan, found, people = _loaded(session, round_code)
    form = SpreadForm(data={"blocks": len(found.blocks) or FEWEST_BLOCKS, "capacity": plan.block_capacity})
    return render_template("quizzes/round_blocks.html", round=view, plan=plan, found=found, form=form, people=people)


@blueprint.post("/<round_code>/blocks")
@requires("quizzes.manage_rounds")
def spread(round_code: str) -> str | AnyResponse:
    """Spread the agencies over blocks; what was there is replaced."""
    form = SpreadForm()
    refused: DomainError | None = None
    if form.validate():
        try:
            with transaction() as session:
                round_id = queries.round_by_code(session, round_code).id
                capacity = form.capacity.data
                edit_round(session, current_actor(), round_id, now(), plan={"block_capacity": capacity})
                wanted = {"blocks": form.blocks.data, "capacity": capacity, "zone": settings().zone, "at": now()}
                loads = spread_blocks(session, current_actor(), round_id, **wanted)
        except DomainError as error:
            refused = error
        else:
            flash(_("Đã chia %(count)s ca, ca đông nhất %(most)s người.", count=len(loads), most=max(loads)), "success")
            return redirect(url_for(".blocks", round_code=round_code), 303)
    if refused is not None:
        form.capacity.errors = [*form.capacity.errors, translated(refused)]
    with reading() as session:
        view, plan, found, people = _loaded(session, round_code)
    return render_template("quizzes/round_blocks.html", round=view, plan=plan, found=found, form=form, people=people)


@blueprint.post("/<round_code>/blocks/drop")
@requires("quizzes.manage_rounds")
def drop(round_code: str) -> AnyResponse:
    """No blocks: everybody in the whole window."""
    with transaction() as session:
        drop_blocks(session, current_actor(), queries.round_by_code(session, round_code).id, now())
    flash(_("Đã bỏ chia ca."), "success")
    return redirect(url_for(".blocks", round_code=round_code), 303)


@blueprint.route("/<round_code>/blocks/<int:number>", methods=["GET", "POST"])
@requires("quizzes.manage_rounds")
def block(round_code: str, number: int) -> str | AnyResponse:
    """One block: its times and its agencies."""
    zone = settings().zone
    with reading() as session:
        view, plan, found, _people = _loaded(session, round_code)
    one = next((block for block in found.blocks if block.number == number), None)
    if one is None and number != len(found.blocks) + 1:
        raise NotFound
    form = BlockForm(data={"agencies": [agency for agency, _name, _alone in one.agencies]} if one else None)
    if request.method == "GET":
        form.opens_at.show(one.opens_at if one else view.opens_at, zone)
        form.closes_at.show(one.closes_at if one else view.closes_at, zone)
    searching = request.form.get("step") == "find" or form.agencies.asks
    if request.method == "POST" and not searching and form.validate():
        opens, closes = form.opens_at.moment(zone), form.closes_at.moment(zone)
        assert opens is not None and closes is not None  # noqa: PT018 - both fields are needed
        try:
            with transaction() as session:
                span = Span(opens, closes)
                set_block(session, current_actor(), view.id, number=number, span=span, agencies=form.agencies.data, at=now())
        except DomainError as refused:
            target = form[refused.field] if refused.field and refused.field in form else form.opens_at
            target.errors = [*target.errors, translated(refused)]
        else:
            flash(_("Đã lưu ca %(number)s.", number=number), "success")
            return redirect(url_for(".blocks", round_code=round_code), 303)
    with reading() as session:
        fill_pickers(session, form.pickers, view.cutoff_day)
    return render_template("quizzes/round_block.html", round=view, number=number, form=form, block=one, plan=plan)


@blueprint.route("/<round_code>/make-up", methods=["GET", "POST"])
@requires("quizzes.manage_rounds")
def make_up(round_code: str) -> str | AnyResponse:
    """Make-up sittings: which there are, and planning another."""
    form = MakeUpForm()
    zone = settings().zone
    if request.method == "POST" and form.validate():
        opens, closes = form.opens_at.moment(zone), form.closes_at.moment(zone)
        assert opens is not None and closes is not None  # noqa: PT018 - both fields are needed
        values: dict[str, Any] = {"attempts_allowed": form.attempts_allowed.data, "reason": form.reason.data, "at": now()}
        try:
            with transaction() as session:
                round_id = queries.round_by_code(session, round_code).id
                new = add_make_up(session, current_actor(), round_id, Span(opens, closes), **values)
        except DomainError as refused:
            target = form[refused.field] if refused.field and refused.field in form else form.opens_at
            target.errors = [*target.errors, translated(refused)]
        else:
            flash(_("Đã lập đợt bổ sung. Chọn người được vào."), "success")
            return redirect(url_for(".admit", round_code=round_code, make_up_id=new), 303)
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        found = make_ups_of(session, view.id)
    return render_template("quizzes/round_make_up.html", round=view, make_ups=found, form=form)


@blueprint.route("/<round_code>/make-up/<uuid:make_up_id>", methods=["GET", "POST"])
@requires("quizzes.manage_rounds")
def admit(round_code: str, make_up_id: UUID) -> str | AnyResponse:
    """Who is let into a make-up sitting, and letting more people in."""
    form = AdmitForm()
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        one = next((found for found in make_ups_of(session, view.id) if found.id == make_up_id), None)
        if one is None:
            raise NotFound
        people = admitted_to(session, make_up_id)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as session:
                if form.which.data == "named":
                    named = _named(session, form.codes.data or "", form.reason.data or "")
                    count = admit_people(session, current_actor(), make_up_id, named, now())
                else:
                    count = admit_missing(session, current_actor(), make_up_id, failed=form.which.data == "failed", at=now())
        except DomainError as refused:
            target = form[refused.field] if refused.field and refused.field in form else form.which
            target.errors = [*target.errors, translated(refused)]
        else:
            flash(_("Đã cho %(count)s người vào đợt bổ sung.", count=count), "success")
            return redirect(url_for(".admit", round_code=round_code, make_up_id=make_up_id), 303)
    return render_template("quizzes/round_admit.html", round=view, make_up=one, people=people, form=form)


def _named(session: Session, text: str, reason: str) -> dict[UUID, str]:
    """People by the staff codes typed. Raises DomainError naming codes nobody has, or where the reason is missing."""
    codes = list(dict.fromkeys(part.upper() for part in re.split(r"[\s,;]+", text) if part))[:2000]
    if not codes:
        raise DomainError(N_("Chưa nhập mã cán bộ."), code="no_codes", field="codes")
    if not reason:
        raise DomainError(N_("Ghi lý do cho những người này."), code="no_reason", field="reason")
    found = people_by_code(session, codes)
    if unknown := [code for code in codes if code not in found]:
        text = N_("Không có cán bộ nào mang mã: %(codes)s.")
        raise DomainError(text, code="unknown_codes", field="codes", codes=", ".join(unknown[:20]))
    return {found[code]: reason for code in codes}


@blueprint.post("/<round_code>/make-up/<uuid:make_up_id>/cancel")
@requires("quizzes.manage_rounds")
def cancel(round_code: str, make_up_id: UUID) -> AnyResponse:
    """Take back a make-up sitting nobody has sat."""
    with transaction() as session:
        view = queries.round_by_code(session, round_code)
        if all(one.id != make_up_id for one in make_ups_of(session, view.id)):
            raise NotFound
        cancel_make_up(session, current_actor(), make_up_id, now())
    flash(_("Đã hủy đợt bổ sung."), "success")
    return redirect(url_for(".make_up", round_code=round_code), 303)
