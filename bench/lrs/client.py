"""The load script: the same requests in the same order to any record store."""

from __future__ import annotations

import base64
import http.client
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from random import Random
from urllib.parse import urlencode

from bench.browser import Answer, UnexpectedAnswerError
from bench.lrs.statements import random_id, text, typical

POST, BATCH, PUT, GET = "POST one", "POST 50", "PUT", "GET by id"
OPERATIONS = (POST, BATCH, PUT, GET)
BATCH_SIZE = 50


@dataclass(frozen=True, slots=True)
class Call:
    name: str
    method: str
    parameters: Mapping[str, str]
    body: bytes | None


@dataclass(slots=True)
class Client:
    """One kept-alive connection with a credential."""

    connection: http.client.HTTPConnection
    key: str
    secret: str
    path: str = "/xapi/statements"
    version: str = "1.0.3"

    def send(self, call: Call) -> Answer:
        """Raises UnexpectedAnswerError for anything but 200 and 204."""
        authorization = base64.b64encode(f"{self.key}:{self.secret}".encode()).decode()
        headers = {"X-Experience-API-Version": self.version, "Authorization": f"Basic {authorization}"}
        if call.body is not None:
            headers["Content-Type"] = "application/json"
        query = f"?{urlencode(call.parameters)}" if call.parameters else ""
        begun = time.perf_counter()
        self.connection.request(call.method, f"{self.path}{query}", call.body, headers)
        response = self.connection.getresponse()
        body = response.read()
        seconds = time.perf_counter() - begun
        if response.status not in (200, 204):
            raise UnexpectedAnswerError(f"{call.method} {self.path}{query}: {response.status} {body[:500]!r}")
        return Answer(response.status, dict(response.getheaders()), body, body, seconds, 0)


def calls(chance: Random) -> Iterator[Call]:
    """One of each operation, over and over, with statements never sent before."""
    while True:
        one = typical(chance)
        yield Call(POST, "POST", {}, text(one))
        yield Call(BATCH, "POST", {}, text([typical(chance) for _ in range(BATCH_SIZE)]))
        statement = typical(chance)
        statement["id"] = random_id(chance)
        yield Call(PUT, "PUT", {"statementId": statement["id"]}, text(statement))
        yield Call(GET, "GET", {"statementId": one["id"]}, None)
