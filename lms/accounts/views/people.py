"""The list of people, one person, and the slips that let people in."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import Any
from uuid import UUID

from flask import Response, abort, current_app, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.forms import PeopleFilterForm
from lms.accounts.permissions import ROLE_NAMES
from lms.accounts.role_forms import GrantForm
from lms.accounts.rules import roles
from lms.accounts.rules.people import ABSENCE_NAMES, IT_DUTY_NAMES, QUALIFICATION_NAMES, masked, shown_phone
from lms.accounts.rules.tokens import CODE_LIFETIME
from lms.accounts.views.door import blueprint
from lms.accounts.views.qr import qr_image
from lms.accounts.views.timeline import leave_lines, post_lines, together
from lms.kit.access import current_actor, may, requires, scope_of
from lms.kit.actors import AccessDenied, Everywhere, NotFound, Role
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction, vault

CHOICES = 400  # more agencies than that are not chosen from a list
SLIPS = 400  # printed at once: fifty pages
SHOWN = 50  # names of those who wait for a slip


@blueprint.get("/manage/people")
@requires("accounts.view_people")
def people() -> str:
    """Who is in the scope, fifty at a time. Four statements."""
    scope, on, at = scope_of("accounts.view_people"), today(), now()
    form = PeopleFilterForm(request.args)
    agency_id = _uuid("agency")
    only = next((each for each in queries.Only if each.value == form.only.data), None)
    with reading() as db:
        groups = queries.group_choices(db)
        agencies = queries.agency_choices(db, scope, on, CHOICES)
        page = queries.people_page(
            db,
            scope,
            on,
            at,
            search=form.search.data or "",
            agency_id=agency_id,
            group_code=form.group.data or None,
            it_duty=form.it_duty.data or None,
            only=only,
            after=_uuid("after"),
            before=_uuid("before"),
        )
    form.group.choices = [("", _("Mọi nhóm")), *((code, f"{code} – {name}") for code, name in groups)]
    form.agency.choices = [("", _("Mọi cơ quan trong phạm vi")), *((str(choice.id), choice.name) for choice in agencies or [])]
    form.it_duty.choices = [("", _("Không lọc")), *((duty.value, _(name)) for duty, name in IT_DUTY_NAMES.items())]
    form.only.choices = [("", _("Tất cả")), *((each.value, name) for each, name in _only_names().items())]
    kept: dict[str, Any] = {"agency": agency_id, **{name: form[name].data or None for name in ("search", "group", "it_duty", "only")}}
    rows = [
        {
            "name": {"text": row.full_name, "href": url_for("accounts.person", person_id=row.id), "note": row.staff_code},
            "agency": row.agency_name or "—",
            "group": row.group_code or "—",
            "title": {"text": row.job_title or "—", "note": _(ABSENCE_NAMES.get(row.absence, row.absence)) if row.absence else None},
            "state": {"tag": _state(has_password=row.has_password, locked=row.locked, disabled=row.disabled)},
        }
        for row in page.rows
    ]
    return render_template(
        "accounts/people.html",
        form=form,
        rows=rows,
        total=page.total,
        agencies_listed=agencies is not None,
        filtered=any(kept.values()),
        previous_url=url_for("accounts.people", before=page.before, **kept) if page.before else None,
        next_url=url_for("accounts.people", after=page.after, **kept) if page.after else None,
        slips_url=url_for("accounts.slips", agency=agency_id) if may("accounts.issue_slips") else None,
    )


@blueprint.get("/manage/people/<uuid:person_id>")
@requires("accounts.view_people")
def person(person_id: UUID) -> AnyResponse:
    """One person; a record that was merged leads on to the one it lives on in."""
    try:
        return _person_page(person_id)
    except NotFound:
        with reading() as db:
            survivor = queries.survivor_of(db, person_id)
            if survivor is None:
                raise
            queries.person_view(db, scope_of("accounts.view_people"), survivor, today(), now())
        return redirect(url_for("accounts.person", person_id=survivor))


@blueprint.post("/manage/people/<uuid:person_id>/reset")
@requires("accounts.issue_slips")
def reset_password(person_id: UUID) -> Response:
    """The old password ends, a slip with a new code is shown, once."""
    scope, on, at = scope_of("accounts.issue_slips"), today(), now()
    with transaction() as db:
        view = queries.person_view(db, scope, person_id, on, at)
        if not queries.may_let_in(db, scope, on, roles.within_reach(current_actor().grants), person_id):
            raise AccessDenied
        issued = operations.reset_password(db, current_actor(), person_id, at)
    slip = {
        "name": view.full_name,
        "staff_code": view.staff_code,
        "login": view.login_name,
        "agency": view.posts[0].agency_name if view.posts else "",
        "code": issued.code,
    }
    return _slips_page([slip])


@blueprint.post("/manage/people/<uuid:person_id>/unlock")
@requires("accounts.issue_slips")
def unlock(person_id: UUID) -> AnyResponse:
    at = now()
    with transaction() as db:
        queries.person_view(db, scope_of("accounts.issue_slips"), person_id, today(), at)
        operations.unlock(db, current_actor(), person_id, at)
    flash(_("Đã mở khóa. Người này đăng nhập lại được ngay."), "success")
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.post("/manage/people/<uuid:person_id>/roles")
@requires("accounts.grant_roles")
def grant_role(person_id: UUID) -> AnyResponse:
    scope, at = scope_of("accounts.grant_roles"), now()
    form = GrantForm(today())
    form.role.choices = _role_choices()
    form.agency.choices = [(form.agency.data, form.agency.data)]
    if not form.validate():
        return _person_page(person_id, form, 422)
    try:
        agency_id = UUID(form.agency.data) if form.agency.data else None
        with transaction() as db:
            queries.person_view(db, scope, person_id, today(), at)
            if not queries.covers_agency(db, scope, agency_id, today()):
                raise NotFound
            days = {"on": form.first_day(), "valid_to": form.end()}
            operations.grant_role(db, current_actor(), person_id, Role(form.role.data), agency_id, **days, at=at)
    except DomainError as refusal:
        form[refusal.field or "role"].errors = [translated(refusal)]
        return _person_page(person_id, form, 422)
    except ValueError:
        abort(400)
    flash(_("Đã giao vai trò."), "success")
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.post("/manage/people/<uuid:person_id>/roles/<uuid:grant_id>/revoke")
@requires("accounts.grant_roles")
def revoke_role(person_id: UUID, grant_id: UUID) -> AnyResponse:
    scope, at = scope_of("accounts.grant_roles"), now()
    with transaction() as db:
        held = {grant.id: grant for grant in queries.person_view(db, scope, person_id, today(), at).grants}
        if grant_id not in held or not queries.covers_agency(db, scope, held[grant_id].agency_id, today()):
            raise NotFound
        operations.revoke_role(db, current_actor(), grant_id, on=today(), at=at)
    flash(_("Đã thu hồi vai trò."), "success")
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.get("/manage/people/slips")
@requires("accounts.issue_slips")
def slips() -> str:
    """Who has no password yet, and who of them has a slip."""
    scope, on = scope_of("accounts.issue_slips"), today()
    agency_id = _uuid("agency")
    with reading() as db:
        agencies = queries.agency_choices(db, scope, on, CHOICES)
        waiting = _waiting(db, agency_id)
    form = PeopleFilterForm(request.args)
    form.agency.choices = [("", _("Mọi cơ quan trong phạm vi")), *((str(choice.id), choice.name) for choice in agencies or [])]
    rows = [
        {
            "name": {"text": each.full_name, "href": url_for("accounts.person", person_id=each.id), "note": each.staff_code},
            "agency": each.agency_name,
            "login": each.login_name,
            "slip": {"tag": {"text": _("Đã cấp"), "kind": "active"}, "note": _("dùng đến %(day)s", day=f"{each.slip_until:%d/%m/%Y}")}
            if each.slip_until
            else {"tag": {"text": _("Chưa cấp"), "kind": "waiting"}},
        }
        for each in waiting[:SHOWN]
    ]
    missing = sum(each.slip_until is None for each in waiting)
    return render_template(
        "accounts/slips.html",
        form=form,
        rows=rows,
        waiting=len(waiting),
        missing=missing,
        too_many=len(waiting) > SLIPS,
        limit=SLIPS,
        unshown=max(len(waiting) - SHOWN, 0),
        agency=agency_id,
        agencies_listed=agencies is not None,
    )


@blueprint.post("/manage/people/slips")
@requires("accounts.issue_slips")
def issue_slips() -> AnyResponse:
    """Make codes and show them, once, laid out for printing."""
    agency_id, at = _uuid("agency", request.form), now()
    everyone = request.form.get("which") == "all"
    with transaction() as db:
        chosen = [each for each in _waiting(db, agency_id) if everyone or each.slip_until is None]
        if not chosen or len(chosen) > SLIPS:
            return redirect(url_for("accounts.slips", agency=agency_id), 303)
        issued = {code.person_id: code.code for code in operations.issue_codes(db, current_actor(), [each.id for each in chosen], at)}
    return _slips_page(
        [
            {
                "name": each.full_name,
                "staff_code": each.staff_code,
                "login": each.login_name,
                "agency": each.agency_name,
                "code": issued[each.id],
            }
            for each in chosen
        ]
    )


def today() -> date:
    return local_date(now(), current_app.extensions["lms.settings"].zone)


def _waiting(db: Any, agency_id: UUID | None) -> list[queries.Invitable]:
    scope = scope_of("accounts.issue_slips")
    reach = roles.within_reach(current_actor().grants)
    return queries.invitable_people(db, scope, today(), now(), reach, agency_id=agency_id, limit=SLIPS + 1)


def _uuid(name: str, values: Any = None) -> UUID | None:
    """An identifier among the arguments; 404 for what cannot be one."""
    text = (request.args if values is None else values).get(name, "")
    try:
        return UUID(text) if text else None
    except ValueError:
        abort(404)


def _role_choices() -> list[tuple[str, Any]]:
    grants = current_actor().grants
    return [(role.value, name) for role, name in ROLE_NAMES.items() if role is not Role.LEARNER and roles.may_give(grants, role)]


def _slips_page(slips: list[dict[str, str]]) -> Response:
    settings = current_app.extensions["lms.settings"]
    until = local_date(now() + CODE_LIFETIME, settings.zone)
    # Behind the #: what stands there no browser sends, so the code is in nobody's log.
    drawn = [{**slip, "qr": qr_image(f"{settings.base_url}/activate#{slip['code']}", _("Mã QR của phiếu"), scale=3)} for slip in slips]
    return make_response(render_template("accounts/printed_slips.html", slips=drawn, address=settings.base_url, until=until))


def _person_page(person_id: UUID, form: GrantForm | None = None, status: int = 200) -> Response:
    """One person. Six statements, and at most four for those who may change something."""
    scope, on, at = scope_of("accounts.view_people"), today(), now()
    may_grant, may_issue = may("accounts.grant_roles"), may("accounts.issue_slips")
    with reading() as db:
        view = queries.person_view(db, scope, person_id, on, at)
        reachable = may_issue and queries.may_let_in(
            db, scope_of("accounts.issue_slips"), on, roles.within_reach(current_actor().grants), person_id
        )
        editable = may("accounts.edit_people") and queries.may_edit(db, scope_of("accounts.edit_people"), person_id, on)
        changeable = (
            queries.agencies_within(db, scope_of("accounts.edit_people"), {post.agency_id for post in view.posts}, on)
            if editable
            else frozenset()
        )
        agencies = queries.agency_choices(db, scope_of("accounts.grant_roles"), on, CHOICES) if may_grant else []
    if may_grant:
        form = form or GrantForm(on, formdata=None)
        form.role.choices = _role_choices()
        province = [("", _("Toàn tỉnh"))] if isinstance(scope_of("accounts.grant_roles"), Everywhere) else []
        form.agency.choices = [*province, *((str(choice.id), choice.name) for choice in agencies or [])]
    names = {post.agency_id: post.agency_name for post in view.posts}
    lines = post_lines(view.posts, names, on, _post_links(person_id, on, changeable))
    page = render_template(
        "accounts/person.html",
        person=view,
        facts=_facts(view),
        lines=together(lines, leave_lines(view.leaves, on, person_id if editable else None)),
        may_edit=editable,
        holds_post=any(post.is_primary and post.valid_from <= on < post.valid_to for post in view.posts),
        grants=[(grant, ROLE_NAMES[grant.role], roles.may_give(current_actor().grants, grant.role)) for grant in view.grants],
        may_reset=reachable,
        may_unlock=may_issue and view.locked,
        may_reset_factor=reachable and may("accounts.reset_second_factor"),
        form=form,
    )
    return make_response(page, status)


def _post_links(person_id: UUID, on: date, changeable: frozenset[UUID]) -> Callable[[Any], list[dict[str, str]]]:
    """What may be done with a post on the person's page; nothing with those of agencies outside one's own."""

    def links(post: Any) -> list[dict[str, str]]:
        if post.agency_id not in changeable:
            return []
        offered = [(_("Sửa"), "accounts.correct_post")]
        if post.valid_from <= on < post.valid_to:
            if not post.is_primary:
                offered.append((_("Đặt làm vị trí chính"), "accounts.make_primary"))
            offered.append((_("Kết thúc"), "accounts.end_post"))
        return [
            {"text": text, "href": url_for(endpoint, person_id=person_id, posting_id=post.id), "about": post.agency_name}
            for text, endpoint in offered
        ]

    return links


def _only_names() -> dict[queries.Only, str]:
    return {
        queries.Only.ABSENT: _("Đang nghỉ, vắng mặt"),
        queries.Only.NO_ACCOUNT: _("Chưa kích hoạt tài khoản"),
        queries.Only.NO_POSTING: _("Không giữ vị trí nào"),
    }


def _facts(view: queries.PersonView) -> list[dict[str, Any]]:
    born = f"{view.birth_date:%d/%m/%Y}" if view.birth_date else view.birth_year
    level = _(QUALIFICATION_NAMES.get(view.qualification, view.qualification)) if view.qualification else None
    return [
        {"key": _("Mã cán bộ"), "value": view.staff_code},
        {"key": _("Tên đăng nhập"), "value": view.login_name},
        {"key": _("Tài khoản"), "tag": _state(has_password=view.has_password, locked=view.locked, disabled=view.disabled)},
        {"key": _("Ngày sinh"), "value": born},
        {"key": _("Giới tính"), "value": {"male": _("Nam"), "female": _("Nữ")}.get(view.sex or "")},
        {"key": _("Điện thoại"), "value": shown_phone(vault().unseal(view.phone_sealed)) if view.phone_sealed else None},
        {"key": _("Thư điện tử"), "value": view.email},
        {"key": _("Số CCCD"), "value": masked(vault().unseal(view.identity_sealed)) if view.identity_sealed else None},
        {"key": _("Trình độ chuyên môn"), "value": level},
        {"key": _("Trình độ tin học"), "value": view.it_qualification},
        {"key": _("Đúng chuyên ngành CNTT"), "value": _("Có") if view.it_major else _("Không")},
    ]


def _state(*, has_password: bool, locked: bool, disabled: bool) -> dict[str, str]:
    """What a person can do with their account, as a tag."""
    if disabled:
        return {"text": _("Ngừng hoạt động"), "kind": "closed"}
    if locked:
        return {"text": _("Tạm khóa"), "kind": "attention"}
    if not has_password:
        return {"text": _("Chưa kích hoạt"), "kind": "waiting"}
    return {"text": _("Đang dùng"), "kind": "done"}
