"""The record store under its own web server, in processes of its own, spoken to over bare connections."""

from __future__ import annotations

import base64
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from bench.processes import ROOT, free_port
from tests.lrs.making import SECRET

PATIENCE = 40.0  # seconds


class Served:
    """`lms serve` on a database, until the `with` is left."""

    def __init__(self, database_url: str, data_dir: Path, processes: int = 1) -> None:
        self.port = free_port()
        self.environment = {
            **{name: value for name, value in os.environ.items() if not name.startswith("LMS_")},
            "LMS_DATABASE_URL": database_url,
            "LMS_DATA_DIR": str(data_dir),
            "WEB_CONCURRENCY": str(processes),
        }

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "lms", "serve", "--bind", f"127.0.0.1:{self.port}", "--no-worker"]
        self.server = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        deadline = time.monotonic() + PATIENCE
        while self.server.poll() is None and time.monotonic() < deadline:
            try:
                with self.connection() as line:
                    if line.ask("GET", "about").status == 200:
                        return self
            except OSError:
                time.sleep(0.1)  # nobody listens yet
        self.__exit__()
        raise AssertionError("the server does not answer")

    def __exit__(self, *_error: object) -> None:
        self.server.terminate()
        self.server.wait(PATIENCE)

    def connection(self, version: str = "1.0.3", key: str = "thu") -> Connection:
        return Connection(self.port, version, key)


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: Mapping[str, str]  # names in lower case
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)


class Connection:
    """One connection, and every octet that goes over it. Its methods raise OSError where the server closed it."""

    def __init__(self, port: int, version: str, key: str) -> None:
        self._socket = socket.create_connection(("127.0.0.1", port), timeout=PATIENCE)
        self._held = b""
        token = base64.b64encode(f"{key}:{SECRET}".encode()).decode()
        self.headers = {"Host": "127.0.0.1", "Authorization": f"Basic {token}", "X-Experience-API-Version": version}

    def send(self, octets: bytes) -> None:
        self._socket.sendall(octets)

    def end(self) -> None:
        """As a client whose line is cut: nothing more comes."""
        self._socket.shutdown(socket.SHUT_WR)

    def begin(self, method: str, path: str, **changes: Any) -> None:
        """A request's line and headers; names with _ for -, a change to None leaves one out."""
        headers = {**self.headers, **{name.replace("_", "-"): value for name, value in changes.items()}}
        lines = [f"{method} /xapi/{path} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items() if value is not None)]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode())

    def ask(self, method: str, path: str = "statements", body: Any = None, **changes: Any) -> Answer:
        if body is None:
            self.begin(method, path, **changes)
        else:
            octets = body if isinstance(body, bytes) else json.dumps(body).encode()
            self.begin(method, path, **{"Content_Type": "application/json", "Content_Length": len(octets), **changes})
            self.send(octets)
        return self.answer(has_body=method != "HEAD")

    def answer(self, *, has_body: bool = True) -> Answer:
        head = self._until(b"\r\n\r\n").decode("latin-1").split("\r\n")
        status = int(head[0].split()[1])
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in head[1:])}
        length = int(headers.get("content-length", "0")) if has_body and status not in (100, 204, 304) else 0
        return Answer(status, headers, self._exactly(length))

    def _until(self, mark: bytes) -> bytes:
        while mark not in self._held:
            self._more()
        found, _mark, self._held = self._held.partition(mark)
        return found

    def _exactly(self, length: int) -> bytes:
        while len(self._held) < length:
            self._more()
        found, self._held = self._held[:length], self._held[length:]
        return found

    def _more(self) -> None:
        octets = self._socket.recv(65536)
        if not octets:
            raise ConnectionResetError("closed")
        self._held += octets

    def close(self) -> None:
        self._socket.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.close()
