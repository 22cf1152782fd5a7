"""The main bar and the managing page: few words at the top, everything else one step below."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from flask import current_app, request, url_for
from flask_babel import lazy_gettext as _l

from lms.feature import NavigationItem, Section
from lms.kit.access import may

SECTION_NAMES: dict[Section, Any] = {
    Section.PEOPLE: _l("Cơ quan và cán bộ"),
    Section.TESTS: _l("Kiểm tra và kết quả"),
    Section.SYSTEM: _l("Hệ thống"),
}
MANAGE = NavigationItem(_l("Quản lý"), "home.manage", "home.manage", order=90)
"""Leads to what one manages; shown where that is more than one thing."""

Link = dict[str, Any]


def main_bar() -> list[Link]:
    """The links of the bar for the one who looks: label, url, and whether this page is (`page`) or lies below (`true`) it."""
    items = _permitted()
    managed = [item for item in items if item.section is not None]
    below = [item for item in managed if not item.in_bar]
    shown = [item for item in items if item.in_bar]
    shown += below if len(below) < 2 else [MANAGE]
    here = _nearest([*shown, *below])
    links = []
    for item in sorted(shown, key=lambda item: item.order):
        url = url_for(item.endpoint)
        leads_here = item is here or (item is MANAGE and here in below)
        links.append({"label": item.label, "url": url, "current": leads_here and ("page" if url == request.path else "true")})
    return links


def managing_page() -> list[tuple[Any, list[NavigationItem]]]:
    """What the one who looks may manage, by section; sections with nothing are left out."""
    items = [item for item in _permitted() if item.section is not None]
    sections = [(name, [item for item in items if item.section is section]) for section, name in SECTION_NAMES.items()]
    return [(name, entries) for name, entries in sections if entries]


def page_above() -> Link | None:
    """The managing page, for pages that hang right below it and so have no path of their own."""
    items = [item for item in _permitted() if item.section is not None and not item.in_bar]
    if len(items) < 2 or request.path not in {url_for(item.endpoint) for item in items}:
        return None
    return {"label": MANAGE.label, "url": url_for(MANAGE.endpoint)}


def _permitted() -> list[NavigationItem]:
    features = current_app.extensions["lms.features"]
    items = (item for feature in features for item in feature.navigation)
    return sorted((item for item in items if may(item.permission)), key=lambda item: item.order)


def _nearest(items: Iterable[NavigationItem]) -> NavigationItem | None:
    """The item whose address is the longest beginning of this page's; the first page is above nothing but itself."""
    found = [(url_for(item.endpoint), item) for item in items]
    above = [
        (len(url), item) for url, item in found if request.path == url or (url != "/" and request.path.startswith(url.rstrip("/") + "/"))
    ]
    return max(above, key=lambda pair: pair[0], default=(0, None))[1]
