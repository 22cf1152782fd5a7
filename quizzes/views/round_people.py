"""Who is on a round's frozen list: leaving people out with reason and evidence, for the department; asking for it, for agencies."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.rules.people import search_words
from lms.kit.access import current_actor, may, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.rounds import ExclusionForm
from quizzes.operations.exclusions import decide_proposal, exclude_person, propose_exclusion
from quizzes.queries import rounds as queries
from quizzes.queries.audience import frozen_standing, group_names, list_page, listed_person
from quizzes.rules.rounds import Purpose, RoundState
from quizzes.views.round_words import audience_names

blueprint = Blueprint("round_people", "quizzes", url_prefix="/manage", template_folder="templates")
ASK = "quizzes.propose_exclusions"
PAGE = 50


@blueprint.get("/round-lists")
@requires(ASK)
def index() -> str:
    """The rounds whose lists one may look at."""
    with reading() as session:
        found = [one for one in queries.rounds(session) if one.state != RoundState.DRAFT and one.purpose != Purpose.PRACTICE]
    return render_template("quizzes/round_lists.html", rounds=found)


@blueprint.get("/round-lists/<round_code>")
@requires(ASK)
def people(round_code: str) -> str:
    """People of the list within one's scope."""
    only = request.args.get("only", "")
    words = search_words(request.args.get("q", ""))
    after = request.args.get("after", "")
    key, _dot, last = after.rpartition("~")
    try:
        place = (key, UUID(last)) if after else None
    except ValueError:
        place = None
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        if view.state == RoundState.DRAFT:
            raise NotFound
        scope = scope_of(ASK)
        rows = list_page(
            session, view, scope, words=words, only=only if only in ("excluded", "waiting") else "", after=place, limit=PAGE + 1
        )
        names = group_names(session)
    more = f"{rows[PAGE - 1].sort_key}~{rows[PAGE - 1].person_id}" if len(rows) > PAGE else None
    return render_template(
        "quizzes/round_list.html",
        round=view,
        people=rows[:PAGE],
        more=more,
        after=after,
        only=only,
        q=request.args.get("q", ""),
        group_names=names,
        reason=audience_names.reason,
    )


@blueprint.route("/round-lists/<round_code>/<uuid:person_id>", methods=["GET", "POST"])
@requires(ASK)
def person(round_code: str, person_id: UUID) -> str | AnyResponse:
    """One person on the list: what stands, what it was before, and changing it or asking for the change."""
    decides = may("quizzes.manage_rounds")
    form = ExclusionForm()
    form.offer()
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        row = listed_person(session, view, scope_of(ASK), person_id)
        if row is None:
            raise NotFound
        frozen = frozen_standing(session, view.id, view.activity, person_id)
    if request.method == "GET":
        form.because.data = row.proposed if row.proposal_id else row.excluded_because or ""
        form.evidence.data = row.evidence or ""
    elif form.validate():
        wanted = {"because": form.because.data or None, "evidence": form.evidence.data, "at": now()}
        try:
            with transaction() as session:
                if decides:
                    exclude_person(session, current_actor(), view.id, person_id, **wanted)
                else:
                    propose_exclusion(session, current_actor(), scope_of(ASK), view.id, person_id, **wanted)
        except DomainError as refused:
            target = form[refused.field] if refused.field and refused.field in form else form.because
            target.errors = [*target.errors, translated(refused)]
        else:
            flash(_("Đã sửa danh sách.") if decides else _("Đã gửi đề nghị. Sở quyết định rồi danh sách mới đổi."), "success")
            return redirect(url_for(".people", round_code=round_code), 303)
    return render_template(
        "quizzes/round_person.html", round=view, person=row, frozen=frozen, form=form, decides=decides, reason=audience_names.reason
    )


@blueprint.post("/round-lists/<round_code>/proposals/<uuid:proposal_id>")
@requires("quizzes.manage_rounds")
def decide(round_code: str, proposal_id: UUID) -> AnyResponse:
    """Accept or refuse what an agency asked for."""
    accept = request.form.get("decision") == "accept"
    try:
        with transaction() as session:
            queries.round_by_code(session, round_code)
            decide_proposal(session, current_actor(), proposal_id, accept=accept, answer=request.form.get("answer", "")[:2000], at=now())
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã chấp nhận đề nghị, danh sách đã sửa.") if accept else _("Đã từ chối đề nghị."), "success")
    return redirect(url_for(".people", round_code=round_code, only="waiting"), 303)
