"""`lms serve`: the web server and the job worker, started and stopped together."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import time
from types import FrameType
from typing import Any

import click

from lms.config import SettingsError, load_settings

STOP_SECONDS = 15
RESTART_SECONDS = 1.0  # a worker that cannot live must not keep a processor busy with being born


@click.command()
@click.option("--bind", default=lambda: f"127.0.0.1:{os.environ.get('PORT', '8000')}", help="HOST:PORT; default 127.0.0.1:$PORT or 8000")
@click.option("--workers", type=click.IntRange(1, 64), default=None, help="web processes; default 1 on SQLite, 2 on PostgreSQL")
@click.option("--no-worker", is_flag=True, help="leave the job worker to another machine")
def serve(bind: str, workers: int | None, no_worker: bool) -> None:
    """Serve the application, with its job worker, until Ctrl-C."""
    _refuse_wrong_settings()
    _refuse_occupied(bind)
    environment = dict(os.environ)
    if workers:
        environment["WEB_CONCURRENCY"] = str(workers)
    web = [sys.executable, "-m", "gunicorn", "--bind", bind, os.environ.get("LMS_APP", "wsgi:app")]
    worker = None if no_worker else [sys.executable, "-m", "lms", "worker"]
    sys.exit(_run_together(web, worker, environment))


def _refuse_wrong_settings() -> None:
    try:
        load_settings(os.environ)
    except SettingsError as error:
        for problem in error.problems:
            click.echo(problem, err=True)
        sys.exit(1)


def _refuse_occupied(bind: str) -> None:
    host, _, port = bind.rpartition(":")
    if not host or not port.isdecimal() or int(port) > 65535:
        raise click.BadParameter(f"{bind!r}: write HOST:PORT, for example 127.0.0.1:8000", param_hint="--bind")
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, int(port)))
        except OSError as error:
            click.echo(
                f"{bind} cannot be used ({error.strerror}): choose another port, for example PORT={int(port) + 1} make run", err=True
            )
            sys.exit(1)


def _run_together(web: list[str], worker: list[str] | None, environment: dict[str, str]) -> int:
    """Start both; stop both when the web server ends or a signal comes. A worker that dies, by a job that ate its memory for one, is
    started again: nobody's page waits for it. Returns 0 for a clean stop."""
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True

    signal.signal(signal.SIGINT, stop)
    signal.signal(signal.SIGTERM, stop)
    serving = _start(web, environment)
    working = _start_worker(worker, environment) if worker else None
    while not stopping and serving.poll() is None:
        time.sleep(0.2)
        if working is not None and working.poll() is not None:
            click.echo(f"the job worker ended with {working.returncode}; it is started again", err=True)
            time.sleep(RESTART_SECONDS)
            working = _start_worker(working.args, environment)
    _stop([child for child in (serving, working) if child is not None])
    return 0 if stopping else 1


def _start(command: Any, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    # A group of its own: Ctrl-C reaches only this process, which then ends both in order.
    return subprocess.Popen(command, env=environment, start_new_session=True)


def _start_worker(command: Any, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    worker = _start(command, environment)
    click.echo(f"job worker: process {worker.pid}", err=True)
    return worker


def _stop(children: list[subprocess.Popen[bytes]]) -> None:
    for child in children:
        if child.poll() is None:
            child.send_signal(signal.SIGTERM)
    deadline = time.monotonic() + STOP_SECONDS
    for child in children:
        try:
            child.wait(max(0.1, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            child.kill()
