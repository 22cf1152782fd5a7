"""Pages stay within what a commune's line can carry: budgets of bytes and of requests on a first visit, with the cache empty."""

from __future__ import annotations

import gzip
import json
from collections.abc import Mapping

import pytest
from flask import Flask
from flask.testing import FlaskClient

from bench.browser import Answer
from bench.data import load_province
from bench.weights import SMALL, weigh, weigh_all


class ClientVisitor:
    """The test client as the scales want it: it takes compressed answers and keeps count of what was sent."""

    def __init__(self, client: FlaskClient) -> None:
        self._client = client

    @property
    def cookies(self) -> dict[str, str]:
        cookie = self._client.get_cookie("lms_session")
        return {cookie.key: cookie.value} if cookie else {}

    @property
    def token(self) -> str:
        return self._client.csrf_token()  # type: ignore[attr-defined,no-any-return]

    def get(self, path: str, *, accept: str = "text/html") -> Answer:
        return self._open("GET", path, b"", {"Accept": accept}, 200)

    def post_form(self, path: str, values: Mapping[str, str]) -> Answer:
        response = self._client.post(path, data=values)
        assert response.status_code == 303, response.text
        return Answer(303, response.headers, response.data, response.data, 0, 0)

    def post_json(self, path: str, value: object) -> Answer:
        body = json.dumps(value, separators=(",", ":")).encode()
        headers = {"Accept": "application/json", "Content-Type": "application/json", "X-CSRFToken": self.token}
        return self._open("POST", path, body, headers, 200)

    def _open(self, method: str, path: str, body: bytes, headers: Mapping[str, str], status: int) -> Answer:
        response = self._client.open(path, method=method, data=body, headers={**headers, "Accept-Encoding": "gzip"})
        assert response.status_code == status, f"{path}: {response.status}"
        sent = response.get_data()
        unpacked = gzip.decompress(sent) if response.headers.get("Content-Encoding") == "gzip" else sent
        response.close()
        return Answer(status, response.headers, unpacked, sent, 0, len(body))


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)  # a page weighs the same whichever database it came from
def test_every_page_is_light_enough_for_a_commune(app: Flask) -> None:
    province = load_province(app, people=60, agencies=12)
    weights = {weight.name: weight for weight in weigh_all(lambda: ClientVisitor(app.test_client()), province)}
    # The embedded service speaks HTTP/1.1, which repeats a browser's headers; the save's budget is meant for the province's HTTP/2.
    del weights["one save, HTTP/1.1"]
    assert [fault for weight in weights.values() for fault in weight.faults] == []
    assert weights["L5 lesson"].html > 0


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_scales_notice_what_is_too_heavy_and_what_comes_from_elsewhere(app: Flask) -> None:
    page = b'<link rel="stylesheet" href="https://cdn.example/app.css">' + b"x" * 50_000
    weight = weigh(ClientVisitor(app.test_client()), "page", SMALL, ("/", Answer(200, {}, page, page, 0, 0)))
    assert weight.faults == ["page: fetches https://cdn.example/app.css", "page: 50.1 KB, allowed 40"]
