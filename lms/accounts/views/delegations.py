"""Handing on one's own roles until a day, and taking them back."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.permissions import ROLE_NAMES
from lms.accounts.role_forms import DelegationForm
from lms.accounts.rules.roles import LONGEST_DELEGATION
from lms.accounts.views.door import blueprint
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import local_date, now
from lms.kit.errors import N_, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction

CHOICES = 400  # agencies to narrow a delegation to


@blueprint.get("/account/delegations")
@requires("accounts.delegate")
def delegations() -> Response:
    form = DelegationForm(local_date(now(), settings().zone), formdata=None)
    form.person.data = request.args.get("person", "")
    return _page(form)


@blueprint.post("/account/delegations")
@requires("accounts.delegate")
def delegate() -> AnyResponse:
    actor, at = current_actor(), now()
    on = local_date(at, settings().zone)
    form = DelegationForm(on)
    form.held.choices = [(form.held.data, "")]
    if not form.validate():
        return _page(form, 422)
    try:
        with transaction() as db:
            to = queries.substitute(db, form.person.data)
            if to is None:
                raise DomainError(N_("Không có cán bộ nào mang mã này."), code="no_person", field="person")
            operations.delegate_role(
                db,
                actor,
                _identifier(form.held.data),
                to,
                agency_id=_identifier(form.agency.data) if form.agency.data else None,
                start=form.first_day(),
                end=form.end(),
                reason=form.reason.data,
                on=on,
                at=at,
            )
    except DomainError as refusal:
        form[{"start": "since"}.get(refusal.field or "", refusal.field or "held")].errors = [translated(refusal)]
        return _page(form, 422)
    flash(_("Đã ủy quyền."), "success")
    return redirect(url_for("accounts.delegations"), 303)


@blueprint.post("/account/delegations/<uuid:grant_id>/withdraw")
@requires("accounts.delegate")
def withdraw_delegation(grant_id: UUID) -> AnyResponse:
    at = now()
    with transaction() as db:
        operations.withdraw_delegation(db, current_actor(), grant_id, on=local_date(at, settings().zone), at=at)
    flash(_("Đã thu hồi ủy quyền. Người đó không còn vai trò này từ lúc này."), "success")
    return redirect(url_for("accounts.delegations"), 303)


def _page(form: DelegationForm, status: int = 200) -> Response:
    """What one may hand on, has handed on and was handed. Seven statements."""
    actor, on = current_actor(), form.today
    assert actor.person_id is not None
    with reading() as db:
        own = queries.own_grants(db, actor.person_id, on)
        agencies = queries.agency_choices(db, scope_of("accounts.delegate"), on, CHOICES)
        given = queries.delegations_given(db, actor.person_id, on)
        received = queries.delegations_received(db, actor.person_id, on)
    form.held.choices = [(str(grant.id), f"{ROLE_NAMES[grant.role]} – {grant.agency_name or _('toàn tỉnh')}") for grant in own]
    form.agency.choices = [("", _("Cả phạm vi của vai trò")), *((str(choice.id), choice.name) for choice in agencies or [])]
    page = render_template(
        "accounts/delegations.html",
        form=form if own else None,
        given=[(row, _line(row)) for row in given],
        received=[_line(row) for row in received],
        days=LONGEST_DELEGATION.days,
        on=on,
    )
    return make_response(page, status)


def _line(row: queries.DelegationRow) -> dict[str, Any]:
    return {
        "role": {"text": ROLE_NAMES[row.role], "note": row.agency_name or _("toàn tỉnh")},
        "other": row.other,
        "days": _("từ %(first)s đến trước %(end)s", first=f"{row.valid_from:%d/%m/%Y}", end=f"{row.valid_to:%d/%m/%Y}"),
        "reason": row.reason,
        "state": {"tag": _state(row)},
    }


def _state(row: queries.DelegationRow) -> dict[str, str]:
    if row.effective:
        return {"text": _("Đang hiệu lực"), "kind": "active"}
    on = local_date(now(), settings().zone)
    if row.valid_to <= on:
        return {"text": _("Đã hết"), "kind": "closed"}
    if row.valid_from > on:
        return {"text": _("Chưa đến ngày"), "kind": "waiting"}
    return {"text": _("Không hiệu lực: người ủy quyền không còn vai trò"), "kind": "attention"}


def _identifier(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError as error:
        raise NotFound from error
