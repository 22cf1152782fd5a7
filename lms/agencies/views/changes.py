"""Entering what happened to agencies: choose the kind, fill the form, see what would change, confirm. Nothing is kept before the last step.

The steps are posts of one form to one address; what was filled in travels along in it, so that going back loses nothing."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.agencies import queries
from lms.agencies.forms import FORMS, AbolishForm, AgencyField, ChangeForm, Choice, SplitForm
from lms.agencies.operations import (
    Preview,
    correct_event,
    preview_change,
    preview_correction,
    preview_withdrawal,
    record_change,
    withdraw_event,
)
from lms.agencies.queries.changes import ToldEvent, change, children_of, codes_on, names_of
from lms.agencies.rules.events import Change
from lms.agencies.rules.kinds import EventKind
from lms.agencies.views.door import blueprint, today
from lms.agencies.views.preview import Shown, confirm_unchanged, show
from lms.agencies.views.words import button_text, kind_name, mentioned, sentence
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import EVERYWHERE, NotFound
from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.i18n import translated
from lms.kit.unit import reading, transaction
from lms.kit.vietnamese import sort_key

FOUND_AT_ONCE = 20
PARTS_OF_THE_PAGE = ("csrf_token", "step", "mark")


@blueprint.get("/changes/new")
@requires("agencies.manage")
def choose_change() -> str:
    """Which kind of event; the agency from whose page one comes travels along."""
    agency = request.args.get("agency")
    return render_template(
        "agencies/choose_change.html",
        kinds=[(kind, kind_name(kind), _about(kind), url_for("agencies.enter_change", kind=kind.value, agency=agency)) for kind in FORMS],
    )


@blueprint.get("/changes/new/<kind>")
@requires("agencies.manage")
def enter_change(kind: str) -> Response:
    form = _form(kind, None)
    try:
        if request.args.get("agency"):
            form[form.subject].data = [UUID(request.args["agency"])]
    except ValueError as error:
        raise NotFound from error
    return _form_page(form, None)


@blueprint.post("/changes/new/<kind>")
@requires("agencies.manage")
def submit_change(kind: str) -> AnyResponse:
    """Search, look or confirm, as the button pressed says."""
    return _submitted(_form(kind, request.form), None)


@blueprint.get("/changes/<uuid:event_id>/correct")
@requires("agencies.manage")
def correct_change(event_id: UUID) -> AnyResponse:
    event = _entered(event_id)
    if event.superseded_at is not None:
        return _no_longer_believed(event)
    form = _correcting(event, None)
    form.read(event.details)
    form.on.process(None, event.effective_on)
    form.decision_number.data, form.note.data = event.decision_number, event.note
    form.decision_date.process(None, event.decision_date)
    return _form_page(form, event)


@blueprint.post("/changes/<uuid:event_id>/correct")
@requires("agencies.manage")
def submit_correction(event_id: UUID) -> AnyResponse:
    event = _entered(event_id)
    if event.superseded_at is not None:
        return _no_longer_believed(event)
    return _submitted(_correcting(event, request.form), event)


@blueprint.get("/changes/<uuid:event_id>/withdraw")
@requires("agencies.manage")
def withdraw_change(event_id: UUID) -> AnyResponse:
    """What would become of the tree without an event. Nothing is written."""
    event = _entered(event_id)
    if event.superseded_at is not None:
        return _no_longer_believed(event)
    try:
        with reading() as session:
            shown = show(session, _withdrawing(event.id), None, event.id, today=today(), at=now())
    except DomainError as refusal:
        flash(translated(refusal), "error")
        return redirect(url_for("agencies.change", event_id=event.id), 303)
    return _withdrawal_page(event, shown)


@blueprint.post("/changes/<uuid:event_id>/withdraw")
@requires("agencies.manage")
def submit_withdrawal(event_id: UUID) -> AnyResponse:
    event, at = _entered(event_id), now()
    if event.superseded_at is not None:
        return _no_longer_believed(event)
    look = _withdrawing(event.id)
    try:
        with transaction() as session:
            confirm_unchanged(session, look, None, event.id, request.form.get("mark", ""), today=today(), at=at)
            withdraw_event(session, current_actor(), event.id, at)
    except DomainError as refusal:
        return _after_refused_withdrawal(event, refusal)
    flash(_("Đã rút sự kiện. Cây đơn vị trở lại như khi chưa có sự kiện này."), "success")
    return redirect(url_for("agencies.change", event_id=event.id), 303)


def _form(kind: str, data: Any) -> ChangeForm:
    """The empty form of a kind, or what was filled in. Raises NotFound for an unknown kind."""
    try:
        return FORMS[EventKind(kind)](formdata=data)
    except (ValueError, KeyError) as error:
        raise NotFound from error


def _correcting(event: ToldEvent, data: Any) -> ChangeForm:
    assert event.details is not None  # seen to by _entered
    form = _form(event.kind, data)
    form.correct(event.details, event.decision_number, event.decision_date)
    return form


def _entered(event_id: UUID) -> ToldEvent:
    """An event that a form can show. Raises NotFound."""
    with reading() as session:
        event = change(session, event_id, scope_of("agencies.manage"))
    if event.details is None or event.kind not in FORMS:
        raise NotFound
    return event


def _no_longer_believed(event: ToldEvent) -> AnyResponse:
    flash(_("Sự kiện này đã được đính chính hoặc rút trước đó. Chưa ghi gì."), "error")
    return redirect(url_for("agencies.change", event_id=event.id), 303)


def _submitted(form: ChangeForm, event: ToldEvent | None) -> AnyResponse:
    step = request.form.get("step", "look")
    if step in ("find", "edit") or any(picker.asks for picker in form.pickers):
        return _form_page(form, event)
    with reading() as session:
        _complete(session, form)
    if not form.validate():
        return _form_page(form, event, 422)
    try:
        wanted = form.change()
        if step == "confirm":
            return _confirmed(form, event, wanted)
        return _look_page(form, event, wanted)
    except DomainError as refusal:
        form.place(refusal)
        return _form_page(form, event, 422)


def _confirmed(form: ChangeForm, event: ToldEvent | None, wanted: Change) -> AnyResponse:
    at, look = now(), _looking(wanted, event)
    try:
        with transaction() as session:
            confirm_unchanged(session, look, wanted, event.id if event else None, request.form.get("mark", ""), today=today(), at=at)
            if event is None:
                recorded = record_change(session, current_actor(), wanted, at)
            else:
                recorded = correct_event(session, current_actor(), event.id, wanted, at)
    except DomainError as refusal:
        if refusal.code in ("changed_since_preview", "hindered"):
            return _look_page(form, event, wanted, translated(refusal), 409)
        raise
    flash(_("Đã ghi sự kiện vào cây đơn vị.") if event is None else _("Đã đính chính sự kiện."), "success")
    return redirect(url_for("agencies.change", event_id=recorded), 303)


def _looking(wanted: Change, event: ToldEvent | None) -> Any:
    def look(session: Session, at: datetime) -> Preview:
        if event is None:
            return preview_change(session, wanted, at)
        return preview_correction(session, event.id, wanted, at)

    return look


def _withdrawing(event_id: UUID) -> Any:
    def look(session: Session, at: datetime) -> Preview:
        return preview_withdrawal(session, event_id, at)

    return look


def _look_page(form: ChangeForm, event: ToldEvent | None, wanted: Change, trouble: str | None = None, status: int = 200) -> Response:
    with reading() as session:
        shown = show(session, _looking(wanted, event), wanted, event.id if event else None, today=today(), at=now())
    page = render_template(
        "agencies/preview.html",
        form=form,
        shown=shown,
        change=wanted,
        kind=kind_name(wanted.kind),
        button_words=_("Đính chính sự kiện ngày %(day)s", day=f"{wanted.on:%d/%m/%Y}") if event else button_text(wanted, shown.people),
        carried=[(name, value) for name, values in request.form.lists() if name not in PARTS_OF_THE_PAGE for value in values],
        trouble=trouble,
        corrected=event,
        **_around(event),
    )
    return make_response(page, status)


def _form_page(form: ChangeForm, event: ToldEvent | None, status: int = 200) -> Response:
    """The form, with the agencies chosen and those found for what was searched."""
    with reading() as session:
        _complete(session, form)
        if status == 200 and request.form.get("step") != "edit":
            _search(session, form)
    page = render_template(
        "agencies/enter_change.html", form=form, kind=form.kind.value, title=kind_name(form.kind), about=_about(form.kind), **_around(event)
    )
    return make_response(page, status)


def _around(event: ToldEvent | None) -> dict[str, Any]:
    if event is None:
        return {"correcting": None}
    with reading() as session:
        told = sentence(event.details, event.kind, event.effective_on, names_of(session, mentioned(event.details)))
    return {"correcting": event, "told": told}


def _withdrawal_page(event: ToldEvent, shown: Shown, trouble: str | None = None, status: int = 200) -> Response:
    page = render_template("agencies/withdraw.html", shown=shown, trouble=trouble, kind=kind_name(event.kind), **_around(event))
    return make_response(page, status)


def _after_refused_withdrawal(event: ToldEvent, refusal: DomainError) -> AnyResponse:
    if refusal.code in ("changed_since_preview", "hindered"):
        with reading() as session:
            shown = show(session, _withdrawing(event.id), None, event.id, today=today(), at=now())
        return _withdrawal_page(event, shown, translated(refusal), 409)
    flash(translated(refusal), "error")
    return redirect(url_for("agencies.change", event_id=event.id), 303)


def _complete(session: Session, form: ChangeForm) -> None:
    """Give the form what it must know of the agencies chosen: as they are on the day, or the last day before it."""
    on = form.on.day or today()
    ids = {agency for picker in form.pickers for agency in picker.data}
    form.versions = queries.versions_on(session, on, ids) if ids else {}
    if missing := ids - form.versions.keys():
        form.versions = {**form.versions, **queries.versions_on(session, date.fromordinal(on.toordinal() - 1), missing)}
    if isinstance(form, AbolishForm) and form.agency.one:
        form.children = tuple(children_of(session, form.agency.one, on))
    if isinstance(form, SplitForm) and form.agency.one:
        form.children = _children_until(session, form.agency.one, on)
    if not ids:
        return
    names, codes = queries.agency_names(session, ids, on), codes_on(session, ids, on)
    above = queries.agency_names(session, {one.parent_id for one in form.versions.values() if one.parent_id}, on)
    for picker in form.pickers:
        known = [agency for agency in picker.data if agency in names]
        picker.data = known
        picker.chosen = [Choice(agency, names[agency], _note(codes.get(agency), _above(form, agency, above))) for agency in known]


def _children_until(session: Session, agency_id: UUID, on: date) -> list[Choice]:
    """Who is directly below an agency on a day or was on the day before, as where the split of that day is recorded already."""
    ids = dict.fromkeys([*children_of(session, agency_id, on), *children_of(session, agency_id, date.fromordinal(on.toordinal() - 1))])
    names, codes = queries.agency_names(session, ids, on), codes_on(session, ids, on)
    return sorted((Choice(one, names[one], codes.get(one, "")) for one in ids if one in names), key=lambda choice: sort_key(choice.name))


def _above(form: ChangeForm, agency: UUID, names: Any) -> str | None:
    version = form.versions.get(agency)
    return names.get(version.parent_id) if version and version.parent_id else None


def _search(session: Session, form: ChangeForm) -> None:
    on = form.on.day or today()
    for picker in form.pickers:
        if picker.search:
            rows = queries.search_agencies(session, picker.search, on, EVERYWHERE, limit=FOUND_AT_ONCE + 1)
            above = queries.agency_names(session, {row.parent_id for row in rows if row.parent_id}, on)
            chosen = set(picker.data)
            picker.found = [
                Choice(row.id, row.name, _note(row.code, above.get(row.parent_id) if row.parent_id else None))
                for row in sorted(rows, key=lambda row: len(row.name))  # the fewer words besides those searched, the likelier it is meant
                if row.id not in chosen
            ]
            _choose_the_only_one(picker, rows)


def _choose_the_only_one(picker: AgencyField, rows: Iterable[Any]) -> None:
    if picker.found is not None and len(picker.found) == 1 and len(list(rows)) == 1 and not picker.data:
        picker.chosen, picker.found = picker.found, []


def _note(code: str | None, parent: str | None) -> str:
    return " · ".join(filter(None, (code, parent)))


def _about(kind: EventKind) -> str:
    sentences: dict[EventKind, str] = {
        EventKind.ESTABLISH: _("Một đơn vị mới, không kế thừa đơn vị nào."),
        EventKind.RENAME: _("Tên khác từ một ngày; đơn vị, người và mã giữ nguyên."),
        EventKind.MOVE: _("Đơn vị cùng các đơn vị trực thuộc chuyển về cơ quan chủ quản khác."),
        EventKind.REVISE: _("Đổi tên viết tắt, loại, khối hoặc cấp."),
        EventKind.RECODE: _("Cấp mã mới, thêm mã song song hoặc thôi dùng mã."),
        EventKind.MERGE: _("Một hay nhiều đơn vị kết thúc, nhập vào một đơn vị đang có. Người được chuyển theo."),
        EventKind.CONSOLIDATE: _("Từ hai đơn vị trở lên kết thúc, lập thành một đơn vị mới. Người được chuyển theo."),
        EventKind.SPLIT: _("Một đơn vị chia thành nhiều đơn vị, hoặc tách một phần sang đơn vị khác."),
        EventKind.ABOLISH: _("Đơn vị kết thúc, không có đơn vị nào kế thừa."),
    }
    return sentences[kind]
