"""Who is told of published results, and what they were told: receivers outside, letters, mailboxes of agencies."""

from __future__ import annotations

from uuid import UUID

from flask import Blueprint, flash, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session
from werkzeug.wrappers import Response as BaseResponse
from wtforms import SelectMultipleField, StringField
from wtforms.fields import SelectChoice

from lms.agencies.forms.fields import DayField
from lms.kit.access import current_actor, requires, scope_of
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter, local_date, local_midnight, now
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.forms import Needed, ShortForm
from lms.kit.i18n import translated
from lms.kit.unit import reading, settings, transaction
from lms.reports import queries
from lms.reports.models import ReportHappening
from lms.reports.operations import letters, webhooks
from lms.reports.operations.publishing import newest_public
from lms.reports.operations.spreading import ask_letters, tell_again
from lms.reports.queries import deliveries
from lms.reports.reading import quarter_of
from lms.results import queries as ledger

blueprint = Blueprint("publishing", "lms.reports", url_prefix="/manage/publishing", template_folder="templates")

EVENT_NAMES = {
    ReportHappening.PUBLISHED.value: _l("Công bố"),
    ReportHappening.SUPERSEDED.value: _l("Được thay bằng bản đính chính"),
    ReportHappening.WITHDRAWN.value: _l("Gỡ công bố"),
}


class ReceiverForm(ShortForm):
    name = StringField(_l("Tên"), description=_l("Chữ thường không dấu, ví dụ ioc"), validators=[Needed()])
    url = StringField(_l("Địa chỉ nhận"), description=_l("Ví dụ https://ioc.tinh.gov.vn/nhan-ket-qua"), validators=[Needed()])
    events = SelectMultipleField(
        _l("Báo khi"),
        choices=[SelectChoice(kind, name) for kind, name in EVENT_NAMES.items()],
        default=list(EVENT_NAMES),
        validators=[Needed(_l("Chưa chọn sự kiện"))],
    )


class SinceForm(ShortForm):
    since = DayField(_l("Gửi lại từ ngày"), validators=[Needed(_l("Chưa nhập ngày"))])


class AddressForm(ShortForm):
    address = StringField(_l("Địa chỉ thư điện tử"), description=_l("Ví dụ vanthu@snv.thainguyen.gov.vn"), validators=[Needed()])


@blueprint.get("/")
@requires("reports.publish")
def index() -> str:
    """Receivers outside, and the quarters something was told of."""
    return _index(ReceiverForm())


@blueprint.post("/")
@requires("reports.publish")
def add() -> str | tuple[str, int]:
    """A new receiver. Its secret is shown on the page that answers, and never again."""
    form = ReceiverForm()
    if not form.validate():
        return _index(form), 422
    try:
        with transaction() as session:
            secret = webhooks.add_webhook(
                session,
                current_actor(),
                form.name.data,
                form.url.data,
                form.events.data,
                may_be_plain=settings().is_demo,
                at=now(),
            )
    except DomainError as refusal:
        field = form[refusal.field if refusal.field in form else "name"]
        field.errors = [*field.errors, translated(refusal)]
        return _index(form), refusal.status
    return _index(ReceiverForm(formdata=None), (form.name.data, secret))


@blueprint.post("/receivers/<receiver>/pause")
@requires("reports.publish")
def pause(receiver: str) -> BaseResponse:
    with transaction() as session:
        webhooks.pause_webhook(session, current_actor(), receiver, now())
    return _back(_("Đã tạm dừng báo tin cho %(name)s", name=receiver))


@blueprint.post("/receivers/<receiver>/resume")
@requires("reports.publish")
def resume(receiver: str) -> BaseResponse:
    with transaction() as session:
        webhooks.resume_webhook(session, current_actor(), receiver, now())
    return _back(_("Sẽ báo tin tiếp cho %(name)s trong ít giây", name=receiver))


@blueprint.post("/receivers/<receiver>/rotate")
@requires("reports.publish")
def rotate(receiver: str) -> str:
    """A new secret, shown once; the one before holds for a week."""
    with transaction() as session:
        secret = webhooks.rotate_secret(session, current_actor(), receiver, now())
    return _index(ReceiverForm(formdata=None), (receiver, secret))


@blueprint.post("/receivers/<receiver>/replay")
@requires("reports.publish")
def replay_since(receiver: str) -> BaseResponse:
    """Send again what happened since a day."""
    form = SinceForm()
    if not form.validate() or form.since.day is None:
        flash(_("Nhập ngày theo dạng ngày/tháng/năm, ví dụ 22/11/2026"), "error")
        return redirect(url_for("publishing.index"), 303)
    with transaction() as session:
        count = webhooks.replay_since(session, current_actor(), receiver, local_midnight(form.since.day, settings().zone), now())
    return _back(_("Sẽ gửi lại %(count)s thông báo", count=count))


@blueprint.post("/receivers/<receiver>/remove")
@requires("reports.publish")
def remove(receiver: str) -> BaseResponse:
    with transaction() as session:
        webhooks.remove_webhook(session, current_actor(), receiver, now())
    return _back(_("Đã bỏ nơi nhận %(name)s", name=receiver))


