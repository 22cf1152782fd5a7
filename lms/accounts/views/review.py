"""The half-yearly review: is every privileged role still needed?"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.permissions import ROLE_NAMES
from lms.accounts.role_forms import ReviewFilterForm
from lms.accounts.rules import roles
from lms.accounts.views.door import blueprint
from lms.agencies.models import FOREVER
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import Scope
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.formats import short_datetime
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.kit.web import page_after

PAGE = 50


@blueprint.get("/manage/roles/")
@requires("accounts.review_roles")
def review() -> str:
    """Privileged roles in the scope by name of the holder, fifty at a time, with when the holder last signed in. Three statements."""
    scope, on, form = scope_of("accounts.review_roles"), _today(), ReviewFilterForm(request.args)
    with reading() as db:
        found = queries.grants_to_review(db, scope, on, overdue=bool(form.overdue.data), after=page_after(), limit=PAGE + 1)
        overdue = queries.count_overdue_reviews(db, scope, on)
    shown = found[:PAGE]
    last = shown[-1] if len(found) > PAGE else None
    kept: dict[str, Any] = {"overdue": "y"} if form.overdue.data else {}
    return render_template(
        "accounts/review.html",
        form=form,
        rows=[(row, _line(row, on), _may_decide(row)) for row in shown],
        overdue=overdue,
        days=roles.REVIEW_INTERVAL.days,
        next_url=url_for("accounts.review", after=f"{last.sort_key}~{last.id}", **kept) if last else None,
        first_url=url_for("accounts.review", **kept) if request.args.get("after") else None,
    )


@blueprint.post("/manage/roles/<uuid:grant_id>/confirm")
@requires("accounts.review_roles")
def confirm_role(grant_id: UUID) -> AnyResponse:
    at, on = now(), _today()
    try:
        with transaction() as db:
            queries.reviewable_grant(db, scope_of("accounts.review_roles"), grant_id, on)
            operations.confirm_role(db, current_actor(), grant_id, on=on, at=at)
    except DomainError as refusal:
        flash(translated(refusal), "error")
    else:
        flash(_("Đã xác nhận vai trò còn cần."), "success")
    return redirect(url_for("accounts.review"), 303)


@blueprint.post("/manage/roles/<uuid:grant_id>/revoke")
@requires("accounts.review_roles")
def revoke_reviewed_role(grant_id: UUID) -> AnyResponse:
    at, on = now(), _today()
    with transaction() as db:
        queries.reviewable_grant(db, scope_of("accounts.review_roles"), grant_id, on)
        operations.revoke_role(db, current_actor(), grant_id, on=on, at=at)
    flash(_("Đã thu hồi vai trò."), "success")
    return redirect(url_for("accounts.review"), 303)


def waiting_reviews(session: Session, scope: Scope, at: datetime) -> int:
    """For the managing page: how many roles nobody has looked at for six months."""
    return queries.count_overdue_reviews(session, scope, local_date(at, settings().zone))


def _line(row: queries.ReviewRow, on: date) -> dict[str, Any]:
    zone = settings().zone
    reviewed = local_date(row.reviewed_at, zone) if row.reviewed_at else None
    if roles.is_overdue(row.valid_from, reviewed, on):
        state = {"text": _("Quá hạn rà soát"), "kind": "attention"}
    else:
        state = {"text": _("Đã rà soát") if reviewed else _("Mới giao"), "kind": "done" if reviewed else "neutral"}
    until = _("không thời hạn") if row.valid_to == FOREVER else _("đến trước %(day)s", day=f"{row.valid_to:%d/%m/%Y}")
    kind = _("ủy quyền") if row.delegated else None
    return {
        "name": {"text": row.full_name, "href": url_for("accounts.person", person_id=row.person_id), "note": row.staff_code},
        "role": {"text": ROLE_NAMES[row.role], "note": " – ".join(filter(None, (row.agency_name or _("toàn tỉnh"), kind)))},
        "since": {"text": f"{row.valid_from:%d/%m/%Y}", "note": until},
        "seen": short_datetime(row.last_sign_in, zone) if row.last_sign_in else _("chưa lần nào"),
        "state": {"tag": state, "note": f"{reviewed:%d/%m/%Y}" if reviewed else None},
    }


def _may_decide(row: queries.ReviewRow) -> bool:
    actor = current_actor()
    return row.person_id != actor.person_id and roles.may_give(actor.grants, row.role)


def _today() -> date:
    return local_date(now(), settings().zone)
