"""What happens to acknowledged answers when processes are killed in mid-save: `python -m bench.kill [SECONDS]`.

People sit the open round and save as fast as they are answered, each keeping a journal of what was acknowledged, as the browser does.
Meanwhile a web process is killed every two seconds and, half-way, the whole web server, which is then started again. At the end every
journal is compared with what the service says is stored. Lost and stale must be 0; failed requests were never acknowledged and are sent
again.
"""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import random
import re
import signal
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import courses
import quizzes
from bench.answers import some_answer
from bench.data import PASSWORD, load_province, prepare_schema
from bench.processes import ROOT, children, free_port
from lms.app import create_app
from lms.config import load_settings
from lms.kit.db import Database
from tests.postgres import PrivatePostgres

SITTERS = 12
KILL_EVERY = 2.0
TOKEN = re.compile(r'name="csrf_token"[^>]*value="([^"]+)"')


@dataclass
class Sitter:
    """One person's browser: cookies, and a journal of what was acknowledged, by slot: (sequence, answer)."""

    port: int
    login: str
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    attempt: str = ""
    options: dict[int, list[str]] = field(default_factory=dict)
    journal: dict[int, tuple[int, list[str]]] = field(default_factory=dict)
    acknowledged: int = 0
    unanswered: int = 0
    trouble: list[str] = field(default_factory=list)

    def send(self, method: str, path: str, body: str | None = None, **headers: str) -> tuple[int, str]:
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        try:
            connection.request(method, path, body, {"Cookie": cookies, "Accept": "application/json", **headers})
            response = connection.getresponse()
            text = response.read().decode()
        finally:
            connection.close()
        for line in response.headers.get_all("Set-Cookie") or []:
            name, _, rest = line.partition("=")
            self.cookies[name] = rest.partition(";")[0]
        return response.status, text

    def begin(self, quarter: str) -> None:
        _status, page = self.send("GET", "/sign-in", Accept="text/html")
        form = urlencode({"login": self.login, "password": PASSWORD, "csrf_token": _token(page)})
        status, _page = self.send("POST", "/sign-in", form, **{"Content-Type": "application/x-www-form-urlencoded"})
        assert status == 303, status
        _status, page = self.send("GET", "/account", Accept="text/html")
        self.token = _token(page)
        begun = self.call(f"/rounds/{quarter}/start", {})
        self.attempt = f"/attempts/{begun['attempt']}"
        paper = json.loads(self.send("GET", self.attempt)[1])
        self.questions = {question["slot"]: question for question in paper["questions"]}

    def call(self, path: str, value: Mapping[str, Any]) -> Any:
        status, text = self.send("POST", path, json.dumps(value), **{"Content-Type": "application/json", "X-CSRFToken": self.token})
        if status >= 500:
            raise http.client.HTTPException(f"{status}")
        if status != 200:
            self.trouble.append(f"{path} {status} {text[:200]}")
        return json.loads(text)

    def save_until(self, end: float) -> None:
        sequence = 0
        chance = random.Random(self.login)
        while time.monotonic() < end:
            sequence += 1
            slot = chance.choice(list(self.questions))
            answer = some_answer(self.questions[slot], chance)
            one = {"slot": slot, "sequence": sequence, "answer": answer}
            while time.monotonic() < end:
                try:
                    stored = self.call(f"{self.attempt}/answers", {"takeover": 1, "responses": [one]})["stored"]
                except (OSError, http.client.HTTPException):
                    self.unanswered += 1
                    time.sleep(0.05)
                    continue
                assert stored == [{"slot": slot, "takeover": 1, "sequence": sequence}], stored
                self.journal[slot] = (sequence, answer)
                self.acknowledged += 1
                break

    def compare(self) -> tuple[int, int]:
        """(lost, stale): acknowledged answers of which nothing, or something older, is stored."""
        stored = {row["slot"]: row for row in json.loads(self.send("GET", f"{self.attempt}/answers")[1])["stored"]}
        lost = sum(slot not in stored for slot in self.journal)
        stale = 0
        for slot, (sequence, answer) in self.journal.items():
            row = stored.get(slot)
            # What was sent last and not acknowledged may have been stored all the same: then it is newer.
            if row is not None and (row["sequence"] < sequence or (row["sequence"] == sequence and row["answer"] != answer)):
                stale += 1
        return lost, stale


