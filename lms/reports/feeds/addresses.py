"""Addresses of the public files of a report, and what each of them is. Pure."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from lms.kit.clock import Quarter


class Format(StrEnum):
    """`PAGE` for people, `FRAGMENT` a piece of HTML for portals, `WIDGET` a page to be framed by an agency's website, the others for
    programs."""

    PAGE = "page"
    JSON = "json"
    CSV = "csv"
    ATOM = "atom"
    IOC = "ioc"
    FRAGMENT = "fragment"
    WIDGET = "widget"


SUFFIXES: Mapping[Format, str] = {
    Format.JSON: ".json",
    Format.CSV: ".csv",
    Format.ATOM: ".atom",
    Format.IOC: ".ioc.json",
    Format.FRAGMENT: ".html",
}
MEDIA_TYPES: Mapping[Format, str] = {
    Format.PAGE: "text/html; charset=utf-8",
    Format.JSON: "application/json",
    Format.CSV: "text/csv; charset=utf-8",
    Format.ATOM: "application/atom+xml; charset=utf-8",
    Format.IOC: "application/json",
    Format.FRAGMENT: "text/html; charset=utf-8",
    Format.WIDGET: "text/html; charset=utf-8",
}
OF_AN_AGENCY = tuple(Format)
OF_THE_WHOLE = tuple(one for one in Format if one is not Format.WIDGET)
FRESH_SECONDS: Mapping[Format, int] = {**dict.fromkeys(Format, 60), Format.WIDGET: 300}
_EMBED = re.compile(r"/embed/(?P<code>[^/]+)")
_ANY = re.compile(r"/public/(?P<quarter>[0-9]{4}-Q[1-4])(?P<rest>(?:/[^/]*)?[^/]*)")


@dataclass(frozen=True, slots=True)
class Place:
    """What an address asks for. `quarter` None: the newest that is public, of a widget; `code` None: all agencies."""

    format: Format
    quarter: Quarter | None
    code: str | None

    @property
    def path(self) -> str:
        """As the file is kept."""
        return path_of(self.format, self.quarter, self.code)


def path_of(format_: Format, quarter: Quarter | None, code: str | None) -> str:
    if format_ is Format.WIDGET:
        return f"/embed/{code}"
    if format_ is Format.PAGE:
        return f"/public/{quarter}/{code or ''}"
    return f"/public/{quarter}{'/' + code if code else ''}{SUFFIXES[format_]}"


def place_of(path: str, query: str) -> Place | None:
    """What an address that may be asked often means; None for any other, and for what has parameters we do not know."""
    if found := _EMBED.fullmatch(path):
        return _widget(found["code"], query)
    found = _ANY.fullmatch(path)
    if found is None or query:
        return None
    quarter, rest = Quarter.parse(found["quarter"]), found["rest"]
    if rest.startswith("/."):  # /public/2026-Q4/.json, as it was called first
        rest = rest[1:]
    for format_ in (Format.IOC, Format.JSON, Format.CSV, Format.ATOM, Format.FRAGMENT):
        if rest.endswith(SUFFIXES[format_]):
            code = rest.removesuffix(SUFFIXES[format_])
            return Place(format_, quarter, code[1:] or None) if not code or code.startswith("/") else None
    return Place(Format.PAGE, quarter, rest[1:] or None) if rest.startswith("/") else None


def all_places(quarter: Quarter, codes: list[str]) -> Iterator[Place]:
    """Every file of a report."""
    yield from (Place(one, quarter, None) for one in OF_THE_WHOLE)
    yield from (Place(one, quarter, code) for code in codes for one in OF_AN_AGENCY)


def etag_of(fingerprint: str, published_at: datetime, rendering: str, path: str, variant: str = "") -> str:
    """The same bytes have the same: what is frozen, since when it is public, and what renders it."""
    whole = "\n".join((fingerprint, published_at.isoformat(), rendering, path, variant))
    return hashlib.sha256(whole.encode()).hexdigest()[:32]


def _widget(code: str, query: str) -> Place | None:
    if not query:
        return Place(Format.WIDGET, None, code)
    name, _equals, value = query.partition("=")
    try:
        return Place(Format.WIDGET, Quarter.parse(value), code) if name == "quarter" else None
    except ValueError:
        return None
