"""Rounds for those who organise them."""

from __future__ import annotations

from collections import Counter

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts.rules.people import ABSENCE_NAMES
from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.unit import reading, settings, transaction
from quizzes.operations.life import close_round, open_round
from quizzes.queries import rounds as queries
from quizzes.queries.round_plans import plan_view, readiness
from quizzes.rules.bank import LEVELS
from quizzes.rules.rounds import RoundState
from quizzes.views.words import by_topic, state_name

blueprint = Blueprint("manage_rounds", "quizzes", url_prefix="/manage/rounds", template_folder="templates")


@blueprint.get("")
@requires("quizzes.manage_rounds")
def rounds() -> str:
    with reading() as session:
        found = [(view, queries.round_counts(session, view)) for view in queries.rounds(session)]
    return render_template("quizzes/manage_rounds.html", rounds=found, state_name=state_name)


@blueprint.get("/<round_code>/")
@requires("quizzes.manage_rounds")
def round_detail(round_code: str) -> str:
    """A round's settings, how far it is, and one of its forms with its topic × level table."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        number = request.args.get("form", 1, type=int)
        if number > view.form_count > 0:
            raise NotFound
        form = queries.form_of_round(session, view.id, number) if view.form_count else None
        cells = Counter({(cell.topic, cell.level): cell.count for cell in queries.blueprint_cells(session, view.blueprint_id)})
        return render_template(
            "quizzes/manage_round.html",
            round=view,
            counts=queries.round_counts(session, view),
            reasons=queries.exclusion_reasons(session, view.activity),
            reason_names=ABSENCE_NAMES,
            overlap=queries.form_overlap(session, view.id),
            blueprint=by_topic(cells),
            form=form,
            table=by_topic(form.table()) if form else [],
            levels=LEVELS,
        )


@blueprint.get("/<round_code>/open")
@requires("quizzes.manage_rounds")
def confirm_open(round_code: str) -> str | AnyResponse:
    """What opening will do, before it is done."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        if view.state != RoundState.DRAFT:
            return redirect(url_for(".round_detail", round_code=round_code))
        counted = readiness(session, view, plan_view(session, view.id), settings().zone).counted
        people, excluded = counted.expected + counted.excused, counted.excused
        questions = queries.question_count(session, view.blueprint_id)
    return render_template("quizzes/manage_open.html", round=view, expected=people - excluded, excluded=excluded, questions=questions)


@blueprint.post("/<round_code>/open")
@requires("quizzes.manage_rounds")
def open_(round_code: str) -> AnyResponse:
    with transaction() as session:
        view = queries.round_by_code(session, round_code)
        count = open_round(session, current_actor(), view.id, zone=settings().zone, at=now())
    flash(_("Đã mở kỳ kiểm tra. %(count)s người trong danh sách.", count=count), "success")
    return redirect(url_for(".round_detail", round_code=round_code), 303)


@blueprint.get("/<round_code>/close")
@requires("quizzes.manage_rounds")
def confirm_close(round_code: str) -> str | AnyResponse:
    """What closing will do, before it is done."""
    with reading() as session:
        view = queries.round_by_code(session, round_code)
        if view.state != RoundState.OPEN:
            return redirect(url_for(".round_detail", round_code=round_code))
        counts = queries.round_counts(session, view)
    return render_template("quizzes/manage_close.html", round=view, counts=counts)


@blueprint.post("/<round_code>/close")
@requires("quizzes.manage_rounds")
def close(round_code: str) -> AnyResponse:
    with transaction() as session:
        view = queries.round_by_code(session, round_code)
        ended = close_round(session, current_actor(), view.id, now())
    flash(_("Đã đóng kỳ kiểm tra. %(count)s bài đang làm đã được nộp.", count=ended), "success")
    return redirect(url_for(".round_detail", round_code=round_code), 303)
