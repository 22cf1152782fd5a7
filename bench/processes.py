"""Starting servers, and reading from /proc how long their threads have been on a processor."""

from __future__ import annotations

import contextlib
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).parent.parent
START_SECONDS = 30


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def children(parent: int) -> list[int]:
    """Process ids of the direct children of a process."""
    found = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            with contextlib.suppress(OSError):  # it ended while we looked
                after_name = (folder / "stat").read_text().rpartition(")")[2].split()
                if int(after_name[1]) == parent:
                    found.append(int(folder.name))
    return found


def on_processor(pids: list[int]) -> int:
    """Nanoseconds all threads of these processes have run so far."""
    total = 0
    for pid in pids:
        for task in _tasks(pid):
            with contextlib.suppress(OSError):
                total += int((task / "schedstat").read_text().split()[0])
    return total


def is_idle(pids: list[int]) -> bool:
    """No thread of these processes is running or wants to."""
    for pid in pids:
        for task in _tasks(pid):
            with contextlib.suppress(OSError):
                if (task / "stat").read_text().rpartition(")")[2].split()[0] in "RD":
                    return False
    return True


def _tasks(pid: int) -> list[Path]:
    try:
        return list(Path(f"/proc/{pid}/task").iterdir())
    except OSError:
        return []


@contextlib.contextmanager
def gunicorn(target: str, environment: Mapping[str, str], log: Path) -> Iterator[tuple[int, list[int]]]:
    """The application under the service's own gunicorn settings with one worker: (port, [process id of the worker])."""
    port = free_port()
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "gunicorn.conf.py"), "--workers", "1", "--bind", f"127.0.0.1:{port}"]
    with log.open("wb") as output:
        server = subprocess.Popen(
            [*command, target], cwd=ROOT, env={**os.environ, **environment}, stdout=output, stderr=subprocess.STDOUT, start_new_session=True
        )
    try:
        wait_until_it_answers(server, port, log)
        workers = children(server.pid)
        assert len(workers) == 1, workers
        yield port, workers
    finally:
        server.terminate()
        server.wait(20)


def wait_until_it_answers(server: subprocess.Popen[bytes], port: int, log: Path) -> None:
    """Raises RuntimeError with the end of its log where it does not within START_SECONDS."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline and server.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"GET /healthz HTTP/1.0\r\n\r\n")
            if connection.recv(100):  # an answer of any kind: the worker has loaded the application
                return
        time.sleep(0.1)
    raise RuntimeError(f"the server did not start:\n{log.read_text()[-3000:]}")


def postmaster(folder: Path) -> int:
    """Process id of a private PostgreSQL; its children do the work."""
    return int((folder / "data" / "postmaster.pid").read_text().split()[0])
