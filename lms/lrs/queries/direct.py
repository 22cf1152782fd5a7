"""What the short way of a request asks (`api.direct`): past the mapper, on a connection of the reading side."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import msgspec
from sqlalchemy import Connection

from lms.lrs.queries import quiet
from lms.lrs.rules.rendering import exact

_CREDENTIAL = (
    'SELECT secret_hash, label, CAST(scopes AS VARCHAR), max_body, {quiet} FROM xapi_credential WHERE "key" = {mark}'
    " AND last_used_at >= {mark} AND revoked_at IS NULL AND expires_at IS NULL AND person_id IS NULL AND requests_per_minute IS NULL"
)
_STATEMENT = (
    "SELECT s.stored, s.body, s.head, s.rebuilt FROM xapi_statement_id i JOIN xapi_statement s ON s.position = i.position"
    " WHERE i.id = {mark} AND NOT s.voided"
)
_TEXTS = {
    (asked, dialect): asked.format(mark=mark, quiet=quiet(dialect))
    for asked in (_CREDENTIAL, _STATEMENT)
    for dialect, mark in (("sqlite", "?"), ("postgresql", "%s"))
}


@dataclass(frozen=True, slots=True)
class PlainCredential:
    """A key of a system, without a limit of requests. `quiet`: nobody was storing statements at this moment."""

    secret_hash: bytes
    label: str
    scopes: list[str]
    max_body: int | None
    quiet: bool


def plain_credential(connection: Connection, key: str, used_since: datetime) -> PlainCredential | None:
    """A key that is in use, was used since that moment, and of which nothing else is to be checked; None for any other, known or not."""
    dialect = connection.dialect.name
    since = used_since if dialect == "postgresql" else used_since.replace(tzinfo=None).isoformat(" ", "microseconds")
    row = connection.exec_driver_sql(_TEXTS[_CREDENTIAL, dialect], (key, since)).first()
    if row is None:
        return None
    return PlainCredential(row[0], row[1], msgspec.json.decode(row[2], type=list[str]), row[3], bool(row[4]))


def plain_statement(connection: Connection, statement_id: UUID) -> tuple[datetime, str] | None:
    """`stored` and the text, in exact format, of a statement that is not voided."""
    row = connection.exec_driver_sql(_TEXTS[_STATEMENT, connection.dialect.name], (statement_id.hex,)).first()
    if row is None:
        return None
    stored = datetime.fromisoformat(row[0]) if isinstance(row[0], str) else row[0]
    return stored, exact(row[1], row[2], row[3])
