"""Writing the rows of statements: on PostgreSQL in one statement, however many there are, for on a busy day the way to the server and back
costs more than the rows."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from functools import cache
from operator import itemgetter
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lms.lrs.models import Statement, StatementId
from lms.lrs.operations.references import New

_STATEMENTS = cast(Table, Statement.__table__)
_IDS = cast(Table, StatementId.__table__)

Link = tuple[UUID, UUID]


def insert_statements(session: Session, statements: Sequence[New], links: Sequence[Link]) -> None:
    """In the order in which they are to be locked. `links`: (term, position) of statements stored earlier that are found under more terms
    now. Raises IntegrityError where an id is taken."""
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        given = [{**new.row, "terms": new.keys} for new in statements]
        more = [{"term": term, "position": position} for term, position in links]
        connection.exec_driver_sql(_all_at_once(), (msgspec.json.encode(given).decode(), msgspec.json.encode(more).decode()))
        return
    # As the column types would write them, without asking each of them for each value.
    written = [tuple([_as_sqlite_keeps_it(value) for value in _in_order(new.row)]) for new in statements]
    connection.exec_driver_sql(_INSERT_STATEMENT, written)
    connection.exec_driver_sql(_INSERT_ID, [(row[_ID], row[_POSITION], row[_TARGET]) for row in written])
    pairs = [(key, row[_POSITION]) for row, new in zip(written, statements, strict=True) for key in new.keys]
    pairs += [(term.hex, position.hex) for term, position in links]
    connection.exec_driver_sql("INSERT INTO xapi_term (term, position) VALUES (?, ?)", pairs)


def _as_sqlite_keeps_it(value: Any) -> Any:
    kind = type(value)
    if kind is UUID:
        return value.hex
    if kind is datetime:  # always in UTC here
        return value.replace(tzinfo=None).isoformat(" ", "microseconds")
    return value


_NAMES = tuple(column.name for column in _STATEMENTS.columns)
_in_order = itemgetter(*_NAMES)
_POSITION, _ID, _TARGET = (_NAMES.index(name) for name in ("position", "id", "target_id"))
_QUOTED = ", ".join(f'"{name}"' for name in _NAMES)
_INSERT_STATEMENT = f"INSERT INTO xapi_statement ({_QUOTED}) VALUES ({', '.join('?' * len(_NAMES))})"  # noqa: S608  # names of columns
_INSERT_ID = "INSERT INTO xapi_statement_id (id, position, target_id) VALUES (?, ?, ?)"


@cache
def _all_at_once() -> str:
    """The rows come as JSON: one value for the driver to hand over, and one text of SQL for the server to prepare once."""
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    names = ", ".join(f'"{column.name}"' for column in _STATEMENTS.columns)
    typed = ", ".join(f'"{column.name}" {column.type.compile(dialect)}' for column in _STATEMENTS.columns)
    ids = ", ".join(f'"{column.name}"' for column in _IDS.columns)
    return (
        f"WITH given AS MATERIALIZED (SELECT * FROM json_to_recordset(%s::json) AS given ({typed}, terms UUID[])),"  # noqa: S608
        f" ids AS (INSERT INTO {_IDS.name} ({ids}) SELECT {ids} FROM given),"
        f" bodies AS (INSERT INTO {_STATEMENTS.name} ({names}) SELECT {names} FROM given)"
        f" INSERT INTO xapi_term (term, position) SELECT unnest(terms), position FROM given"
        " UNION ALL SELECT term, position FROM json_to_recordset(%s::json) AS links (term UUID, position UUID)"
    )