def _token(page: str) -> str:
    found = TOKEN.search(page)
    assert found is not None, page[:300]
    return found[1]


def _start(port: int, environment: Mapping[str, str], log: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "--bind", f"127.0.0.1:{port}", "wsgi:app"]
    with log.open("ab") as output:
        server = subprocess.Popen(command, cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=output)
    while True:
        with contextlib.suppress(OSError, http.client.HTTPException):
            probe = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
            probe.request("GET", "/healthz")
            if probe.getresponse().status == 200:
                return server
        if server.poll() is not None:
            raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")
        time.sleep(0.1)


def measure(kind: str, url: str, folder: Path, seconds: float) -> None:
    """Load a province, let people save while processes die, print one line."""
    environment = {"LMS_DATABASE_URL": url, "LMS_DATA_DIR": str(folder), "LMS_ENV": "demo"}
    settings = load_settings(environment)
    database = Database(settings.database_url)
    prepare_schema(database)
    database.dispose()
    app = create_app(settings, features=(courses.feature, quizzes.feature))
    province = load_province(app, people=60, agencies=6, past_quarters=1)
    app.extensions["lms.database"].dispose()
    port, log = free_port(), folder / "server.log"
    server = _start(port, environment, log)
    sitters = [Sitter(port, login) for login in province.learners[:SITTERS]]
    for sitter in sitters:
        sitter.begin(str(province.open_quarter))
    begun = time.monotonic()
    threads = [threading.Thread(target=sitter.save_until, args=(begun + seconds,)) for sitter in sitters]
    for thread in threads:
        thread.start()
    workers, masters = 0, 0
    while time.monotonic() < begun + seconds - KILL_EVERY:
        time.sleep(KILL_EVERY)
        if not masters and time.monotonic() > begun + seconds / 2:
            family = [server.pid, *children(server.pid)]
            for process in family:
                with contextlib.suppress(ProcessLookupError):
                    os.kill(process, signal.SIGKILL)
            server.wait()
            masters += 1
            server = _start(port, environment, log)
        elif alive := children(server.pid):
            with contextlib.suppress(ProcessLookupError):
                os.kill(random.choice(alive), signal.SIGKILL)
                workers += 1
    for thread in threads:
        thread.join()
    results = [sitter.compare() for sitter in sitters]
    server.terminate()
    server.wait(20)
    lost, stale = (sum(column) for column in zip(*results, strict=True))
    acknowledged = sum(sitter.acknowledged for sitter in sitters)
    unanswered = sum(sitter.unanswered for sitter in sitters)
    print(
        f"{kind:<10} acknowledged {acknowledged}, unanswered and sent again {unanswered}, web processes killed {workers}, "
        f"servers killed {masters}, LOST {lost}, STALE {stale}"
    )
    for line in [line for sitter in sitters for line in sitter.trouble][:10]:
        print(f"           {line}")


@contextlib.contextmanager
def _databases(folder: Path) -> Iterator[list[tuple[str, str]]]:
    server = PrivatePostgres(durable=True).start()
    try:
        yield [("sqlite", f"sqlite:///{folder / 'kill.db'}"), ("postgresql", server.create("kill"))]
    finally:
        server.stop()


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 20.0
    with tempfile.TemporaryDirectory() as folder, _databases(Path(folder)) as databases:
        for kind, url in databases:
            measure(kind, url, Path(folder), seconds)


if __name__ == "__main__":
    main()
