"""The web server: threads for waiting on the database, processes for the processor's cores."""

import os
from typing import Any

_embedded = not os.environ.get("LMS_DATABASE_URL", "sqlite").startswith("postgresql")

worker_class = "gthread"
workers = int(os.environ.get("WEB_CONCURRENCY", "1" if _embedded else "2"))
threads = 8
worker_tmp_dir = "/dev/shm" if os.path.isdir("/dev/shm") else None
control_socket_disable = True
graceful_timeout = 10
timeout = 60
keepalive = 5
limit_request_line = 8190
stalled = 60  # seconds


def pre_request(_worker: Any, request: Any) -> None:
    """Who stops in the middle of sending a body, or of taking an answer, is given up: else a thread would wait for them for ever."""
    request.unreader.sock.settimeout(stalled)