@blueprint.get("/<quarter>/")
@requires("reports.publish")
def delivered(quarter: str) -> str:
    """What was told of a quarter's reports, to whom, and what waits or failed."""
    period = quarter_of(quarter)
    with reading() as session:
        if ledger.activity_of_period(session, period.code) is None:
            raise NotFound
        reports = [report for report in deliveries.once_public(session) if report.period == period.code]
        shown = [
            (
                report,
                deliveries.spreading_of(session, report.id),
                deliveries.webhook_deliveries(session, report_id=report.id),
                deliveries.letter_counts(session, report.id),
                deliveries.report_letters(session, report.id),
            )
            for report in reports
        ]
    return render_template(
        "reports/delivered.html", quarter=period, shown=shown, events=EVENT_NAMES, most=deliveries.SHOWN, mail=settings().smtp_url
    )


@blueprint.post("/<quarter>/letters")
@requires("reports.publish")
def write_letters(quarter: str) -> BaseResponse:
    """Have letters of what is public written to contacts that have none."""
    period = quarter_of(quarter)
    if settings().smtp_url is None:
        raise Conflict(N_("Chưa đặt máy chủ thư (LMS_SMTP_URL, LMS_MAIL_FROM): không thư nào được viết."), code="no_mail")
    with transaction() as session:
        ask_letters(session, current_actor(), newest_public(session, period.code), now())
    flash(_("Sẽ viết thư cho địa chỉ chưa có thư trong ít phút"), "success")
    return redirect(url_for("publishing.delivered", quarter=period), 303)


@blueprint.post("/<quarter>/tell-again")
@requires("reports.publish")
def tell(quarter: str) -> BaseResponse:
    """Have what stopped of telling on be carried out."""
    period = quarter_of(quarter)
    with transaction() as session:
        tell_again(session, current_actor(), period.code, now())
    flash(_("Sẽ báo tin tiếp trong ít giây"), "success")
    return redirect(url_for("publishing.delivered", quarter=period), 303)


@blueprint.post("/<quarter>/replay")
@requires("reports.publish")
def replay(quarter: str) -> BaseResponse:
    """Send one message (`delivery`) or one letter (`letter`) again."""
    period = quarter_of(quarter)
    try:
        delivery, letter = (UUID(text) if (text := request.form.get(name)) else None for name in ("delivery", "letter"))
    except ValueError as error:
        raise NotFound from error
    with transaction() as session:
        if delivery is not None:
            webhooks.replay_delivery(session, current_actor(), delivery, now())
        if letter is not None:
            letters.replay_letter(session, current_actor(), letter, now())
    flash(_("Sẽ gửi lại trong ít giây"), "success")
    return redirect(url_for("publishing.delivered", quarter=period), 303)


@blueprint.get("/agencies/")
@requires("reports.contacts")
def agencies() -> str:
    """The agencies whose mailboxes one may keep."""
    today = local_date(now(), settings().zone)
    with reading() as session:
        tops = queries.entrances(session, scope_of("reports.contacts"), today)
        nodes = [node for top in tops for node in queries.nodes(session, today, top.id)]
    return render_template("reports/address_agencies.html", nodes=nodes)


@blueprint.get("/agencies/<code>")
@requires("reports.contacts")
def addresses(code: str) -> str:
    """Where an agency's own results are sent besides its head and focal points."""
    return _addresses(code, AddressForm())


@blueprint.post("/agencies/<code>")
@requires("reports.contacts")
def keep_addresses(code: str) -> str | BaseResponse | tuple[str, int]:
    """Add the address that is filled in, or remove the one of the button."""
    gone = request.form.get("remove")
    form = AddressForm()
    if gone is None and not form.validate():
        return _addresses(code, form), 422
    try:
        with transaction() as session:
            agency = _agency(session, code)
            if gone is not None:
                letters.remove_address(session, current_actor(), agency, gone, now())
            else:
                letters.add_address(session, current_actor(), agency, form.address.data, now())
    except DomainError as refusal:
        form.address.errors = [*form.address.errors, translated(refusal)]
        return _addresses(code, form), refusal.status
    flash(_("Đã lưu."), "success")
    return redirect(url_for("publishing.addresses", code=code), 303)


def _addresses(code: str, form: AddressForm) -> str:
    today = local_date(now(), settings().zone)
    with reading() as session:
        agency = _agency(session, code)
        node = next((one for one in queries.nodes(session, today, agency) if one.id == agency), None)
        if node is None:
            raise NotFound
        kept = deliveries.addresses_of(session, agency)
    return render_template("reports/addresses.html", node=node, kept=kept, form=form)


def _agency(session: Session, code: str) -> UUID:
    """An agency of today within one's scope. Raises NotFound."""
    today = local_date(now(), settings().zone)
    agency = queries.find_agency(session, code, today)
    if agency is None or not ledger.is_within(session, scope_of("reports.contacts"), agency, today):
        raise NotFound
    return agency


def _index(form: ReceiverForm, secret: tuple[str, str] | None = None) -> str:
    with reading() as session:
        targets = deliveries.webhook_targets(session)
        reports = deliveries.once_public(session)
    quarters = list(dict.fromkeys(Quarter.from_code(report.period) for report in reports))
    return render_template(
        "reports/publishing.html",
        targets=targets,
        quarters=quarters,
        form=form,
        secret=secret,
        events=EVENT_NAMES,
        at=now(),
    )


def _back(said: str) -> BaseResponse:
    flash(said, "success")
    return redirect(url_for("publishing.index"), 303)
