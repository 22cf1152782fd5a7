"""What the pages about people share: one page with one form, and where refusals are shown."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, make_response, render_template, url_for
from flask_babel import gettext as _

from lms.kit.errors import DomainError
from lms.kit.forms import BaseForm
from lms.kit.i18n import translated

CHOICES = 400  # more agencies than that are not chosen from a list


def refused(form: BaseForm, refusal: DomainError, names: dict[str, str] | None = None) -> None:
    """Show a refusal at the field at fault; at the first one where the form has no such field."""
    name = (names or {}).get(refusal.field or "", refusal.field or "")
    field = form[name] if name in form else next(each for each in form if each.type not in ("CSRFTokenField", "HiddenField"))
    field.errors = [*field.errors, translated(refusal)]


def form_page(
    form: BaseForm,
    *,
    title: str,
    submit: str,
    person_id: UUID | None = None,
    person_name: str | None = None,
    lead: str | None = None,
    kind: str = "primary",
    crumbs: list[dict[str, str]] | None = None,
    extra: dict[str, Any] | None = None,
) -> Response:
    """A page that asks for one thing; 422 where the form has errors."""
    trail = crumbs or [{"label": _("Cán bộ"), "url": url_for("accounts.people")}]
    if person_id is not None and person_name is not None:
        trail = [*trail, {"label": person_name, "url": url_for("accounts.person", person_id=person_id)}]
    page = render_template(
        "accounts/one_form.html",
        form=form,
        title=title,
        submit=submit,
        lead=lead,
        kind=kind,
        crumbs=[*trail, {"label": title}],
        back=url_for("accounts.person", person_id=person_id) if person_id else trail[-1]["url"],
        extra=extra or {},
    )
    return make_response(page, 422 if form.errors else 200)
