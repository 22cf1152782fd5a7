"""A store outside, on a real socket, that behaves as badly as one likes."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

Manner = Callable[[list[dict[str, Any]]], tuple[int, str, dict[str, str]] | None]
"""Given the statements of a request: status, body and headers; None: take your time."""


class OutsideStub:
    """`kept` is what it took, in order and once; `requests` every body it was sent, with its headers."""

    def __init__(self) -> None:
        self.kept: dict[str, bytes] = {}
        self.requests: list[tuple[bytes, dict[str, str]]] = []
        self.manner: Manner | None = None
        self.connections = 0
        self.released = threading.Event()
        stub = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                stub.connections += 1
                super().setup()

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                stub.requests.append((body, dict(self.headers.items())))
                said = body.split(b"\r\n\r\n", 1)[1].split(b"\r\n--", 1)[0] if self.headers.get_content_maintype() == "multipart" else body
                statements = json.loads(said)
                answer = stub.manner(statements) if stub.manner else stub.take(statements, said)
                if answer is None:
                    stub.released.wait(30)
                    self.close_connection = True
                    return
                status, text, headers = answer
                self.send_response(status)
                for name, value in {"Content-Length": str(len(text.encode())), **headers}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(text.encode())

            def log_message(self, *_: object) -> None:
                """Quiet."""

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self.thread.start()

    @property
    def endpoint(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}/xapi/"

    def take(self, statements: list[dict[str, Any]], said: bytes = b"") -> tuple[int, str, dict[str, str]]:
        """As a store should: all or nothing, 409 for a known id."""
        ids = [one["id"] for one in statements]
        if any(one in self.kept for one in ids):
            return 409, "known", {}
        for one in statements:
            self.kept[one["id"]] = json.dumps(one).encode() if len(statements) > 1 else said
        return 200, json.dumps(ids), {}

    def close(self) -> None:
        self.released.set()
        self.server.shutdown()
        self.thread.join()
        self.server.server_close()
