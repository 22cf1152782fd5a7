"""“Không thuộc đơn vị tôi” and “Nhận người về”: asking, deciding, and the list of both."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from flask import Response, flash, make_response, redirect, render_template, request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as AnyResponse

from lms.accounts import operations, queries
from lms.accounts.person_forms import ClaimForm, DecideForm, NotOursForm, RefuseForm, written
from lms.accounts.queries import Alike, TransferRow
from lms.accounts.rules import people as rules
from lms.accounts.rules.transfers import KIND_NAMES, STATE_NAMES, Kind, State
from lms.accounts.views.door import blueprint
from lms.accounts.views.forms_page import CHOICES, form_page, refused
from lms.accounts.views.people import today
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import EVERYWHERE, NotFound, Scope
from lms.kit.clock import local_date, now
from lms.kit.errors import DomainError
from lms.kit.unit import reading, settings, transaction, vault
from lms.kit.vietnamese import fold

TRANSFER = "accounts.transfer_people"
# Looks in an hour in order to claim people: an office needs a few, two for each who comes; who browses needs many.
LOOKUPS = 60
HOUR = timedelta(hours=1)
STATE_KINDS = {State.PENDING: "waiting", State.APPROVED: "done", State.REFUSED: "failed", State.WITHDRAWN: "closed", State.CLOSED: "closed"}


def waiting(session: Session, scope: Scope, at: datetime) -> int:
    """How many requests wait for the one who looks, for the managing page."""
    return queries.waiting_transfers(session, scope, local_date(at, settings().zone))


@blueprint.get("/manage/people/transfers")
@requires("accounts.transfer_people")
def transfers() -> str:
    """What waits for me, what I asked for, and what was decided. Four statements."""
    scope = scope_of(TRANSFER)
    with reading() as db:
        pending = queries.transfer_rows(db, scope, today(), waiting=True)
        decided = queries.transfer_rows(db, scope, today(), waiting=False, limit=50)
    return render_template(
        "accounts/transfers.html",
        for_me=[_line(row) for row in pending if row.may_decide],
        asked=[_line(row) for row in pending if not row.may_decide],
        decided=[_line(row) for row in decided],
    )


@blueprint.get("/manage/people/transfers/<uuid:request_id>")
@requires("accounts.transfer_people")
def transfer(request_id: UUID) -> Response:
    return _request_page(request_id)


@blueprint.post("/manage/people/transfers/<uuid:request_id>/approve")
@requires("accounts.transfer_people")
def approve_transfer(request_id: UUID) -> AnyResponse:
    form = DecideForm()
    with reading() as db:
        row = _decidable(db, request_id)
    try:
        with transaction() as db:
            target = _destination(db, form) if row.to_name is None else None
            _decidable(db, request_id)
            state = operations.approve_transfer(db, current_actor(), request_id, today=today(), at=now(), to_agency_id=target)
    except DomainError as refusal:
        refused(form, refusal)
        return _request_page(request_id, decide=form)
    if state is State.CLOSED:
        flash(_("Người này đã chuyển vị trí sau khi đề nghị được gửi nên đề nghị được đóng, không có gì thay đổi."), "warning")
    else:
        flash(_("Đã duyệt. %(name)s được chuyển từ ngày %(day)s.", name=row.full_name, day=f"{row.effective_on:%d/%m/%Y}"), "success")
    return redirect(url_for("accounts.transfers"), 303)


@blueprint.post("/manage/people/transfers/<uuid:request_id>/refuse")
@requires("accounts.transfer_people")
def refuse_transfer(request_id: UUID) -> AnyResponse:
    form = RefuseForm()
    with reading() as db:
        _decidable(db, request_id)
    if not form.validate():
        return _request_page(request_id, refuse=form)
    try:
        with transaction() as db:
            _decidable(db, request_id)
            operations.refuse_transfer(db, current_actor(), request_id, form.reason.data, at=now())
    except DomainError as refusal:
        refused(form, refusal)
        return _request_page(request_id, refuse=form)
    flash(_("Đã trả lời không duyệt."), "success")
    return redirect(url_for("accounts.transfers"), 303)


@blueprint.post("/manage/people/transfers/<uuid:request_id>/withdraw")
@requires("accounts.transfer_people")
def withdraw_transfer(request_id: UUID) -> AnyResponse:
    with transaction() as db:
        if not queries.transfer_row(db, scope_of(TRANSFER), request_id, today()).may_withdraw:
            raise NotFound
        operations.withdraw_transfer(db, current_actor(), request_id, at=now())
    flash(_("Đã rút đề nghị."), "success")
    return redirect(url_for("accounts.transfers"), 303)


@blueprint.route("/manage/people/<uuid:person_id>/not-ours", methods=["GET", "POST"])
@requires("accounts.transfer_people")
def not_ours(person_id: UUID) -> AnyResponse:
    """Say that a person is not ours, and where they went as far as is known."""
    with reading() as db:
        name = queries.editable_name(db, scope_of(TRANSFER), person_id, today())
        agencies = queries.agency_choices(db, EVERYWHERE, today(), CHOICES)
    form = NotOursForm() if request.method == "POST" else NotOursForm(formdata=None, data={"on": written(today())})
    form.agency.offer(agencies, empty=_("Không rõ nơi đến"))
    if request.method == "POST" and form.validate():
        try:
            with transaction() as db:
                queries.editable_name(db, scope_of(TRANSFER), person_id, today())
                target = None
                if form.agency.data:
                    target = queries.chosen_agency(db, EVERYWHERE, form.agency.data, today())
                    if target is None:
                        raise DomainError(_("Không có cơ quan này. Gõ mã định danh hoặc đúng tên đầy đủ."), field="agency")
                wish = operations.Wish(person_id, Kind.NOT_OURS, target, form.on.day or today(), form.note.data or "")
                operations.request_transfer(db, current_actor(), wish, today=today(), at=now())
        except DomainError as refusal:
            refused(form, refusal)
        else:
            flash(_("Đã gửi đề nghị. Trong lúc chờ duyệt người này vẫn ở danh sách của đơn vị."), "success")
            return redirect(url_for("accounts.transfers"), 303)
    lead = _("Nơi đến duyệt thì người này chuyển sang danh sách của nơi đến. Không rõ nơi đến thì cơ quan chủ trì quyết định.")
    title = _("Không thuộc đơn vị tôi")
    return form_page(form, title=title, submit=_("Gửi đề nghị"), person_id=person_id, person_name=name, lead=lead)


@blueprint.get("/manage/people/claim")
@requires("accounts.transfer_people")
def claim_form() -> Response:
    return _claim_page(ClaimForm(formdata=None, data={"on": written(today())}), None)


@blueprint.post("/manage/people/claim")
@requires("accounts.transfer_people")
def claim() -> AnyResponse:
    """First find exactly the person one knows, then ask for them. What was found is looked for again: no other can be asked for."""
    form, scope = ClaimForm(), scope_of(TRANSFER)
    if not form.validate():
        return _claim_page(form, None)
    try:
        terms = _terms(form)
        found = _look_up(terms)
        chosen = next((each for each in found if str(each.id) == form.person.data), None)
        if chosen is None:
            if form.person.data or not found:
                raise DomainError(_("Không tìm thấy ai khớp đúng. Xem lại điều đã nhập."), field="staff_code")
            return _claim_page(form, found)
        if form.on.day is None:
            raise DomainError(_("Chưa nhập ngày"), field="on")
        with transaction() as db:
            target = queries.chosen_agency(db, scope, form.agency.data or "", today())
            if target is None:
                raise DomainError(_("Chọn cơ quan mà người này về."), field="agency")
            wish = operations.Wish(chosen.id, Kind.CLAIM, target, form.on.day, form.note.data or "")
            operations.request_transfer(db, current_actor(), wish, today=today(), at=now())
    except DomainError as refusal:
        refused(form, refusal)
        return _claim_page(form, found if refusal.field in ("on", "agency") else None)
    flash(_("Đã gửi đề nghị. Nơi đang quản lý người này duyệt thì người này về danh sách của đơn vị."), "success")
    return redirect(url_for("accounts.transfers"), 303)


def _destination(db: Session, form: DecideForm) -> UUID | None:
    """Where somebody goes, for a request that does not say; None: nowhere, but only where that was said. Raises DomainError."""
    if form.leaves.data:
        if form.agency.data:
            raise DomainError(_("Chọn cơ quan chuyển đến, hoặc đánh dấu nghỉ công tác; không chọn cả hai."), field="agency")
        return None
    if not form.agency.data:
        raise DomainError(_("Chọn cơ quan chuyển đến. Nếu người này nghỉ công tác thì đánh dấu ở ô dưới."), field="agency")
    target = queries.chosen_agency(db, EVERYWHERE, form.agency.data, today())
    if target is None:
        raise DomainError(_("Không có cơ quan này. Gõ mã định danh hoặc đúng tên đầy đủ."), field="agency")
    return target


def _terms(form: ClaimForm) -> dict[str, Any]:
    """What was typed, as it is looked for. Raises DomainError where it names nobody exactly."""
    terms: dict[str, Any] = {"staff_code": None, "fingerprint": None, "name_key": None, "birth_date": None}
    if form.staff_code.data:
        terms["staff_code"] = rules.staff_code(form.staff_code.data)
    elif form.identity_number.data:
        terms["fingerprint"] = vault().fingerprint(rules.identity_number(form.identity_number.data)[0])
    elif form.full_name.data and form.birth_date.day:
        terms |= {"name_key": fold(form.full_name.data), "birth_date": form.birth_date.day}
    else:
        raise DomainError(_("Nhập mã cán bộ, hoặc số CCCD, hoặc cả họ tên và ngày sinh."), field="staff_code")
    return terms


def _look_up(terms: dict[str, Any]) -> list[Alike]:
    """Who matches. Each look is written to the audit; too many in an hour are refused, so that nobody browses the province."""
    at, actor = now(), current_actor()
    with transaction() as db:
        if queries.recent_lookups(db, actor.person_id, at - HOUR) >= LOOKUPS:
            raise DomainError(_("Đã tra cứu %(count)s lần trong một giờ. Chờ rồi tra cứu tiếp.", count=LOOKUPS), field="staff_code")
        found = queries.possible_matches(db, today(), **terms)
        by = next(name for name in ("staff_code", "fingerprint", "name_key") if terms[name])
        operations.note_lookup(db, actor, by, [each.id for each in found], at)
    return found


def _claim_page(form: ClaimForm, found: list[Alike] | None) -> Response:
    with reading() as db:
        form.agency.offer(queries.agency_choices(db, scope_of(TRANSFER), today(), CHOICES))
    form.person.choices = [
        (str(each.id), f"{each.full_name}, {each.staff_code}, {each.agency_name or _('chưa có vị trí công tác')}") for each in found or []
    ]
    if found and len(found) == 1 and not form.person.data:
        form.person.data = str(found[0].id)
    return make_response(render_template("accounts/claim.html", form=form, found=found), 422 if form.errors else 200)


def _decidable(db: Session, request_id: UUID) -> TransferRow:
    """A request this person may decide, or one that is decided already. Raises NotFound for any other."""
    row = queries.transfer_row(db, scope_of(TRANSFER), request_id, today())
    if not row.may_decide and row.state is State.PENDING:
        raise NotFound
    return row


def _request_page(request_id: UUID, *, decide: DecideForm | None = None, refuse: RefuseForm | None = None) -> Response:
    with reading() as db:
        row = queries.transfer_row(db, scope_of(TRANSFER), request_id, today())
        agencies = queries.agency_choices(db, EVERYWHERE, today(), CHOICES) if row.may_decide and row.to_name is None else []
    failed = decide if decide and decide.errors else refuse if refuse and refuse.errors else None
    decide, refuse = decide or DecideForm(formdata=None), refuse or RefuseForm(formdata=None)
    decide.agency.offer(agencies)
    page = render_template("accounts/transfer.html", row=row, facts=_facts(row), decide=decide, refuse=refuse, failed=failed)
    return make_response(page, 422 if failed else 200)


def _facts(row: TransferRow) -> list[dict[str, Any]]:
    facts = [
        {"key": _("Cán bộ"), "value": f"{row.full_name} ({row.staff_code})"},
        {"key": _("Từ"), "value": row.from_name or _("Chưa có vị trí công tác")},
        {"key": _("Đến"), "value": row.to_name or _("Không rõ nơi đến")},
        {"key": _("Từ ngày"), "value": f"{row.effective_on:%d/%m/%Y}"},
        {"key": _("Ghi chú"), "value": row.note},
        {"key": _("Trạng thái"), "tag": {"text": _(STATE_NAMES[row.state]), "kind": STATE_KINDS[row.state]}},
    ]
    if row.reason:
        facts.append({"key": _("Lý do"), "value": _(row.reason)})
    return facts


def _line(row: TransferRow) -> dict[str, Any]:
    return {
        "name": {
            "text": row.full_name,
            "href": url_for("accounts.transfer", request_id=row.id),
            "note": f"{row.staff_code} · {_(KIND_NAMES[row.kind])}",
        },
        "from": row.from_name or "—",
        "to": row.to_name or _("Không rõ"),
        "on": f"{row.effective_on:%d/%m/%Y}",
        "state": {
            "tag": {"text": _(STATE_NAMES[row.state]), "kind": STATE_KINDS[row.state]},
            "note": _("đã chuyển nơi khác") if row.stale else None,
        },
    }
