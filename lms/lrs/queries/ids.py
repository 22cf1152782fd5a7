"""Ids of statements, asked for without the mapper: each request that stores asks, and nearly always hears no."""

from __future__ import annotations

from collections.abc import Collection
from uuid import UUID

import msgspec
from sqlalchemy.orm import Session

_HERE = "EXISTS (SELECT 1 FROM xapi_statement_id WHERE id = given.value)"
_POINTING = "EXISTS (SELECT 1 FROM xapi_statement_id WHERE target_id = given.value)"
# The ids are one value: then there is one text of SQL, whose plan is made once.
_ON_SQLITE = f"SELECT 1 FROM json_each(?) AS given WHERE {_HERE} OR {_POINTING} LIMIT 1"  # noqa: S608  # no values in it
# Each id is looked for by itself: asked for one of them all, the planner hopes to meet it soon and reads the whole table in vain.
_EACH = (
    "SELECT 1 FROM unnest(%s::uuid[]) AS given (value)"
    " CROSS JOIN LATERAL (SELECT 1 FROM xapi_statement_id s WHERE s.{column} = given.value LIMIT 1) AS found"
)
_ON_POSTGRESQL = f"{_EACH.format(column='id')} UNION ALL {_EACH.format(column='target_id')} LIMIT 1"


def any_near(session: Session, ids: Collection[UUID]) -> bool:
    """Is one of these stored, or the object of a stored statement? Then `statements_near` tells which."""
    if not ids:
        return False
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        array = "{" + ",".join(one.hex for one in ids) + "}"
        return connection.exec_driver_sql(_ON_POSTGRESQL, (array, array)).first() is not None
    given = msgspec.json.encode([one.hex for one in ids]).decode()
    return connection.exec_driver_sql(_ON_SQLITE, (given,)).first() is not None
