"""The same change to many items: shown first, then done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.datastructures import ImmutableMultiDict
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, may, requires
from lms.kit.actors import AccessDenied
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from quizzes.forms.bank import BankFilterForm, BulkForm
from quizzes.operations.bulk import change_items, plan_bulk
from quizzes.queries.bank_list import found_items
from quizzes.queries.people import possible_owners
from quizzes.rules.bulk import BULK_NAMES, MOST_AT_ONCE, OF_REVIEWERS, BulkAction, BulkChange
from quizzes.views.bank import filter_of
from quizzes.views.words import purpose_name, today

blueprint = Blueprint("manage_bulk", "quizzes", url_prefix="/manage/questions/bulk", template_folder="templates")
FILTERS = ("q", "topic", "level", "kind", "state", "purpose", "tag", "owner", "expiring")
SHOWN = 100
"""Lines of a preview; of more the number is said."""


@blueprint.get("")
@requires("quizzes.view_bank")
def start() -> AnyResponse:
    """Whoever comes here without a choice chooses first."""
    return redirect(url_for("manage_questions.questions"))


@blueprint.post("")
@requires("quizzes.view_bank")
def preview() -> str | AnyResponse:
    """What the change would do to the items ticked, or to all the filter finds."""
    form = BulkForm()
    reviews = may("quizzes.review_items")
    filters: dict[str, Any] = {name: value for name in FILTERS if (value := request.form.get(f"filter_{name}"))}
    back = url_for("manage_questions.questions", **filters)
    try:
        with reading() as session:
            owners = possible_owners(session, today())
            form.offer(owners, reviews=reviews)
            if not form.validate_on_submit():
                flash(next(iter(form.errors.values()))[0], "error")
                return redirect(back, 303)
            if request.form.get("all_found"):
                wanted = filter_of(BankFilterForm(ImmutableMultiDict(filters)))
                codes = found_items(session, wanted, today(), MOST_AT_ONCE + 1)
            else:
                codes = request.form.getlist("item")
            plan = plan_bulk(session, codes, BulkChange(BulkAction(form.action.data), form.value()))
    except DomainError as refused:
        flash(translated(refused), "error")
        return redirect(back, 303)
    change, names = plan.change, {str(person): name for person, name in owners}
    words: dict[BulkAction, Callable[[str], str]] = {
        BulkAction.PURPOSE: purpose_name,
        BulkAction.OWNER: lambda value: names.get(value, value),
    }
    said = words.get(change.action, _as_it_is)
    return render_template(
        "quizzes/bank_bulk.html",
        plan=plan,
        title=_(BULK_NAMES[change.action]),
        value=said(change.value),
        shows_change=change.action in (BulkAction.TAG, BulkAction.UNTAG, BulkAction.PURPOSE),
        said=purpose_name if change.action == BulkAction.PURPOSE else _as_it_is,
        lines=plan.lines[:SHOWN],
        unshown=max(0, len(plan.lines) - SHOWN),
        back=back,
    )


@blueprint.post("/confirm")
@requires("quizzes.view_bank")
def confirm() -> AnyResponse:
    """Do what was shown."""
    there = url_for("manage_questions.questions")
    name = request.form.get("action", "")
    if name not in tuple(BulkAction):
        return redirect(there, 303)
    action = BulkAction(name)
    if action in OF_REVIEWERS and not may("quizzes.review_items"):
        raise AccessDenied
    codes = request.form.get("items", "").split()
    change = BulkChange(action, request.form.get("value", ""))
    try:
        with transaction() as session:
            done = change_items(session, current_actor(), codes, change, now(), mark=request.form.get("mark", ""))
    except DomainError as refused:
        flash(translated(refused), "error")
    else:
        flash(_("Đã đổi %(count)s câu.", count=done), "success")
    return redirect(there, 303)


def _as_it_is(value: str) -> str:
    return value
