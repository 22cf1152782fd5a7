"""Questions that read alike, and what people said of pairs."""

from __future__ import annotations

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.bank import PairForm
from quizzes.operations.pairs import relate_items, unrelate_items
from quizzes.queries.duplicates import alike_pairs

blueprint = Blueprint("manage_pairs", "quizzes", url_prefix="/manage/questions", template_folder="templates")
PAIRS_SHOWN = 50


@blueprint.get("/pairs")
@requires("quizzes.view_bank")
def pairs() -> str:
    """Pairs of items that read alike and of which nobody said yet what they are, most alike first."""
    with reading() as session:
        found = alike_pairs(session, PAIRS_SHOWN)
    return render_template("quizzes/bank_pairs.html", pairs=found, most=PAIRS_SHOWN)


@blueprint.post("/<code>/pairs")
@requires("quizzes.view_bank")
def relate(code: str) -> AnyResponse:
    """Say what another item is to this one."""
    form = PairForm()
    back = url_for(".pairs") if request.form.get("back") == "pairs" else url_for("manage_questions.question", code=code, _anchor="pairs")
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
        return redirect(back, 303)
    try:
        with transaction() as session:
            relate_items(session, current_actor(), (code, form.other.data or ""), form.relation.data, now(), reason=form.reason.data or "")
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã ghi quan hệ giữa %(one)s và %(other)s.", one=code, other=form.other.data), "success")
    return redirect(back, 303)


@blueprint.post("/<code>/pairs/remove")
@requires("quizzes.view_bank")
def unrelate(code: str) -> AnyResponse:
    """Take back what was said of a pair."""
    other = request.form.get("other", "")
    try:
        with transaction() as session:
            unrelate_items(session, current_actor(), (code, other), now())
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã bỏ quan hệ giữa %(one)s và %(other)s.", one=code, other=other), "success")
    return redirect(url_for("manage_questions.question", code=code, _anchor="pairs"), 303)
