"""Statements and credentials for tests of the record store."""

from __future__ import annotations

import base64
import json
from typing import Any
from uuid import uuid4

from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.operations import add_credential

VERB = "http://adlnet.gov/expapi/verbs/completed"
VOIDED = "http://adlnet.gov/expapi/verbs/voided"
COURSE = "https://hoc.example.vn/courses/CB1"
AN = {"objectType": "Agent", "name": "An", "account": {"homePage": "https://hoc.example.vn", "name": "cb-001"}}
BINH = {"mbox": "mailto:binh@example.vn"}
SECRET = "mot-mat-khau-du-dai-de-thu"


def statement(**changes: Any) -> dict[str, Any]:
    """A small valid statement; a change to None leaves the property out."""
    values: dict[str, Any] = {
        "actor": AN,
        "verb": {"id": VERB, "display": {"vi": "đã học xong"}},
        "object": {"objectType": "Activity", "id": COURSE, "definition": {"name": {"vi": "Nền tảng", "en": "Foundations"}}},
    }
    values.update(changes)
    return {key: value for key, value in values.items() if value is not None}


def voiding(target: str, **changes: Any) -> dict[str, Any]:
    return statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": target}, **changes)


def compact(values: Any) -> bytes:
    """As programs write JSON: without white space."""
    return json.dumps(values, ensure_ascii=False, separators=(",", ":")).encode()


def new_id() -> str:
    return str(uuid4())


def make_credential(database: Database, *scopes: str, key: str = "thu", secret: str = SECRET) -> None:
    with database.transaction() as session:
        add_credential(session, SERVICE, f"Hệ thống {key}", scopes or ("all",), now(), key=key, secret=secret)


class Store:
    """Speaks to `/xapi` as an outside program does."""

    def __init__(self, client: FlaskClient, key: str = "thu", secret: str = SECRET) -> None:
        self.client = client
        token = base64.b64encode(f"{key}:{secret}".encode()).decode()
        self.headers = {"Authorization": f"Basic {token}", "X-Experience-API-Version": "1.0.3"}

    def open(self, method: str, path: str = "statements", body: Any = None, **changes: Any) -> TestResponse:
        headers = {**self.headers, **changes.pop("headers", {})}
        headers = {name: value for name, value in headers.items() if value is not None}
        if body is not None:
            headers.setdefault("Content-Type", "application/json")
            written = compact if path.startswith("statements") else json.dumps
            changes["data"] = body if isinstance(body, (bytes, str)) else written(body)
        return self.client.open(f"/xapi/{path}", method=method, headers=headers, **changes)

    def post(self, body: Any, **changes: Any) -> TestResponse:
        return self.open("POST", body=body, **changes)

    def put(self, statement_id: str, body: Any, **changes: Any) -> TestResponse:
        return self.open("PUT", body=body, query_string={"statementId": statement_id}, **changes)

    def get(self, headers: dict[str, str] | None = None, **parameters: Any) -> TestResponse:
        query = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in parameters.items()}
        return self.open("GET", query_string=query, headers=headers or {})

    def ids(self, **parameters: Any) -> list[str]:
        """The ids of a list, in order."""
        response = self.get(**parameters)
        assert response.status_code == 200, response.text
        return [entry["id"] for entry in response.json["statements"]]

    def stored(self, **changes: Any) -> str:
        """Store a valid statement; its id."""
        response = self.post(statement(**changes))
        assert response.status_code == 200, response.text
        return str(response.json[0])
