"""The short way to public files: what is rendered is answered before the application's hooks, which are for people who may be signed in.
Nothing is refused here: whatever is not rendered, is withdrawn or unknown, or wants something of its own goes on to the application."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import TYPE_CHECKING

import structlog
from flask import Flask
from sqlalchemy.exc import SQLAlchemyError

from lms.kit.db import Database
from lms.kit.i18n import COOKIE
from lms.kit.web import request_id, standing_headers
from lms.reports.feeds.addresses import Format, place_of
from lms.reports.feeds.answering import Asked, File, answer
from lms.reports.queries.public import stored_file

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()
_MINE = ("/public/", "/embed/")


class PublicDoor:
    """Wraps the application."""

    def __init__(self, app: Flask, application: WSGIApplication) -> None:
        self.app, self.application = app, application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        path: str = environ.get("PATH_INFO", "")
        if not path.startswith(_MINE) or environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return self.application(environ, start_response)
        begun = time.perf_counter()
        file = self._file(path.encode("latin-1").decode("utf-8", "replace"), environ)
        if file is None:
            return self.application(environ, start_response)
        asked = Asked(
            environ["REQUEST_METHOD"],
            environ.get("HTTP_ACCEPT_ENCODING", ""),
            environ.get("HTTP_IF_NONE_MATCH", ""),
            environ.get("HTTP_IF_MODIFIED_SINCE", ""),
        )
        status, body, headers = answer(file, asked, standing_headers(self.app))
        own = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        headers.append(("X-Request-Id", own))
        log.info(
            "request",
            request_id=own,
            remote_address=environ.get("REMOTE_ADDR"),
            method=asked.method,
            path=path,
            status=status.value,
            milliseconds=round((time.perf_counter() - begun) * 1000, 1),
        )
        start_response(f"{status.value} {status.phrase}", headers)
        return (body,)

    def _file(self, path: str, environ: WSGIEnvironment) -> File | None:
        if "\0" in path:
            return None
        place = place_of(path, environ.get("QUERY_STRING", ""))
        if place is None or (place.format is Format.PAGE and COOKIE in environ.get("HTTP_COOKIE", "")):
            return None  # somebody who chose a language or a size reads a page of their own
        database: Database = self.app.extensions["lms.database"]
        period = place.quarter.code if place.quarter else None
        try:
            with database.looking() as connection:
                found = stored_file(connection, place.path, self.app.extensions["lms.public_rendering"], period=period, code=place.code)
        except SQLAlchemyError:  # the application says what is the matter
            return None
        if found is None:
            return None
        return File(place.format, found.media_type, found.etag, found.published_at, found.content, found.is_packed)
