"""The service as it is deployed, which also says in a header how many statements a request took and what its password hash cost.

Only here: the real service sends neither header. Its rate limits stay on; a single client that makes no mistakes meets none.
"""

from __future__ import annotations

import time
from contextvars import ContextVar
from dataclasses import dataclass
from typing import Any

from flask import Response
from sqlalchemy import event

from bench.service_headers import HASH, QUERIES
from lms.accounts.rules import passwords
from wsgi import app


@dataclass(slots=True)
class Tally:
    queries: int = 0
    hash_nanoseconds: int = 0


_tally: ContextVar[Tally] = ContextVar("tally")
_password_matches = passwords.password_matches


def _count(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
    if (tally := _tally.get(None)) is not None and not statement.startswith("BEGIN"):
        tally.queries += 1


def _timed_password_matches(stored: str | None, password: str) -> bool:
    before = time.thread_time_ns()
    matches = _password_matches(stored, password)
    _tally.get().hash_nanoseconds += time.thread_time_ns() - before
    return matches


def _begin() -> None:
    _tally.set(Tally())


def _tell(response: Response) -> Response:
    tally = _tally.get()
    response.headers[QUERIES] = str(tally.queries)
    if tally.hash_nanoseconds:
        response.headers[HASH] = str(tally.hash_nanoseconds)
    return response


app.before_request_funcs.setdefault(None, []).insert(0, _begin)  # before the service's own, which read the database
app.after_request(_tell)
passwords.password_matches = _timed_password_matches
for _engine in app.extensions["lms.database"].engines:
    event.listen(_engine, "before_cursor_execute", _count)
