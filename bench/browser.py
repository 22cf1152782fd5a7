"""A person's browser as far as a measurement needs one: a kept-alive connection, cookies, the form token of the page last seen."""

from __future__ import annotations

import gzip
import http.client
import json
import re
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.cookies import SimpleCookie
from typing import Any
from urllib.parse import urlencode

_TOKEN = re.compile(r'name="csrf_token"[^>]* value="([^"]+)"')
FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
AGENT = "Mozilla/5.0 (Linux; Android 10; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/138.0.0.0 Mobile Safari/537.36"


class UnexpectedAnswerError(Exception):
    """The service answered otherwise than the journey expects."""


@dataclass(frozen=True, slots=True)
class Answer:
    """`sent`: the body as it came over the line; `body`: unpacked."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    sent: bytes
    seconds: float
    request_bytes: int

    @property
    def header_bytes(self) -> int:
        """The answer's status line and headers on the line."""
        return len("HTTP/1.1 200 OK\r\n\r\n") + sum(len(f"{name}: {value}\r\n".encode()) for name, value in self.headers.items())

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)


@dataclass(slots=True)
class Browser:
    """`connection` may be shared by the browsers of many people, one after the other."""

    connection: http.client.HTTPConnection
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""

    def get(self, path: str, *, accept: str = "text/html") -> Answer:
        return self._send("GET", path, None, {"Accept": accept}, (200,))

    def post_form(self, path: str, values: Mapping[str, str]) -> Answer:
        """A form of a page; the answer of one that was accepted is a redirect."""
        body = urlencode({"csrf_token": self.token, **values}).encode()
        return self._send("POST", path, body, {"Accept": "text/html", "Content-Type": FORM}, (302, 303))

    def post_json(self, path: str, value: object) -> Answer:
        """A call of a page's script."""
        headers = {"Accept": JSON, "Content-Type": JSON, "X-CSRFToken": self.token}
        return self._send("POST", path, json.dumps(value, separators=(",", ":")).encode(), headers, (200,))

    def _send(self, method: str, path: str, body: bytes | None, headers: dict[str, str], expected: tuple[int, ...]) -> Answer:
        headers |= {"User-Agent": AGENT, "Accept-Encoding": "gzip, deflate", "Accept-Language": "vi-VN,vi;q=0.9"}
        if self.cookies:
            headers["Cookie"] = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        begun = time.perf_counter()
        self.connection.request(method, path, body, headers)
        response = self.connection.getresponse()
        content = sent = response.read()
        seconds = time.perf_counter() - begun
        if response.status not in expected:
            raise UnexpectedAnswerError(f"{method} {path}: {response.status}, not {expected}\n{content[:2000]!r}")
        self._keep_cookies(response)
        if response.headers.get("Content-Encoding") == "gzip":
            content = gzip.decompress(content)
        answer = Answer(response.status, response.headers, content, sent, seconds, len(body or b""))
        if response.headers.get_content_type() == "text/html" and (found := _TOKEN.search(answer.text)):
            self.token = found[1]
        return answer

    def _keep_cookies(self, response: http.client.HTTPResponse) -> None:
        for header in response.headers.get_all("Set-Cookie") or ():
            for name, morsel in SimpleCookie(header).items():
                self.cookies[name] = morsel.value
