"""Entering one person by hand, and putting right what is known about one."""

from __future__ import annotations

from typing import Any
from uuid import UUID

from flask import Response, flash, redirect, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.person_forms import NewPersonForm, PersonForm, written
from lms.accounts.rules import people as rules
from lms.accounts.rules.people import NewPerson
from lms.accounts.views.door import blueprint
from lms.accounts.views.forms_page import CHOICES, form_page, refused
from lms.accounts.views.people import today
from lms.kit.access import current_actor, may, requires, scope_of
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.unit import reading, transaction, vault

EDIT = "accounts.edit_people"


@blueprint.get("/manage/people/new")
@requires("accounts.edit_people")
def new_person() -> Response:
    form = NewPersonForm(formdata=None, data={"since": written(today()), "group": "N2"})
    return _new_page(form)


@blueprint.post("/manage/people/new")
@requires("accounts.edit_people")
def create_person() -> AnyResponse:
    form = NewPersonForm()
    with reading() as db:
        _prepare(db, form)
        agency_id = queries.chosen_agency(db, scope_of(EDIT), form.agency.data or "", today()) if form.agency.data else None
    valid = form.validate()
    if form.agency.data and agency_id is None:
        form.agency.errors = [_("Không có cơ quan này trong phạm vi phụ trách. Gõ mã định danh hoặc đúng tên đầy đủ.")]
        valid = False
    if not valid or agency_id is None:
        return _new_page(form)
    values = form.values()
    person = NewPerson(
        agency_id=agency_id, valid_from=form.since.day or today(), staff_code=form.staff_code.data or None, **form.post_values(), **values
    )
    try:
        with transaction() as db:
            person_id = operations.create_person(db, current_actor(), person, now())
    except DomainError as refusal:
        fields = {"staff_code_taken": "staff_code", "login_taken": "staff_code", "identity_taken": "identity_number"}
        refusal.field = refusal.field or fields.get(refusal.code, refusal.code)
        refused(form, refusal)
        return _new_page(form)
    flash(_("Đã thêm %(name)s. Cấp phiếu tài khoản để người này đăng nhập được.", name=form.full_name.data), "success")
    _warn_of_number(values)
    return redirect(url_for("accounts.person", person_id=person_id), 303)


@blueprint.get("/manage/people/<uuid:person_id>/edit")
@requires("accounts.edit_people")
def edit_person(person_id: UUID) -> Response:
    with reading() as db:
        queries.editable_name(db, scope_of(EDIT), person_id, today())
        view = queries.person_view(db, scope_of(EDIT), person_id, today(), now())
    form = PersonForm(
        formdata=None,
        data={
            "full_name": view.full_name,
            "birth_date": written(view.birth_date),
            "birth_year": str(view.birth_year or "") if not view.birth_date else "",
            "sex": view.sex or "",
            "email": view.email or "",
            "phone": rules.shown_phone(vault().unseal(view.phone_sealed)) if view.phone_sealed else "",
            "qualification": view.qualification or "",
            "it_qualification": view.it_qualification or "",
            "it_major": view.it_major,
        },
    )
    return _edit_page(form, view)


@blueprint.post("/manage/people/<uuid:person_id>/edit")
@requires("accounts.edit_people")
def save_person(person_id: UUID) -> AnyResponse:
    form, scope = PersonForm(), scope_of(EDIT)
    with reading() as db:
        queries.editable_name(db, scope, person_id, today())
        view = queries.person_view(db, scope, person_id, today(), now())
    _offer_stored(form, view)
    if not form.validate():
        return _edit_page(form, view)
    values = form.values()
    try:
        with transaction() as db:
            queries.editable_name(db, scope, person_id, today())
            changed = operations.edit_person(db, current_actor(), person_id, values, now())
    except DomainError as refusal:
        refused(form, refusal)
        return _edit_page(form, view, _holder(person_id, values) if refusal.code == "identity_taken" else None)
    flash(_("Đã lưu.") if changed else _("Không có gì thay đổi."), "success" if changed else "info")
    _warn_of_number(values)
    return redirect(url_for("accounts.person", person_id=person_id), 303)


def _new_page(form: NewPersonForm) -> Response:
    with reading() as db:
        _prepare(db, form)
    return form_page(
        form,
        title=_("Thêm cán bộ"),
        submit=_("Thêm cán bộ"),
        lead=_("Cho một người. Nhiều người thì nhập từ tệp danh sách. Người đã có ở cơ quan khác trong tỉnh thì dùng “Nhận người về”."),
    )


def _prepare(db: Session, form: NewPersonForm) -> None:
    form.prepare(queries.offered_groups(db))
    form.agency.offer(queries.agency_choices(db, scope_of(EDIT), today(), CHOICES))


def _edit_page(form: PersonForm, view: queries.PersonView, conflict: dict[str, str] | None = None) -> Response:
    _offer_stored(form, view)
    if view.identity_sealed:
        form.identity_number.description = _(
            "Đang lưu %(number)s; để trống nếu không đổi.", number=rules.masked(vault().unseal(view.identity_sealed))
        )
    else:
        form.identity_number.description = _("12 chữ số. Sau khi lưu chỉ hiện ba số đầu và ba số cuối.")
        del form.forget_identity
    return form_page(
        form,
        title=_("Sửa hồ sơ"),
        submit=_("Lưu"),
        person_id=view.id,
        person_name=view.full_name,
        extra={"conflict": conflict} if conflict else None,
    )


def _offer_stored(form: PersonForm, view: queries.PersonView) -> None:
    """A qualification a roster spelled its own way stays choosable, so that saving changes nothing by itself."""
    if view.qualification and view.qualification not in dict(form.qualification.choices):
        form.qualification.choices = [*form.qualification.choices, (view.qualification, view.qualification)]


def _holder(person_id: UUID, values: dict[str, Any]) -> dict[str, str] | None:
    """Whose the number is, for one who may see that person anyway; nobody else learns it."""
    with reading() as db:
        match = queries.possible_matches(
            db, today(), staff_code=None, fingerprint=vault().fingerprint(values["identity_number"]), name_key=None, birth_date=None
        )
        if not match or not queries.may_edit(db, scope_of(EDIT), match[0].id, today()):
            return None
    other = match[0]
    merge_url = url_for("accounts.compare", person_id=person_id, other_id=other.id) if may("accounts.merge_people") else ""
    return {
        "text": _("Số này đang ở hồ sơ của"),
        "name": f"{other.full_name} ({other.staff_code})",
        "url": url_for("accounts.person", person_id=other.id),
        "merge_url": merge_url,
    }


def _warn_of_number(values: dict[str, Any]) -> None:
    """An identity number carries sex and year of birth: where they differ, one of the two is wrong, and only a human knows which."""
    number = values.get("identity_number")
    if not number:
        return
    year = rules.identity_birth_year(number)
    if values["birth_year"] and year != values["birth_year"]:
        flash(_("Số CCCD cho năm sinh %(year)s, khác năm sinh đã nhập. Xem lại một trong hai.", year=year), "warning")
    if values["sex"] and rules.identity_sex(number) != values["sex"]:
        flash(_("Số CCCD cho giới tính khác với giới tính đã nhập. Xem lại một trong hai."), "warning")
