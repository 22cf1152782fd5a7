"""Reviewing versions: what waits, and what authors and reviewers do with it."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.feature import HomePanel
from lms.kit.access import current_actor, may, requires
from lms.kit.actors import Actor
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.bank import DecisionForm, RetireForm
from quizzes.operations import review as operations
from quizzes.operations.bank import InvalidItemError
from quizzes.queries import review as queries
from quizzes.queries.expiry import expiring_items
from quizzes.views.words import today

blueprint = Blueprint("manage_reviews", "quizzes", url_prefix="/manage/questions", template_folder="templates")
A_PAGE = 50
AUTHORS_STEPS: dict[str, tuple[Callable[[Session, Actor, str, int, datetime], None], object]] = {
    "submit": (operations.submit_for_review, _l("Đã gửi thẩm định. Người thẩm định không thấy tên tác giả.")),
    "withdraw": (operations.withdraw_from_review, _l("Đã rút về. Câu hỏi lại là bản nháp.")),
    "discard": (operations.discard_draft, _l("Đã bỏ bản nháp.")),
}


@blueprint.get("/review")
@requires("quizzes.review_items")
def queue() -> str:
    """Versions that wait, the oldest first; one's own among them are for somebody else."""
    after = _after(request.args.get("after", ""))
    with reading() as session:
        found = queries.review_queue(session, current_actor().person_id, after=after, limit=A_PAGE + 1)
    rows = found[:A_PAGE]
    last = rows[-1] if len(found) > A_PAGE else None
    return render_template(
        "quizzes/bank_review_queue.html",
        rows=rows,
        first_url=url_for(".queue") if after else None,
        next_url=url_for(".queue", after=f"{last.submitted_at.isoformat()}~{last.code}") if last and last.submitted_at else None,
    )


@blueprint.post("/<code>/<int:number>/author")
@requires("quizzes.write_items")
def author_step(code: str, number: int) -> AnyResponse:
    """Hand in, take back, give up: `step` says which."""
    step, told = AUTHORS_STEPS.get(request.form.get("step", ""), AUTHORS_STEPS["submit"])
    try:
        with transaction() as session:
            step(session, current_actor(), code, number, now())
    except InvalidItemError as refused:
        said = "; ".join(_(problem.message, **problem.values) for problem in refused.problems)
        flash(_("Chưa gửi được: %(problems)s. Sửa rồi gửi lại.", problems=said), "error")
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(str(told), "success")
    return redirect(url_for("manage_questions.question", code=code, version=number), 303)


@blueprint.post("/<code>/<int:number>/decide")
@requires("quizzes.review_items")
def decide(code: str, number: int) -> AnyResponse:
    """Approve, or send back with remarks; then on to what waits."""
    form = DecisionForm()
    there = url_for("manage_questions.question", code=code, version=number, _anchor="review")
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
        return redirect(there, 303)
    try:
        with transaction() as session:
            if form.decision.data == "approve":
                operations.approve(session, current_actor(), code, number, now(), remarks=form.remarks.data or "")
            else:
                operations.send_back(session, current_actor(), code, number, now(), remarks=form.remarks.data or "")
    except DomainError as refused:
        flash(translated(refused), "error")
        return redirect(there, 303)
    told = _("Đã duyệt câu %(item)s.", item=code) if form.decision.data == "approve" else _("Đã trả lại câu %(item)s.", item=code)
    flash(told, "success")
    return redirect(url_for(".queue"), 303)


@blueprint.post("/<code>/retire")
@requires("quizzes.review_items")
def retire(code: str) -> AnyResponse:
    """Take an approved item out of use."""
    form = RetireForm()
    if not form.validate_on_submit():
        flash(next(iter(form.errors.values()))[0], "error")
    else:
        try:
            with transaction() as session:
                operations.retire_item(session, current_actor(), code, now(), reason=form.reason.data or "")
        except DomainError as refused:
            flash(translated(refused), "error")
        else:
            flash(_("Đã ngừng dùng câu %(item)s. Đề đã lập vẫn giữ câu này.", item=code), "success")
    return redirect(url_for("manage_questions.question", code=code), 303)


def home_panel(session: Session, actor: Actor, at: datetime) -> HomePanel | None:
    """An author's drafts that came back, and the items they answer for that will soon end."""
    if actor.person_id is None or not may("quizzes.write_items"):
        return None
    returned = queries.returned_drafts(session, actor.person_id)
    expiring = expiring_items(session, today(), owner=actor.person_id)
    if not returned and not expiring:
        return None
    return HomePanel(template="quizzes/_bank_panel.html", context={"returned": returned, "expiring": expiring}, order=40)


def _after(text: str) -> tuple[datetime, str] | None:
    moment, sign, code = text.partition("~")
    try:
        found = datetime.fromisoformat(moment)
    except ValueError:
        return None
    return (found, code) if sign and found.tzinfo else None
