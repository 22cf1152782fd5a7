"""How a public file leaves: with a strong validator, for as long as it may be kept, to whom; or only that it is still the same. Pure."""

from __future__ import annotations

import gzip
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus

from werkzeug.http import http_date

from lms.reports.feeds.addresses import FRESH_SECONDS, Format

SMALLEST_PACKED = 1024
# Of a page that others frame nothing runs, nothing is loaded but our style, and anybody may frame it.
WIDGET_POLICY = "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors *"
_PACKED = "-gzip"

Headers = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class File:
    """`is_packed`: compressed with gzip, which is how it is kept and mostly how it is wanted."""

    format: Format
    media_type: str
    etag: str
    modified: datetime
    content: bytes
    is_packed: bool
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True)
class Asked:
    """What of a request decides how it is answered."""

    method: str
    accept_encoding: str = ""
    if_none_match: str = ""
    if_modified_since: str = ""


def packed(text: str) -> tuple[bytes, bool]:
    """Bytes as they are kept: compressed where that pays; the same for the same text."""
    content = text.encode()
    if len(content) < SMALLEST_PACKED:
        return content, False
    return gzip.compress(content, compresslevel=9, mtime=0), True


def answer(file: File, asked: Asked, standing: Sequence[tuple[str, str]]) -> tuple[HTTPStatus, bytes, Headers]:
    """Status, body and headers. `standing`: what every answer of the house has; a widget is without those that forbid to frame it."""
    compressed = file.is_packed and "gzip" in asked.accept_encoding
    etag = f'"{file.etag}{_PACKED if compressed else ""}"'
    modified = http_date(file.modified)
    headers = [
        ("ETag", etag),
        ("Last-Modified", modified),
        ("Cache-Control", _cache_control(file)),
        ("Vary", "Accept-Encoding, Cookie" if file.format is Format.PAGE else "Accept-Encoding"),
        *_protection(file.format, standing),
    ]
    if file.status is HTTPStatus.OK and _is_known(file, asked, modified):
        return HTTPStatus.NOT_MODIFIED, b"", headers
    body = file.content if compressed or not file.is_packed else gzip.decompress(file.content)
    headers += [("Content-Type", file.media_type), ("Content-Length", str(len(body)))]
    if compressed:
        headers.append(("Content-Encoding", "gzip"))
    return file.status, b"" if asked.method == "HEAD" else body, headers


def _cache_control(file: File) -> str:
    """Short, and asked for anew after that: a correction and a withdrawal are seen by everybody within it."""
    if file.status is not HTTPStatus.OK:
        return "no-cache"
    return f"public, max-age={FRESH_SECONDS[file.format]}, must-revalidate"


def _is_known(file: File, asked: Asked, modified: str) -> bool:
    """Moments are compared for being the same, not for being later: what takes the place of a withdrawn result may be older than it."""
    if asked.if_none_match:
        tags = (tag.strip().removeprefix("W/").strip('"').removesuffix(_PACKED) for tag in asked.if_none_match.split(","))
        return any(tag in (file.etag, "*") for tag in tags)
    return asked.if_modified_since == modified


_OPEN: Mapping[str, str] = {"Access-Control-Allow-Origin": "*", "Cross-Origin-Resource-Policy": "cross-origin"}
_FRAMED: Mapping[str, str] = {"Content-Security-Policy": WIDGET_POLICY, "Cross-Origin-Resource-Policy": "cross-origin"}


def _protection(format_: Format, standing: Sequence[tuple[str, str]]) -> Headers:
    if format_ is Format.PAGE:
        return list(standing)
    changed = _FRAMED if format_ is Format.WIDGET else _OPEN
    dropped = {*changed, "X-Frame-Options", "Cross-Origin-Opener-Policy"} if format_ is Format.WIDGET else set(changed)
    return [*((name, value) for name, value in standing if name not in dropped), *changed.items()]
