"""Published results for everyone: made from the frozen report alone, so that page, files and feeds cannot disagree. What is rendered never
comes here (lms.reports.feeds.door); here are the first moments after a publication, other languages, tombstones and what is not found."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask, Response, current_app, g, jsonify, render_template, request
from flask.blueprints import BlueprintSetupState
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from lms.kit.access import asks_nobody
from lms.kit.actors import NotFound
from lms.kit.clock import Quarter
from lms.kit.i18n import LOCALES, Preferences, preferences, quarter_label
from lms.kit.unit import reading, settings
from lms.kit.web import standing_headers
from lms.reports.feeds import programs
from lms.reports.feeds.addresses import MEDIA_TYPES, Format, Place, etag_of, place_of
from lms.reports.feeds.answering import Asked, File, answer, packed
from lms.reports.feeds.door import PublicDoor
from lms.reports.feeds.indicators import code_list
from lms.reports.feeds.publication import Tombstone
from lms.reports.feeds.rendering import current_rendering, known_publication, make_file, make_tombstone, rendering_version
from lms.reports.models import Report
from lms.reports.queries import public as queries
from lms.reports.queries.life import tombstone, tombstone_of
from lms.reports.reading import quarter_of

blueprint = Blueprint("public", "lms.reports", template_folder="templates")


@blueprint.record_once
def open_door(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    app.extensions["lms.publications"] = {}
    app.extensions["lms.public_rendering"] = rendering_version(app.extensions["lms.settings"], app.extensions["lms.assets"])
    app.wsgi_app = PublicDoor(app, app.wsgi_app)  # type: ignore[method-assign]


@blueprint.get("/public/")
@asks_nobody
def index() -> str:
    """What is published, and where programs find it."""
    with reading() as session:
        rows = queries.public_reports_in_order(session)
    found = [(Quarter.from_code(report.period), report, title) for report, title in rows]
    return render_template("reports/public_index.html", found=found, base=settings().base_url)


@blueprint.get("/public/indicators.json")
@asks_nobody
def indicators() -> Response:
    """The code list of the IOC feed."""
    response = jsonify(chi_tieu=code_list())
    response.headers["Cache-Control"] = "public, max-age=3600"
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


@blueprint.get("/public/results.atom")
@asks_nobody
def results_atom() -> Response:
    """Every publication and correction that stands, the newest first."""
    with reading() as session:
        rows = queries.public_reports_in_order(session)
    base = settings().base_url
    newest = max((report.published_at for report, _title in rows if report.published_at), default=None)
    if newest is None:
        raise NotFound
    feed = programs.feed_element(str(_("Kết quả kiểm tra")), "urn:congvu-lms:feed", f"{base}/public/results.atom", newest)
    for report, title in rows:
        if report.published_at is None:
            continue
        quarter = Quarter.from_code(report.period)
        name, address = f"urn:uuid:{report.id}", programs.page_address(base, quarter, None)
        said = _("Kết quả kiểm tra %(quarter)s, bản thứ %(revision)s", quarter=quarter_label(quarter), revision=report.revision)
        programs.add_entry(feed, said, name, address, at=report.published_at, summary=title)
    fingerprint = ",".join(str(report.id) for report, _title in rows)
    content, is_packed = packed(programs.xml_text(feed))
    etag = etag_of(fingerprint, newest, current_rendering(), request.path, preferences().locale)
    return _respond(File(Format.ATOM, MEDIA_TYPES[Format.ATOM], etag, newest, content, is_packed))


@blueprint.get("/public/<quarter>/")
@blueprint.get("/public/<quarter>/<code>")
@asks_nobody
def results(quarter: str, code: str = "") -> Response:
    """The page of all agencies, or of one."""
    return _public()


@blueprint.get("/public/<quarter>.json")
@blueprint.get("/public/<quarter>/.json")
@blueprint.get("/public/<quarter>/<code>.json")
@asks_nobody
def results_json(quarter: str, code: str = "") -> Response:
    return _public()


@blueprint.get("/public/<quarter>.csv")
@blueprint.get("/public/<quarter>/.csv")
@blueprint.get("/public/<quarter>/<code>.csv")
@asks_nobody
def results_csv(quarter: str, code: str = "") -> Response:
    return _public()


@blueprint.get("/public/<quarter>.atom")
@blueprint.get("/public/<quarter>/.atom")
@blueprint.get("/public/<quarter>/<code>.atom")
@asks_nobody
def report_atom(quarter: str, code: str = "") -> Response:
    return _public()


@blueprint.get("/public/<quarter>.ioc.json")
@blueprint.get("/public/<quarter>/<code>.ioc.json")
@asks_nobody
def results_ioc(quarter: str, code: str = "") -> Response:
    """Records of indicators for the province's IOC."""
    return _public()


@blueprint.get("/public/<quarter>.html")
@blueprint.get("/public/<quarter>/<code>.html")
@asks_nobody
def results_fragment(quarter: str, code: str = "") -> Response:
    """A piece of HTML for portals; `?lang=en` in English."""
    return _public()


@blueprint.get("/embed/<code>")
@asks_nobody
def widget(code: str) -> Response:
    """An agency's newest result as a small page for its own website, which frames it; `?quarter=2026-Q4` another one."""
    quarter = request.args.get("quarter")
    return _answer(Place(Format.WIDGET, quarter_of(quarter) if quarter else None, code))


def _public() -> Response:
    """The address itself says what it is, here as at the door."""
    place = place_of(request.path, "")
    if place is None:
        raise NotFound
    return _answer(place)


def _answer(place: Place) -> Response:
    """Raises NotFound for what is not and never was public."""
    shown = _preferences(place)
    with reading() as session:
        report = _report(session, place)
        if report is None:
            stone = _stone(session, place)
            if stone is None:
                raise NotFound
            return _respond(make_tombstone(stone, place, shown))
        told = known_publication(session, report)
    if place.code is not None and place.code not in told.by_code:
        raise NotFound
    return _respond(make_file(told, place, shown))


def _report(session: Session, place: Place) -> Report | None:
    if place.quarter is not None:
        return queries.public_report(session, place.quarter.code)
    assert place.code is not None
    return queries.newest_report_of(session, place.code)


def _stone(session: Session, place: Place) -> Tombstone | None:
    found = tombstone(session, place.quarter.code) if place.quarter else tombstone_of(session, place.code or "")
    if found is None or found.withdrawn_at is None:
        return None
    if place.code is not None and not queries.speaks_of(session, found.id, place.code):
        return None
    because = found.withdrawn_because or ""
    return Tombstone(str(found.id), found.period, found.revision, found.withdrawn_at, because, settings().base_url)


def _preferences(place: Place) -> Preferences | None:
    """A page is shown as its reader has chosen, what others embed in the language the address names."""
    if place.format is Format.PAGE:
        return preferences()
    language = request.args.get("lang")
    return Preferences(locale=language) if language in LOCALES else None


def _respond(file: File) -> Response:
    asked = Asked(
        request.method,
        request.headers.get("Accept-Encoding", ""),
        request.headers.get("If-None-Match", ""),
        request.headers.get("If-Modified-Since", ""),
    )
    status, body, headers = answer(file, asked, standing_headers(current_app))
    if file.format is Format.WIDGET:
        g.may_be_framed = True
    response = Response(body, status)
    del response.headers["Content-Type"]
    for name, value in headers:
        response.headers[name] = value
    return response
