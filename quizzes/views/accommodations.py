"""More time and other accommodations: who has them, granting them to many at once, ending them."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.kit.access import current_actor, requires
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from quizzes.forms.accommodations import AccommodationsForm
from quizzes.operations.accommodations import end_accommodation, grant_accommodations
from quizzes.queries.accommodations import people_by_code, standing_accommodations
from quizzes.queries.rounds import RoundView, round_by_code
from quizzes.rules.accommodations import codes_in

blueprint = Blueprint("accommodations", "quizzes", url_prefix="/manage/accommodations", template_folder="templates")


@blueprint.get("/")
@requires("quizzes.grant_accommodations")
def index() -> str:
    with reading() as session:
        round_ = _round(session)
        rows = standing_accommodations(session, local_date(now(), settings().zone), round_.id if round_ else None)
    return render_template("quizzes/accommodations.html", rows=rows, round=round_)


@blueprint.route("/new", methods=["GET", "POST"])
@requires("quizzes.grant_accommodations")
def grant() -> str | tuple[str, int] | AnyResponse:
    """The form; then who is meant and what was not found; then it is granted. Nothing is written before the second press."""
    form = AccommodationsForm()
    with reading() as session:
        round_ = _round(session)
    if not form.validate_on_submit():
        page = render_template("quizzes/accommodations_new.html", form=form, round=round_, found=None, missing=[])
        return (page, 422) if request.method == "POST" else page
    try:
        allowance = form.allowance(settings().zone)
        allowance.check(of_one_round=round_ is not None)
        codes = codes_in(form.codes.data)
        with reading() as session:
            found = people_by_code(session, codes)
        missing = [code for code in codes if code not in found]
        if request.form.get("confirmed") == "yes" and found and not missing:
            with transaction() as session:
                people = [person for person, _name in found.values()]
                count = grant_accommodations(
                    session,
                    current_actor(),
                    people,
                    round_id=round_.id if round_ else None,
                    given=allowance,
                    reason=form.reason.data,
                    at=now(),
                )
            flash(_("Đã ghi điều kiện riêng cho %(count)s người.", count=count))
            return redirect(url_for(".index", round=round_.code if round_ else None), 303)
    except DomainError as refused:
        form.form_errors.append(translated(refused))
        return render_template("quizzes/accommodations_new.html", form=form, round=round_, found=None, missing=[]), 422
    return render_template("quizzes/accommodations_new.html", form=form, round=round_, found=found, missing=missing)


@blueprint.post("/<uuid:accommodation_id>/end")
@requires("quizzes.grant_accommodations")
def end(accommodation_id: UUID) -> AnyResponse:
    with transaction() as session:
        end_accommodation(session, current_actor(), accommodation_id, now())
    flash(_("Đã thôi áp dụng. Bài đang làm vẫn giữ thời gian đã được thêm."))
    return redirect(url_for(".index", round=request.args.get("round")), 303)


def _round(session: Session) -> RoundView | None:
    """The round the address names; None: every round. Raises NotFound."""
    code = request.args.get("round")
    return round_by_code(session, code) if code else None
