"""Rulings on items: what waits, a proposal in the question's own controls, what it would do, and the decision of the second person."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import Conflict, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.rulings import DecisionForm, RulingForm, WithdrawalForm
from quizzes.kinds import KINDS, MARKED_BY_HAND
from quizzes.kinds.answers import in_words, values_by_part
from quizzes.operations import rulings as operations
from quizzes.queries import rulings as queries
from quizzes.rules.marking import RULING_NAMES, RulingKind
from quizzes.rules.rulings import RULING_STATE_NAMES, Proposal, RulingState
from quizzes.views.controls import controls_shown
from quizzes.views.explained import Shown, shown_with_key
from quizzes.views.typed import typed_answer

blueprint = Blueprint("manage_rulings", "quizzes", url_prefix="/manage/rulings", template_folder="templates")


@blueprint.app_template_filter("ruling_name")
def ruling_name(kind: str) -> str:
    return str(_(RULING_NAMES[RulingKind(kind)]))


@blueprint.app_template_filter("ruling_tag")
def ruling_tag(state: str) -> dict[str, str]:
    text, kind = RULING_STATE_NAMES[RulingState(state)]
    return {"text": str(_(text)), "kind": kind}


@blueprint.get("")
@requires("quizzes.rule_on_items")
def index() -> str:
    """Proposals that wait, or what was decided; with an item's code its versions that stand in papers."""
    settled = bool(request.args.get("settled"))
    code = request.args.get("item", "").strip()
    with reading() as session:
        found = queries.rulings(session, waiting=not settled, before=request.args.get("before", type=UUID))
        versions = queries.versions_in_papers(session, code) if code else []
    more = found[-1].id if len(found) == queries.PAGE else None
    return render_template("quizzes/rulings.html", rulings=found, settled=settled, more=more, code=code, versions=versions)


@blueprint.get("/new/<uuid:version_id>")
@requires("quizzes.rule_on_items")
def new(version_id: UUID) -> str:
    """A proposal about an item version."""
    with reading() as session:
        version = queries.version_to_rule(session, version_id)
        rounds = _open_rounds(queries.rounds_with_version(session, version_id))
        earlier = queries.rulings_of_version(session, version_id)
    form = RulingForm(rounds, by_hand=version.kind in MARKED_BY_HAND)
    form.round.data = request.args.get("round", "")
    return _new_page(version, form, rounds, earlier)


@blueprint.post("/new/<uuid:version_id>")
@requires("quizzes.rule_on_items")
def propose(version_id: UUID) -> str | tuple[str, int] | AnyResponse:
    with reading() as session:
        version = queries.version_to_rule(session, version_id)
        rounds = _open_rounds(queries.rounds_with_version(session, version_id))
        earlier = queries.rulings_of_version(session, version_id)
    form = RulingForm(rounds, by_hand=version.kind in MARKED_BY_HAND)
    if not form.validate_on_submit():
        return _new_page(version, form, rounds, earlier), 422
    kind = RulingKind(form.kind.data)
    proposal = Proposal(
        item_version_id=version_id,
        kind=kind,
        reason=form.reason.data,
        round_id=UUID(form.round.data) if form.round.data else None,
        key=[] if kind == RulingKind.VOID else typed_answer(),
        legal_basis=form.legal_basis.data or None,
    )
    try:
        with transaction() as session:
            ruling_id = operations.propose_ruling(session, current_actor(), proposal, now())
    except DomainError as refused:
        return _new_page(version, form, rounds, earlier, refused), refused.status
    flash(_("Đã ghi đề nghị. Đang tính thử xem bài nào, số liệu nào thay đổi; người thứ hai duyệt sau khi xem."), "success")
    return redirect(url_for(".ruling", ruling_id=ruling_id), 303)


@blueprint.get("/<uuid:ruling_id>")
@requires("quizzes.rule_on_items")
def ruling(ruling_id: UUID) -> str:
    """A ruling with what it would do, or did."""
    return _page(ruling_id)


@blueprint.get("/<uuid:ruling_id>/attempts")
@requires("quizzes.rule_on_items")
def attempts(ruling_id: UUID) -> str:
    """Exactly whose papers it moves, fifty a page."""
    with reading() as session:
        view = queries.ruling(session, ruling_id)
        found = queries.effects(session, ruling_id, after=request.args.get("after", type=UUID))
    more = found[-1].attempt_id if len(found) == queries.PAGE else None
    return render_template("quizzes/ruling_attempts.html", ruling=view, effects=found, more=more)


@blueprint.post("/<uuid:ruling_id>/foresee")
@requires("quizzes.rule_on_items")
def foresee(ruling_id: UUID) -> AnyResponse:
    return _decide(ruling_id, operations.look_ahead_again, _("Đang tính thử lại."))


@blueprint.post("/<uuid:ruling_id>/approve")
@requires("quizzes.rule_on_items")
def approve(ruling_id: UUID) -> AnyResponse:
    form = DecisionForm()
    form.validate_on_submit()
    return _decide(ruling_id, operations.approve_ruling, _("Đã duyệt. Các bài liên quan đang được chấm lại."), note=form.note.data)


