"""Contests: the side question for those who take part, the ranking for those who organise."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.rounds import SideAnswerForm
from quizzes.operations.contests import answer_side_question
from quizzes.operations.rounds import edit_round
from quizzes.queries import rounds as queries
from quizzes.queries.contests import contest_ranking, entrants, participants
from quizzes.queries.round_plans import plan_view
from quizzes.rules.rounds import Purpose, RoundState

blueprint = Blueprint("round_contests", "quizzes", template_folder="templates")
PAGE = 100


@blueprint.post("/rounds/<round_code>/side-question")
@requires("quizzes.sit")
def answer(round_code: str) -> AnyResponse:
    """Keep the answer to the side question."""
    form = SideAnswerForm()
    if not form.validate():
        flash(" ".join(str(error) for error in form.answer.errors) or _("Nhập một số nguyên."), "error")
        return redirect(url_for("rounds.detail", round_code=round_code), 303)
    try:
        with transaction() as session:
            answer_side_question(session, current_actor(), round_code, form.answer.data, now())
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã ghi câu trả lời phụ."), "success")
    return redirect(url_for("rounds.detail", round_code=round_code), 303)


@blueprint.get("/manage/rounds/<round_code>/ranking")
@requires("quizzes.manage_rounds")
def ranking(round_code: str) -> str:
    """Places by score, side question, time used, and when it was handed in."""
    first = max(request.args.get("from", 0, type=int), 0)
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        if view.purpose != Purpose.CONTEST or view.state == RoundState.DRAFT:
            raise NotFound
        plan = plan_view(session, view.id)
        placed = contest_ranking(session, view, plan.side_answer)
        shown = placed[first : first + PAGE]
        names = entrants(session, view.activity, [one.entry.person_id for one in shown])
        took_part = participants(session, view.id)
    form = SideAnswerForm(data={"answer": plan.side_answer if plan.side_answer is not None else took_part})
    return render_template(
        "quizzes/round_ranking.html",
        round=view,
        plan=plan,
        placed=shown,
        names=names,
        total=len(placed),
        first=first,
        page=PAGE,
        participants=took_part,
        form=form,
    )


@blueprint.post("/manage/rounds/<round_code>/ranking")
@requires("quizzes.manage_rounds")
def settle(round_code: str) -> AnyResponse:
    """Write down what the side question came to."""
    form = SideAnswerForm()
    if not form.validate():
        flash(" ".join(str(error) for error in form.answer.errors), "error")
        return redirect(url_for(".ranking", round_code=round_code), 303)
    try:
        with transaction() as session:
            view = queries.round_by_code(session, round_code)
            if view.purpose != Purpose.CONTEST:
                raise NotFound
            edit_round(session, current_actor(), view.id, now(), plan={"side_answer": form.answer.data})
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã ghi đáp số câu hỏi phụ."), "success")
    return redirect(url_for(".ranking", round_code=round_code), 303)
