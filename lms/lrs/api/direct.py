"""The short way of the requests that come most often: store statements as JSON, get one by its id.

The application's hooks are for people and for whatever may be asked; they cost more than storing a statement. A request that a program
sends over and over is answered here before them: by the same reading, the same operations and the same headers, only in fewer steps.

Nothing is refused here. Whatever is out of the ordinary (another parameter, a key that is unknown, limited or a learner's, a fault in a
statement, an id that is taken) has changed nothing and goes on to the application, which finds it again and says what it is. A defect
goes there as well, but as what it is: whether something was stored is not known then, and it must not be stored twice.
"""

from __future__ import annotations

import base64
import binascii
import re
import time
from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from io import BytesIO
from typing import TYPE_CHECKING
from uuid import UUID

import msgspec
import structlog
from flask import Flask
from sqlalchemy.exc import IntegrityError
from werkzeug.http import http_date

from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.kit.web import request_id, standing_headers
from lms.lrs import operations
from lms.lrs.guard import A_MOMENT, DEFECT, MAX_BODY, Memory, memory
from lms.lrs.queries.direct import PlainCredential, plain_credential, plain_statement
from lms.lrs.rules.credentials import Scope, authority_of, is_key, matches, may_define, may_read_all, may_write
from lms.lrs.rules.reading import Received, read_many, read_one
from lms.lrs.rules.rendering import timestamp
from lms.lrs.rules.versions import Version, spoken

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = structlog.get_logger()

_PATH = "/xapi/statements"
_JSON = ("application/json", "application/json; charset=utf-8", "application/json;charset=utf-8")
_BY_ID = re.compile(r"statementId=([0-9A-Fa-f]{8}-(?:[0-9A-Fa-f]{4}-){3}[0-9A-Fa-f]{12})", re.ASCII)
_USE_IS_KNOWN_FOR = timedelta(hours=1)

Answer = tuple[HTTPStatus, bytes, list[tuple[str, str]]]


class _NotOrdinaryError(Exception):
    """The application is to answer this."""