@blueprint.post("/<uuid:ruling_id>/resume")
@requires("quizzes.rule_on_items")
def resume(ruling_id: UUID) -> AnyResponse:
    """Go on marking after the job that did it stopped."""
    return _decide(ruling_id, operations.resume_ruling, _("Đang chấm tiếp."))


@blueprint.post("/<uuid:ruling_id>/refuse")
@requires("quizzes.rule_on_items")
def refuse(ruling_id: UUID) -> str | tuple[str, int] | AnyResponse:
    form = DecisionForm()
    if not form.validate_on_submit():
        return _page(ruling_id, form), 422
    try:
        with transaction() as session:
            operations.refuse_ruling(session, current_actor(), ruling_id, form.note.data or "", now())
    except Conflict as refused:
        flash(translated(refused), "warning")
    except DomainError as refused:
        form.note.errors = [translated(refused)]
        return _page(ruling_id, form), 422
    else:
        flash(_("Đã ghi: không duyệt đề nghị này."), "success")
    return redirect(url_for(".ruling", ruling_id=ruling_id), 303)


@blueprint.post("/<uuid:ruling_id>/take-back")
@requires("quizzes.rule_on_items")
def take_back(ruling_id: UUID) -> AnyResponse:
    return _decide(ruling_id, operations.take_back_proposal, _("Đã rút đề nghị."))


@blueprint.post("/<uuid:ruling_id>/withdraw")
@requires("quizzes.rule_on_items")
def withdraw(ruling_id: UUID) -> str | tuple[str, int] | AnyResponse:
    """Propose that an approved ruling no longer holds: a ruling like any other."""
    form = WithdrawalForm()
    if not form.validate_on_submit():
        return _page(ruling_id, withdrawal=form), 422
    with reading() as session:
        earlier = queries.ruling(session, ruling_id)
    proposal = Proposal(earlier.item_version_id, RulingKind.WITHDRAWAL, form.reason.data, withdraws_id=ruling_id)
    try:
        with transaction() as session:
            proposed = operations.propose_ruling(session, current_actor(), proposal, now())
    except Conflict as refused:
        flash(translated(refused), "warning")
        return redirect(url_for(".ruling", ruling_id=ruling_id), 303)
    flash(_("Đã ghi đề nghị rút lại. Người thứ hai duyệt sau khi xem tính thử."), "success")
    return redirect(url_for(".ruling", ruling_id=proposed), 303)


def _decide(ruling_id: UUID, decide: Callable[..., None], said: str, **more: Any) -> AnyResponse:
    try:
        with transaction() as session:
            decide(session, current_actor(), ruling_id, now(), **more)
    except Conflict as refused:
        flash(translated(refused), "warning")
    else:
        flash(said, "success")
    return redirect(url_for(".ruling", ruling_id=ruling_id), 303)


def _page(ruling_id: UUID, form: DecisionForm | None = None, withdrawal: WithdrawalForm | None = None) -> str:
    with reading() as session:
        view = queries.ruling(session, ruling_id)
        job = queries.job_of(session, view.job_id)
        others = [one for one in queries.rulings_of_version(session, view.item_version_id) if one.id != ruling_id]
        moved = queries.marks_moved_by(session, ruling_id) if view.state == RulingState.APPROVED else 0
    own = view.proposed_by == current_actor().person_id
    proposed = view.state == RulingState.PROPOSED
    return render_template(
        "quizzes/ruling.html",
        ruling=view,
        job=job,
        others=others,
        moved=moved,
        foreseen_at=datetime.fromisoformat(view.foreseen["at"]) if view.foreseen and "at" in view.foreseen else None,
        shown=_shown(view.item_kind, view.body, view.item_key),
        key=_in_words(view.item_kind, view.body, view.key),
        may_decide=proposed and not own and view.foreseen is not None,
        may_take_back=proposed and own,
        may_withdraw=view.carried_out_at is not None
        and view.kind != RulingKind.WITHDRAWAL
        and all(one.withdraws_id != view.id for one in others),
        form=form or DecisionForm(formdata=None),
        withdrawal=withdrawal or WithdrawalForm(formdata=None),
    )


def _new_page(
    version: queries.VersionToRule,
    form: RulingForm,
    rounds: list[queries.RoundReached],
    earlier: list[queries.RulingView],
    refused: DomainError | None = None,
) -> str:
    parts = KINDS[version.kind].parts(version.body)
    return render_template(
        "quizzes/ruling_new.html",
        version=version,
        form=form,
        rounds=rounds,
        earlier=earlier,
        shown=_shown(version.kind, version.body, version.key),
        controls=controls_shown(version.kind, version.body, 0, 0) if version.kind not in MARKED_BY_HAND else None,
        given=values_by_part(parts, typed_answer()) if request.method == "POST" else {},
        errors=[{"text": translated(refused), "href": f"#{refused.field or 'kind'}"}] if refused else None,
    )


def _open_rounds(rounds: list[queries.RoundReached]) -> list[queries.RoundReached]:
    return [one for one in rounds if one.locked_at is None]


def _shown(kind: str, body: dict[str, Any], key: list[str]) -> Shown:
    return shown_with_key(kind, body, key, parts=KINDS[kind].parts(body), whys={})


def _in_words(kind: str, body: dict[str, Any], key: list[str]) -> str:
    return in_words(KINDS[kind].parts(body), key) if key else ""
