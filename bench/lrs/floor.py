"""The floor of a record store: the least a Flask service can do with a statement. It checks nothing.

A bare view under the same gunicorn and on the same kind of database with the same pool, pragmas and commit to disk. It parses the JSON
with the fastest library there is (msgspec), inserts the raw rows in one statement, and reads one row by its key.
"""

from __future__ import annotations

import os
from typing import Any
from uuid import uuid4

import msgspec
from flask import Flask, Response, request

from lms.kit.db import Database

_CREATE = "CREATE TABLE IF NOT EXISTS floor_statement (id VARCHAR(36) PRIMARY KEY, body TEXT NOT NULL)"
_JSON = "application/json"


def fill(url: str) -> None:
    """Make the table in a database of its own."""
    database = Database(url)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(_CREATE)
    database.dispose()


def create_app(url: str) -> Flask:
    app = Flask(__name__)
    database = Database(url)
    writing, reading, *_alone = database.engines
    mark = "?" if database.is_sqlite else "%s"

    def insert(rows: list[tuple[str, str]]) -> None:
        values = ",".join([f"({mark},{mark})"] * len(rows))
        with writing.begin() as connection:
            connection.exec_driver_sql(
                f"INSERT INTO floor_statement (id, body) VALUES {values}",  # marks alone
                tuple(value for row in rows for value in row),
            )

    @app.post("/xapi/statements")
    def post() -> Response:
        body = request.get_data(cache=False)
        entries = msgspec.json.decode(body, type=list[msgspec.Raw]) if body.startswith(b"[") else [msgspec.Raw(body)]
        rows = [(str(_parsed(entry).get("id") or uuid4()), bytes(entry).decode()) for entry in entries]
        insert(rows)
        return Response(msgspec.json.encode([statement_id for statement_id, _body in rows]), mimetype=_JSON)

    @app.put("/xapi/statements")
    def put() -> Response:
        body = request.get_data(cache=False)
        _parsed(body)
        insert([(request.args["statementId"], body.decode())])
        return Response(status=204)

    @app.get("/xapi/statements")
    def get() -> Response:
        with reading.connect() as connection:
            found = connection.exec_driver_sql(
                f"SELECT body FROM floor_statement WHERE id = {mark}",
                (request.args["statementId"],),
            ).scalar_one()
        return Response(found, mimetype=_JSON)

    return app


def _parsed(text: bytes | msgspec.Raw) -> dict[str, Any]:
    statement: dict[str, Any] = msgspec.json.decode(text)
    return statement


if "BENCH_FLOOR_URL" in os.environ:
    app = create_app(os.environ["BENCH_FLOOR_URL"])