class DirectWay:
    """Wraps the application."""

    def __init__(self, app: Flask, application: WSGIApplication) -> None:
        self.app, self.application = app, application
        self._ways: dict[str, Callable[[WSGIEnvironment, PlainCredential, str, Version], Answer]] = {
            "GET": self._get,
            "POST": self._post,
            "PUT": self._put,
        }

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        way = self._ways.get(environ["REQUEST_METHOD"]) if environ.get("PATH_INFO") == _PATH else None
        if way is None:
            return self.application(environ, start_response)
        begun = time.perf_counter()
        try:
            version = spoken(environ.get("HTTP_X_EXPERIENCE_API_VERSION"))
            if version is None:
                raise _NotOrdinaryError
            at = now()
            key, credential = self._credential(environ, at)
            known = memory(self.app)
            through = _consistent_through(known, credential, at)
            status, body, headers = way(environ, credential, key, version)
        except (_NotOrdinaryError, DomainError, IntegrityError):
            return self.application(environ, start_response)
        except Exception as error:  # told by the application, as every defect is
            environ[DEFECT] = error
            return self.application(environ, start_response)
        known.spoken[key] = version
        headers += [
            ("X-Experience-API-Version", version),
            ("X-Experience-API-Consistent-Through", timestamp(through)),
            ("Cache-Control", "no-store"),
            *standing_headers(self.app),
            ("X-Request-Id", self._log(environ, status, begun)),
        ]
        start_response(f"{status.value} {status.phrase}", headers)
        return (body,)

    def _credential(self, environ: WSGIEnvironment, at: datetime) -> tuple[str, PlainCredential]:
        kind, _space, given = environ.get("HTTP_AUTHORIZATION", "").partition(" ")
        if kind != "Basic":
            raise _NotOrdinaryError
        try:
            key, _colon, secret = base64.b64decode(given, validate=True).decode().partition(":")
        except (binascii.Error, ValueError):
            raise _NotOrdinaryError from None
        if not is_key(key):
            raise _NotOrdinaryError
        with self._database.looking() as connection:
            found = plain_credential(connection, key, at - _USE_IS_KNOWN_FOR)
        if found is None or not matches(secret, found.secret_hash):
            raise _NotOrdinaryError
        return key, found

    def _get(self, environ: WSGIEnvironment, credential: PlainCredential, _key: str, _version: Version) -> Answer:
        asked = _BY_ID.fullmatch(environ.get("QUERY_STRING", ""))
        if asked is None or not may_read_all(credential.scopes) or self._is_compressed(environ):
            raise _NotOrdinaryError
        with self._database.looking() as connection:
            found = plain_statement(connection, UUID(asked[1]))
        if found is None:
            raise _NotOrdinaryError
        stored, text = found
        body = text.encode()
        return HTTPStatus.OK, body, [*_json(body), ("Last-Modified", http_date(stored.replace(tzinfo=UTC)))]

    def _post(self, environ: WSGIEnvironment, credential: PlainCredential, key: str, version: Version) -> Answer:
        if environ.get("QUERY_STRING") or self._is_compressed(environ):
            raise _NotOrdinaryError
        ids = self._store(read_many(_body(environ, credential), version), credential, key)
        body = msgspec.json.encode(ids)
        return HTTPStatus.OK, body, _json(body)

    def _put(self, environ: WSGIEnvironment, credential: PlainCredential, key: str, version: Version) -> Answer:
        asked = _BY_ID.fullmatch(environ.get("QUERY_STRING", ""))
        if asked is None:
            raise _NotOrdinaryError
        statement_id = UUID(asked[1])
        received = read_one(_body(environ, credential), version)
        if received.id not in (None, statement_id):
            raise _NotOrdinaryError
        self._store([replace(received, id=statement_id)], credential, key)
        return HTTPStatus.NO_CONTENT, b"", []

    def _store(self, statements: list[Received], credential: PlainCredential, key: str) -> list[UUID]:
        """What comes with files, or should, is the application's."""
        if not may_write(credential.scopes) or any(received.facts.attaches for received in statements):
            raise _NotOrdinaryError
        authority = authority_of(self.app.extensions["lms.settings"].base_url, key, credential.label)
        with self._database.transaction() as session:
            operations.take_turn(session, statements)
            return operations.store_statements(
                session,
                statements,
                authority,
                now(),
                voids_others=Scope.ALL in credential.scopes,
                defines=may_define(credential.scopes),
            )

    @property
    def _database(self) -> Database:
        found: Database = self.app.extensions["lms.database"]
        return found

    def _is_compressed(self, environ: WSGIEnvironment) -> bool:
        """Would the application compress the answer?"""
        return "lms.compression" in self.app.extensions and "gzip" in environ.get("HTTP_ACCEPT_ENCODING", "")

    def _log(self, environ: WSGIEnvironment, status: HTTPStatus, begun: float) -> str:
        """As of every request; returns its id."""
        own = request_id(environ.get("HTTP_X_REQUEST_ID", ""))
        log.info(
            "request",
            request_id=own,
            remote_address=environ.get("REMOTE_ADDR"),
            method=environ["REQUEST_METHOD"],
            path=_PATH,
            status=status.value,
            milliseconds=round((time.perf_counter() - begun) * 1000, 1),
        )
        return own


def _body(environ: WSGIEnvironment, credential: PlainCredential) -> bytes:
    """The whole body, which the application may read once more."""
    length = environ.get("CONTENT_LENGTH") or ""
    if environ.get("CONTENT_TYPE") not in _JSON or not length.isdecimal() or int(length) > min(MAX_BODY, credential.max_body or MAX_BODY):
        raise _NotOrdinaryError
    body: bytes = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = BytesIO(body)
    if len(body) != int(length):
        raise _NotOrdinaryError
    return body


def _json(body: bytes) -> list[tuple[str, str]]:
    return [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]


def _consistent_through(known: Memory, credential: PlainCredential, at: datetime) -> datetime:
    """While somebody stores, what was known a moment ago stays true; longer ago, the application asks."""
    if credential.quiet:
        known.consistent = at
    elif known.consistent is None or at - known.consistent >= A_MOMENT:
        raise _NotOrdinaryError
    return known.consistent
