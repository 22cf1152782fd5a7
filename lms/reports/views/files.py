"""Documents of results for those entitled, what came back signed, and the page where a paper's code is checked."""

from __future__ import annotations

import re
from collections.abc import Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from flask import Blueprint, Response, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_wtf.file import FileField, FileRequired
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import DateField, StringField

from lms.kit.access import current_actor, may, public, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, local_date, now
from lms.kit.errors import DomainError
from lms.kit.forms import BaseForm, Needed
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.reports import queries
from lms.reports.documents import Form, Identity, Kind, Variant
from lms.reports.operations.rendering import ask_rendering
from lms.reports.operations.signed import Signed, check_signable, keep_signed
from lms.reports.queries import files
from lms.reports.queries.files import Source
from lms.reports.reading import find_activity, find_agency, quarter_of
from lms.reports.rendering import content_of, file_store, make
from lms.reports.rules.body import body_text, sha256
from lms.reports.signing import verdicts
from lms.reports.signing.sealing import can_seal, seal

blueprint = Blueprint("report_files", "lms.reports", template_folder="templates")
_CODE = re.compile("[0-9a-f]{32}(?:[0-9a-f]{32})?")


class SignedForm(BaseForm):
    """A paper that came back from the e-office."""

    number = StringField(_l("Số, ký hiệu"), description=_l("Ví dụ: 05/BC-SKHCN"), validators=[Needed()])
    issued_on = DateField(_l("Ngày ban hành"), format="%d/%m/%Y", validators=[Needed()])
    file = FileField(_l("Bản PDF đã ký số"), validators=[FileRequired(_l("Chưa chọn tệp"))])


@blueprint.get("/reports/<quarter>/<code>.pdf")
@requires("reports.view")
def pdf(quarter: str, code: str) -> Response:
    """The official document of an agency's frozen result; `?form=report` the agency's own Báo cáo to the one above."""
    return document(quarter, code, Kind.PDF)


@blueprint.get("/reports/<quarter>/<code>.docx")
@requires("reports.view")
def docx(quarter: str, code: str) -> Response:
    """The same as a draft for the e-office."""
    return document(quarter, code, Kind.DOCX)


def document(quarter: str, code: str, kind: Kind) -> Response:
    """A file of the newest frozen result. Raises NotFound where nothing is frozen, or it is not in the reader's scope."""
    with reading() as session:
        source = _source(session, quarter, code)
        form = files.form_of(source.body, request.args.get("form"))
        content = content_of(session, file_store(settings()), source, kind=kind, variant=source.variant, form=form)
    return _download(content, kind.media_type, f"ket-qua-{quarter_of(quarter)}-{source.body.agency.code}.{kind.value}")


@blueprint.get("/reports/<quarter>/<code>/signed")
@requires("reports.view")
def signed(quarter: str, code: str) -> str:
    """What came back signed: who signed, when, whether it was altered, whether it says what we counted."""
    return _signed_page(quarter, code, SignedForm())


@blueprint.get("/reports/<quarter>/<code>/signed.pdf")
@requires("reports.view")
def signed_pdf(quarter: str, code: str) -> BaseResponse:
    """The signed document itself; while there is none, the page that says so."""
    with reading() as session:
        source = _source(session, quarter, code)
        kept = files.signed_file(session, source.report_id, UUID(source.body.agency.id), with_content=True)
        content = kept.content if kept else None
    if content is None:
        return redirect(url_for("report_files.signed", quarter=quarter, code=code))
    return _download(content, Kind.PDF.media_type, f"ket-qua-{quarter_of(quarter)}-{source.body.agency.code}-da-ky.pdf")


@blueprint.post("/reports/<quarter>/<code>/signed")
@requires("reports.publish")
def keep(quarter: str, code: str) -> str | BaseResponse | tuple[str, int]:
    """Take in a signed PDF."""
    with reading() as session:
        source = _source(session, quarter, code)
    form = SignedForm()
    if not form.validate_on_submit():
        return _signed_page(quarter, code, form), 422
    content = form.file.data.stream.read(verdicts.LARGEST + 1)
    try:
        check_signable(source)
        examined = verdicts.examine(content, _identity(source), _renderings(source), settings().report_trust_dir)
        paper = Signed(content, examined, form.number.data, form.issued_on.data)
        with transaction() as session:
            keep_signed(session, current_actor(), source, paper, zone=settings().zone, at=now())
    except DomainError as refusal:
        at_fault = refusal.field if refusal.field in form else "file"
        field = form[at_fault]
        field.errors = [*field.errors, translated(refusal)]
        return _signed_page(quarter, code, form), refusal.status
    flash(_("Đã kiểm tra và lưu bản đã ký."), "success")
    return redirect(url_for("report_files.signed", quarter=quarter, code=code), 303)


