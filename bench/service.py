"""The service as it is deployed, which also says in a header how many statements a request took and what its password hash cost.

Only here: the real service sends neither header. Its rate limits stay on; a single client that makes no mistakes meets none.
"""

from __future__ import annotations

import time
from collections.abc import Iterable
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import event

from bench.service_headers import HASH, QUERIES
from lms.accounts.rules import passwords
from wsgi import app

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


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


class Counting:
    """Wraps all of the application: some requests are answered before its hooks."""

    def __init__(self, application: WSGIApplication) -> None:
        self.application = application

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        tally = Tally()
        _tally.set(tally)

        def telling(status: str, headers: list[tuple[str, str]], error: Any = None) -> Any:
            told = [(QUERIES, str(tally.queries))]
            if tally.hash_nanoseconds:
                told.append((HASH, str(tally.hash_nanoseconds)))
            return start_response(status, [*headers, *told], error)

        return self.application(environ, telling)


app.wsgi_app = Counting(app.wsgi_app)  # type: ignore[method-assign]
passwords.password_matches = _timed_password_matches
for _engine in app.extensions["lms.database"].engines:
    event.listen(_engine, "before_cursor_execute", _count)
