"""The command `lms` as an operator meets it: it serves, stops cleanly, and says what is wrong and how to mend it."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import pytest

ROOT = Path(__file__).parents[2]


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("LMS_")}
    return {**kept, "LMS_DATA_DIR": str(tmp_path / "var")}


def lms(environment: dict[str, str], *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "lms", *arguments], cwd=ROOT, env=environment, capture_output=True, text=True, timeout=60, check=False
    )


@pytest.fixture
def taken_port() -> Iterator[int]:
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        yield holder.getsockname()[1]


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def answer(url: str, patience: float = 40) -> int:
    """The status of the first answer; asks again while nobody listens."""
    deadline = time.monotonic() + patience
    while True:
        try:
            with urllib.request.urlopen(url, timeout=patience or 10) as response:
                return int(response.status)
        except urllib.error.HTTPError as error:
            return error.code
        except (urllib.error.URLError, ConnectionError):
            if time.monotonic() > deadline:
                raise


def test_it_serves_with_its_worker_and_stops_cleanly_on_ctrl_c(environment: dict[str, str], tmp_path: Path) -> None:
    assert lms(environment, "db", "upgrade").returncode == 0
    port = free_port()
    with (tmp_path / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "lms", "serve"], cwd=ROOT, env={**environment, "PORT": str(port)}, stdout=log, stderr=log
        )
        try:
            assert answer(f"http://127.0.0.1:{port}/readyz") == 200
            assert answer(f"http://127.0.0.1:{port}/sign-in") == 200
        finally:
            process.send_signal(signal.SIGINT)
            code = process.wait(30)
    assert code == 0
    assert "Traceback" not in (tmp_path / "log").read_text()


def next_worker(log: IO[str]) -> int:
    """The process id of the job worker that is started next, as the server says it."""
    return next(int(line.split()[-1]) for line in log if line.startswith("job worker: process "))


def test_a_worker_that_dies_is_started_again_and_no_page_notices(environment: dict[str, str]) -> None:
    assert lms(environment, "db", "upgrade").returncode == 0
    port = free_port()
    with subprocess.Popen(
        [sys.executable, "-m", "lms", "serve"],
        cwd=ROOT,
        env={**environment, "PORT": str(port)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stderr is not None
        try:
            first = next_worker(process.stderr)
            assert answer(f"http://127.0.0.1:{port}/readyz") == 200
            os.kill(first, signal.SIGKILL)
            said = next(line for line in process.stderr if line.startswith("the job worker ended"))
            assert "the job worker ended with -9" in said
            assert next_worker(process.stderr) != first
            assert answer(f"http://127.0.0.1:{port}/readyz", patience=0) == 200
        finally:
            process.send_signal(signal.SIGINT)
            process.stderr.read()
            code = process.wait(30)
    assert code == 0


def test_an_occupied_port_is_named_with_another_to_try(environment: dict[str, str], taken_port: int) -> None:
    result = lms({**environment, "PORT": str(taken_port)}, "serve")
    assert result.returncode == 1
    assert f"127.0.0.1:{taken_port}" in result.stderr
    assert "PORT=" in result.stderr


def test_a_wrong_setting_is_told_before_anything_starts(environment: dict[str, str]) -> None:
    result = lms({**environment, "LMS_TIMEZONE": "Asia/Hanoi", "LMS_LOCALE": "fr"}, "serve")
    assert result.returncode == 1
    assert "LMS_TIMEZONE" in result.stderr
    assert "LMS_LOCALE" in result.stderr
    assert "Traceback" not in result.stderr


def test_a_folder_one_may_not_write_is_told(environment: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    result = lms({**environment, "LMS_DATA_DIR": str(tmp_path / "file" / "var")}, "doctor")
    assert result.returncode == 1
    assert "LMS_DATA_DIR" in result.stderr


@pytest.mark.parametrize("address", ["", "postgresql://nobody@127.0.0.1:1/nothing"])
def test_a_database_that_is_not_ready_is_told_with_the_mend(environment: dict[str, str], address: str) -> None:
    result = lms({**environment, "LMS_DATABASE_URL": address}, "rounds", "list")
    assert result.returncode == 1
    assert "lms db upgrade" in result.stderr
    assert "Traceback" not in result.stderr


def test_the_doctor_tells_each_thing_it_stands_on(environment: dict[str, str]) -> None:
    sick = lms(environment, "doctor")
    assert sick.returncode == 1
    assert "lms db upgrade" in sick.stderr
    lms(environment, "db", "upgrade")
    healthy = lms(environment, "doctor")
    assert healthy.returncode == 0, healthy.stderr
    assert [line.split()[0] for line in healthy.stdout.splitlines()] == ["ok"] * 9


def test_wrong_usage_ends_with_two(environment: dict[str, str]) -> None:
    assert lms(environment, "rounds", "open").returncode == 2
    assert lms(environment, "serve", "--bind", "nonsense").returncode == 2