@blueprint.post("/reports/<quarter>/<code>/seal")
@requires("reports.publish")
def put_seal(quarter: str, code: str) -> BaseResponse:
    """Seal the document with the service's own certificate."""
    at = now()
    with reading() as session:
        source = _source(session, quarter, code)
    check_signable(source)
    sealed = seal(_renderings(source)[0], settings())
    examined = verdicts.examine(sealed, _identity(source), _renderings(source), settings().report_trust_dir)
    with transaction() as session:
        paper = Signed(sealed, examined, "", local_date(at, settings().zone), is_seal=True)
        keep_signed(session, current_actor(), source, paper, zone=settings().zone, at=at)
    flash(_("Đã đóng dấu số của hệ thống."), "success")
    return redirect(url_for("report_files.signed", quarter=quarter, code=code), 303)


@blueprint.post("/reports/<quarter>/render")
@requires("reports.publish")
def render(quarter: str) -> BaseResponse:
    """Have all agencies' PDF and XLSX made by the worker."""
    with transaction() as session:
        report = queries.current_report(session, find_activity(session, quarter_of(quarter)).key)
        if report is None:
            raise NotFound
        variant = Variant.FINAL if report.state in files.APPROVED else Variant.DRAFT
        ask_rendering(session, current_actor(), report.id, variant, now())
    flash(_("Đang kết xuất PDF và XLSX của tất cả cơ quan, đơn vị."), "success")
    return redirect(url_for("reports.index"), 303)


@blueprint.get("/check/<code>")
@public
def check(code: str) -> str:
    """Is a paper with this code ours, and does it still stand? Says nothing of what was never public."""
    found = None
    if _CODE.fullmatch(code):
        with reading() as session:
            found = files.checked(session, code)
    return render_template("reports/check.html", found=found, quarter=Quarter.from_code(found.period) if found else None)


def _source(session: Session, quarter: str, code: str) -> Source:
    period = quarter_of(quarter)
    activity = find_activity(session, period)
    agency = find_agency(session, activity, code, scope_of("reports.view"), local_date(now(), settings().zone))
    report = queries.current_report(session, activity.key)
    if report is None:
        raise NotFound
    return files.source(session, report.id, agency)


def _identity(source: Source) -> Identity:
    form = files.form_of(source.body, None)
    return Identity.of(source.body, sha256(body_text(source.body)), Variant.FINAL, form)


def _renderings(source: Source) -> list[bytes]:
    """As which bytes the document may have gone to the e-office: the usual form first."""
    usual = files.form_of(source.body, None)
    return [make(source, Kind.PDF, Variant.FINAL, form) for form in sorted(Form, key=lambda form: form is not usual)]


def _signed_page(quarter: str, code: str, form: SignedForm) -> str:
    with reading() as session:
        source = _source(session, quarter, code)
        kept = files.signed_file(session, source.report_id, UUID(source.body.agency.id))
    context: dict[str, Any] = {"may_keep": may("reports.publish") and source.variant is Variant.FINAL, "may_seal": can_seal(settings())}
    if kept:
        context["signatures"] = [_with_moments(one) for one in kept.verdict["signatures"]]
    return render_template(
        "reports/signed.html", quarter=quarter_of(quarter), code=code, agency=source.body.agency, kept=kept, form=form, **context
    )


def _with_moments(signature: Mapping[str, Any]) -> dict[str, Any]:
    """A signature's facts with its moments as moments."""
    moments = ("signed_at", "timestamp", "valid_from", "valid_to")
    return {**signature, **{name: datetime.fromisoformat(signature[name]) for name in moments if signature[name]}}


def _download(content: bytes, media_type: str, name: str) -> Response:
    response = Response(content, mimetype=media_type)
    response.headers.set("Content-Disposition", "attachment", filename=name)
    return response
