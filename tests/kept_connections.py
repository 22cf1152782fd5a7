"""Connections to the session's PostgreSQL that outlive a test: a new one learns every table anew, which takes longer than most tests."""

from __future__ import annotations

from collections import defaultdict
from typing import Any

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import event
from sqlalchemy.engine import Engine

_MOST = 4  # idle ones of a kind

_idle: dict[str, list[KeptConnection]] = defaultdict(list)


class KeptConnection(psycopg.Connection[Any]):
    """Closing puts it aside without what it was set to and what it held; what it learnt and prepared stays."""

    kind = ""

    def close(self) -> None:
        if self.closed or len(_idle[self.kind]) >= _MOST or self.info.transaction_status is TransactionStatus.UNKNOWN:
            super().close()
            return
        try:
            self.rollback()
            self.autocommit = True
            self.execute("RESET ALL; SELECT pg_advisory_unlock_all(); UNLISTEN *; DISCARD TEMP")
            self.autocommit = False
        except psycopg.Error:
            super().close()
            return
        _idle[self.kind].append(self)


def keep(database: str) -> None:
    """From now on for this database of whatever server."""

    @event.listens_for(Engine, "do_connect")
    def connect(dialect: Any, _record: Any, _arguments: Any, given: dict[str, Any]) -> KeptConnection | None:
        if dialect.name != "postgresql" or given.get("dbname") != database:
            return None
        kind = f"{given['host']} {given.get('options')}"
        while _idle[kind]:
            connection = _idle[kind].pop()
            if not connection.closed:
                return connection
        connection = KeptConnection.connect(**given)
        connection.kind = kind
        return connection
