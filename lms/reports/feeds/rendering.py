"""Public files made of a publication, in a request of nobody's: what comes out depends on the publication, the address and how it is to be
displayed, on nothing else."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import replace
from http import HTTPStatus
from typing import Any, cast
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import current_app, g, render_template
from sqlalchemy.orm import Session

import lms
from lms.config import Settings
from lms.kit.i18n import Preferences
from lms.kit.unit import settings
from lms.reports.feeds import programs
from lms.reports.feeds.addresses import MEDIA_TYPES, Format, Place, etag_of
from lms.reports.feeds.answering import File, packed
from lms.reports.feeds.publication import Publication, Tombstone
from lms.reports.models import Report
from lms.reports.queries.public import read_publication
from lms.reports.rules.correcting import CAUSE_NAMES

RENDERING = 2  # counts up whenever what is made here changes
_KEPT = 3  # publications in memory: they never change

_TEXTS: Mapping[Format, tuple[Callable[[Publication, str | None, ZoneInfo], str], Callable[[Tombstone, ZoneInfo], str]]] = {
    Format.JSON: (programs.as_json, programs.gone_json),
    Format.CSV: (programs.as_csv, programs.gone_csv),
    Format.ATOM: (programs.as_atom, programs.gone_atom),
    Format.IOC: (programs.as_ioc, programs.gone_json),
}
_TEMPLATES: Mapping[Format, str] = {
    Format.PAGE: "reports/public.html",
    Format.FRAGMENT: "reports/public_fragment.html",
    Format.WIDGET: "reports/public_widget.html",
}


def rendering_version(settings: Settings, assets: str) -> str:
    """Files made by another one are made again: the programme, its styles, and what of the settings is on every page."""
    parts = (RENDERING, lms.__version__, assets, settings.locale, settings.timezone, settings.support_phone, settings.base_url)
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def current_rendering() -> str:
    return cast(str, current_app.extensions["lms.public_rendering"])


def known_publication(session: Session, report: Report) -> Publication:
    """As the public may read it; in memory, once it was read."""
    kept: dict[UUID, Publication] = current_app.extensions["lms.publications"]
    found = kept.get(report.id)
    if found is None or found.published_at != report.published_at:
        found = read_publication(session, report, settings().base_url)
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)), None)
        kept[report.id] = found
    return found


def make_file(publication: Publication, place: Place, preferences: Preferences | None = None) -> File:
    """Render one address. `preferences` None: as for somebody who never chose any."""
    standard = Preferences(locale=settings().locale)
    shown = preferences or standard
    if place.format in _TEXTS:
        text = _TEXTS[place.format][0](publication, place.code, settings().zone)
    else:
        agency = publication.by_code[place.code] if place.code else None
        text = _page(place, shown, publication=publication, agency=agency, stone=None)
    content, is_packed = packed(text)
    variant = "" if shown == standard else str(shown)
    etag = etag_of(publication.sha256, publication.published_at, current_rendering(), place.path, variant)
    return File(place.format, MEDIA_TYPES[place.format], etag, publication.published_at, content, is_packed)


def make_tombstone(stone: Tombstone, place: Place, preferences: Preferences | None = None) -> File:
    """The same of a report that was withdrawn: 410, with the reason in the format that was asked for."""
    shown = preferences or Preferences(locale=settings().locale)
    if place.format in _TEXTS:
        text = _TEXTS[place.format][1](stone, settings().zone)
    else:
        text = _page(place, shown, publication=None, agency=None, stone=stone)
    content, is_packed = packed(text)
    etag = etag_of(stone.report_id, stone.withdrawn_at, current_rendering(), place.path, f"gone {shown}")
    return File(place.format, MEDIA_TYPES[place.format], etag, stone.withdrawn_at, content, is_packed, HTTPStatus.GONE)


def _page(place: Place, preferences: Preferences, **context: Any) -> str:
    told: Publication | Tombstone = context["publication"] or context["stone"]
    address = replace(place, quarter=told.quarter).path
    with current_app.test_request_context(address):
        g.preferences = preferences
        return render_template(
            _TEMPLATES[place.format],
            place=place,
            quarter=told.quarter,
            base=settings().base_url,
            causes=CAUSE_NAMES,
            **context,
        )
