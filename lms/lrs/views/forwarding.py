"""Stores outside: how far each is, what it refused, and what to do about it."""

from __future__ import annotations

from collections.abc import Callable

from flask import flash, redirect, render_template, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.agencies.queries import agency_by_code, agency_names
from lms.kit.access import current_actor, requires
from lms.kit.clock import local_date, local_midnight, now
from lms.kit.errors import N_, DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.lrs.forms import ReplayForm, TargetForm
from lms.lrs.operations import forwarding as operations
from lms.lrs.queries.forwarding import faults_of, targets
from lms.lrs.views.blueprint import blueprint


@blueprint.get("/forwarding")
@requires("lrs.view")
def forwarding() -> str:
    return _page(TargetForm())


@blueprint.post("/forwarding")
@requires("lrs.manage")
def add_target() -> AnyResponse | tuple[str, int]:
    form = TargetForm()
    if not form.validate():
        return _page(form), 422
    at, zone = now(), settings().zone
    try:
        with transaction() as session:
            agency = None
            if form.agency.data:
                agency = agency_by_code(session, form.agency.data, local_date(at, zone))
                if agency is None:
                    raise DomainError(N_("Không có đơn vị mã %(code)s"), field="agency", code=form.agency.data)
            since = None if form.since.data is None else local_midnight(form.since.data, zone)
            new = operations.NewTarget(
                form.name.data,
                form.endpoint.data,
                form.username.data,
                form.password.data,
                form.version.data,
                tuple((form.verbs.data or "").split()),
                agency,
                since,
            )
            operations.add_target(session, current_actor(), new, at)
    except DomainError as refusal:
        field = form[refusal.field or "name"]
        field.errors = [*field.errors, translated(refusal)]
        return _page(form), 422
    flash(_("Đã thêm kho %(name)s; bắt đầu gửi trong ít giây.", name=new.name), "success")
    return redirect(url_for("lrs.forwarding"), 303)


@blueprint.post("/forwarding/<target_name>/pause")
@requires("lrs.manage")
def pause_target(target_name: str) -> AnyResponse:
    return _done(lambda session: operations.pause_target(session, current_actor(), target_name, now()), _("Đã tạm dừng gửi"))


@blueprint.post("/forwarding/<target_name>/resume")
@requires("lrs.manage")
def resume_target(target_name: str) -> AnyResponse:
    return _done(lambda session: operations.resume_target(session, current_actor(), target_name, now()), _("Sẽ gửi tiếp trong ít giây"))


@blueprint.post("/forwarding/<target_name>/retry")
@requires("lrs.manage")
def retry_target(target_name: str) -> AnyResponse:
    return _done(lambda session: operations.retry_faults(session, current_actor(), target_name, now()), _("Sẽ gửi lại trong ít giây"))


@blueprint.post("/forwarding/<target_name>/remove")
@requires("lrs.manage")
def remove_target(target_name: str) -> AnyResponse:
    return _done(lambda session: operations.remove_target(session, current_actor(), target_name, now()), _("Đã bỏ kho nhận"))


@blueprint.post("/forwarding/<target_name>/replay")
@requires("lrs.manage")
def replay_target(target_name: str) -> AnyResponse:
    form = ReplayForm()
    if not form.validate():
        flash(_("Nhập ngày theo dạng ngày/tháng/năm, ví dụ 22/11/2026"), "error")
        return redirect(url_for("lrs.forwarding"), 303)
    since = local_midnight(form.since.data, settings().zone)
    said = _("Sẽ gửi lại từ ngày đã chọn")
    return _done(lambda session: operations.replay_target(session, current_actor(), target_name, since, now()), said)


def _done(act: Callable[[Session], object], said: str) -> AnyResponse:
    try:
        with transaction() as session:
            act(session)
    except DomainError as refusal:
        flash(translated(refusal), "error")
    else:
        flash(said, "success")
    return redirect(url_for("lrs.forwarding"), 303)


def _page(form: TargetForm) -> str:
    at = now()
    with reading() as session:
        found = targets(session)
        faults = {target.name: faults_of(session, target.name) for target in found if target.faults}
        names = agency_names(session, [target.agency_id for target in found if target.agency_id], local_date(at, settings().zone))
    return render_template("lrs/forwarding.html", form=form, targets=found, faults=faults, agencies=names, at=at)
