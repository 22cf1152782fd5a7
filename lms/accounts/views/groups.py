"""The list of position groups, which is data of the province."""

from __future__ import annotations

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.person_forms import GroupForm, RenameGroupForm
from lms.accounts.views.door import blueprint
from lms.accounts.views.forms_page import form_page, refused
from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction

ACTIONS = {
    "up": lambda db, code: operations.move_group(db, current_actor(), code, up=True, at=now()),
    "down": lambda db, code: operations.move_group(db, current_actor(), code, up=False, at=now()),
    "retire": lambda db, code: operations.retire_group(db, current_actor(), code, now()),
    "restore": lambda db, code: operations.restore_group(db, current_actor(), code, now()),
    "delete": lambda db, code: operations.delete_group(db, current_actor(), code, now()),
}


@blueprint.get("/manage/people/groups")
@requires("accounts.manage_groups")
def groups() -> Response:
    return _page(GroupForm(formdata=None))


@blueprint.post("/manage/people/groups")
@requires("accounts.manage_groups")
def add_group() -> AnyResponse:
    form = GroupForm()
    if not form.validate():
        return _page(form)
    try:
        with transaction() as db:
            code = operations.add_group(
                db, current_actor(), form.code.data, name_vi=form.name_vi.data, name_en=form.name_en.data or "", at=now()
            )
    except DomainError as refusal:
        refused(form, refusal)
        return _page(form)
    flash(_("Đã thêm nhóm %(code)s.", code=code), "success")
    return redirect(url_for("accounts.groups"), 303)


@blueprint.route("/manage/people/groups/<group_code>", methods=["GET", "POST"])
@requires("accounts.manage_groups")
def rename_group(group_code: str) -> AnyResponse:
    with reading() as db:
        group = next((each for each in queries.group_rows(db) if each.code == group_code), None)
    if group is None:
        raise NotFound
    stored = {"name_vi": group.name_vi, "name_en": group.name_en}
    form = RenameGroupForm() if request.method == "POST" else RenameGroupForm(formdata=None, data=stored)
    if request.method == "POST" and form.validate():
        try:
            with transaction() as db:
                operations.rename_group(
                    db, current_actor(), group_code, name_vi=form.name_vi.data, name_en=form.name_en.data or "", at=now()
                )
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash(_("Đã đổi tên nhóm %(code)s.", code=group_code), "success")
            return redirect(url_for("accounts.groups"), 303)
    crumbs = [{"label": _("Nhóm đối tượng"), "url": url_for("accounts.groups")}]
    return form_page(
        form,
        title=_("Đổi tên nhóm %(code)s", code=group_code),
        submit=_("Lưu"),
        lead=_("Tên mới hiện ở mọi nơi, kể cả kết quả các quý trước; mã nhóm giữ nguyên."),
        crumbs=crumbs,
    )


@blueprint.post("/manage/people/groups/<group_code>/<any(up, down, retire, restore, delete):action>")
@requires("accounts.manage_groups")
def change_group(group_code: str, action: str) -> AnyResponse:
    try:
        with transaction() as db:
            ACTIONS[action](db, group_code)
    except DomainError as refusal:
        flash(translated(refusal), "error")
    return redirect(url_for("accounts.groups"), 303)


def _page(form: GroupForm) -> Response:
    """The list with what may be done to each group. One statement."""
    with reading() as db:
        rows = queries.group_rows(db)
    return make_response(render_template("accounts/groups.html", form=form, groups=rows), 422 if form.errors else 200)
