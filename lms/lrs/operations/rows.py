"""Writing the rows of statements: on PostgreSQL in one statement, however many there are, for on a busy day the way to the server and back
costs more than the rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any, cast
from uuid import UUID

import msgspec
from sqlalchemy import Table, insert
from sqlalchemy.dialects import postgresql
from sqlalchemy.orm import Session

from lms.lrs.models import Statement, StatementId

_STATEMENTS = cast(Table, Statement.__table__)
_IDS = cast(Table, StatementId.__table__)

Link = tuple[UUID, UUID]


def insert_statements(
    session: Session, rows: Sequence[Mapping[str, Any]], terms: Mapping[UUID, Iterable[UUID]], links: Sequence[Link]
) -> None:
    """`rows`: columns of `Statement`, in the order in which they are to be locked. `terms`: those of each position among the rows;
    `links`: (term, position) of statements stored earlier that are found under more terms now. Raises IntegrityError where an id is
    taken."""
    if session.get_bind().dialect.name == "postgresql":
        given = [{**row, "terms": [str(term) for term in terms[row["position"]]]} for row in rows]
        more = [{"term": term, "position": position} for term, position in links]
        session.connection().exec_driver_sql(_all_at_once(), (msgspec.json.encode(given).decode(), msgspec.json.encode(more).decode()))
        return
    connection = session.connection()
    connection.execute(insert(_STATEMENTS), rows)
    connection.execute(insert(_IDS), [{column.name: row[column.name] for column in _IDS.columns} for row in rows])
    pairs = [(term.hex, position.hex) for position, own in terms.items() for term in own]
    pairs += [(term.hex, position.hex) for term, position in links]
    connection.exec_driver_sql("INSERT INTO xapi_term (term, position) VALUES (?, ?)", pairs)


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
