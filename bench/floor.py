"""The floor: the least a Flask service can do for one request. Ratios of the real service are set against it.

A bare Flask view under the same gunicorn, on the same kind of database with the same pool and the same pragmas: GET is one indexed
read, POST one upsert from JSON. No session, no translation, no headers, no templates.
"""

from __future__ import annotations

import os

from flask import Flask, Response, jsonify, request
from sqlalchemy import text

from lms.kit.db import Database

ROWS = 10_000

_CREATE = text("CREATE TABLE IF NOT EXISTS floor_row (id INTEGER PRIMARY KEY, value TEXT NOT NULL)")
_FILL = text("INSERT INTO floor_row (id, value) VALUES (:id, :value)")
_READ = text("SELECT value FROM floor_row WHERE id = :id")
_UPSERT = text(
    "INSERT INTO floor_row (id, value) VALUES (:id, :value) ON CONFLICT (id) DO UPDATE SET value = excluded.value RETURNING id, value"
)


def fill(url: str) -> None:
    """Make the table with its rows in a database of its own."""
    database = Database(url)
    with database.transaction() as session:
        session.execute(_CREATE)
        session.execute(_FILL, [{"id": number, "value": f"value {number}"} for number in range(1, ROWS + 1)])
    database.dispose()


def create_app(url: str) -> Flask:
    app = Flask(__name__)
    database = Database(url)
    writing, reading = database.engines[:2]

    @app.get("/rows/<int:number>")
    def read(number: int) -> Response:
        with reading.connect() as connection:
            value = connection.execute(_READ, {"id": number}).scalar_one()
        return jsonify(id=number, value=value)

    @app.post("/rows")
    def upsert() -> Response:
        given = request.get_json()
        with writing.begin() as connection:
            row = connection.execute(_UPSERT, {"id": given["id"], "value": given["value"]}).one()
        return jsonify(id=row.id, value=row.value)

    return app


if "BENCH_FLOOR_URL" in os.environ:
    app = create_app(os.environ["BENCH_FLOOR_URL"])
