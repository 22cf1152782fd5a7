"""The web server: threads for waiting on the database, processes for the processor's cores."""

import os

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
