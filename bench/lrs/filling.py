"""Stores of any size, made by the database itself: three years of statements, evenly, a partition a month on PostgreSQL.

One agent in 25,000 each, seven verbs, sixty activities of a course that nearly everything belongs to, five statements a registration; one
statement in a hundred is voided, one refers to the one before it and is found by its terms. Among them lie a few that are rare.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Any
from uuid import UUID

from sqlalchemy import text

from bench.lrs.statements import ADL, COURSE, actor, typical
from bench.lrs.statements import text as json_text
from lms.kit.db import Database
from lms.lrs import operations, queries
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.terms import TermKind, statement_terms, term

SPAN = timedelta(days=3 * 365)
END = datetime(2026, 11, 22, tzinfo=UTC)
BEGIN = END - SPAN
MODELS = 20_000  # statements made anew; after these the same bodies come again under other ids, positions and registrations
AT_ONCE = 500_000
SYSTEM, SELDOM = actor(0), {"mbox": "mailto:seldom@tinh.gov.vn", "objectType": "Agent"}  # who answers for them
OLD_AGENT = {"mbox": "mailto:nguoi-cu@tinh.gov.vn", "objectType": "Agent"}
RARE_VERB = "http://id.tincanapi.com/verb/hiem"
VOIDED_ACTIVITY = f"{COURSE}/da-huy"
VOIDED_RUN = 1_000


@dataclass(frozen=True, slots=True)
class Rare:
    """Some statements apart: where they lie as shares of the whole span, and whether they are voided."""

    statement: dict[str, Any]
    authority: dict[str, Any]
    shares: tuple[float, ...]
    voided: bool = False


def fill(database: Database, size: int) -> None:
    """An empty store with its schema gets so many statements and the rare ones."""
    sqlite = database.is_sqlite
    with database.transaction() as session:
        if not sqlite:  # nothing is stored: months may begin in the past
            for name in ("earlier", "later"):
                session.execute(text(f"DROP TABLE IF EXISTS xapi_statement_{name}"))
            from_begin = f"FOR VALUES FROM ('{first_position(BEGIN)}') TO (MAXVALUE)"
            session.execute(text(f"CREATE TABLE xapi_statement_later PARTITION OF xapi_statement {from_begin}"))
            operations.add_partitions(session, END)
            session.execute(text("ALTER TABLE xapi_term DROP CONSTRAINT pk_xapi_term"))
            session.execute(text("ALTER TABLE xapi_term SET UNLOGGED"))
        kind = "CHAR(32)" if sqlite else "UUID"
        columns = "n INTEGER PRIMARY KEY, body TEXT, verb TEXT, activity TEXT"
        session.execute(text(f"CREATE TABLE bench_model ({columns})"))
        session.execute(text(f"CREATE TABLE bench_model_term (n INTEGER, term {kind}, PRIMARY KEY (n, term))"))
        count = min(size, MODELS)
        _models(session.connection(), count, sqlite=sqlite)
    step = int(SPAN / timedelta(milliseconds=1)) // size
    for first in range(0, size, AT_ONCE):
        with database.transaction() as session:
            _some(session.connection(), first, min(first + AT_ONCE, size), count, step, sqlite=sqlite)
    with database.transaction() as session:
        _terms(session.connection(), size, count, step, sqlite=sqlite)
        _rare(session.connection(), sqlite=sqlite)
        if not sqlite:
            session.execute(text("SET LOCAL maintenance_work_mem = '1GB'"))
            session.execute(text("ALTER TABLE xapi_term ADD CONSTRAINT pk_xapi_term PRIMARY KEY (term, position)"))
        session.execute(text("DROP TABLE bench_model"))
        session.execute(text("DROP TABLE bench_model_term"))
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        tables = ("xapi_statement", "xapi_term", "xapi_statement_id")
        for command in ["ANALYZE"] if sqlite else [f"VACUUM ANALYZE {table}" for table in tables]:
            connection.execute(text(command))


def _models(connection: Any, count: int, *, sqlite: bool) -> None:
    chance = Random(11)
    rows, terms = [], []
    for number in range(count):
        statement = typical(chance)
        statement.pop("id")
        registration = statement.get("context", {}).get("registration")
        own = statement_terms(statement, SYSTEM) - {term(TermKind.REGISTRATION, registration or "")}
        rows.append((number, json_text(statement).decode(), statement["verb"]["id"], statement["object"]["id"]))
        terms += [(number, key.hex) for key in own]
    marks = "?" if sqlite else "%s"
    connection.exec_driver_sql(f"INSERT INTO bench_model VALUES ({', '.join([marks] * 4)})", rows)
    connection.exec_driver_sql(f"INSERT INTO bench_model_term VALUES ({marks}, {marks})", terms)


def _numbers(first: int, end: int, *, sqlite: bool) -> str:
    if sqlite:
        return f"(WITH RECURSIVE s (n) AS (SELECT {first} UNION ALL SELECT n + 1 FROM s WHERE n + 1 < {end}) SELECT n FROM s)"
    return f"generate_series({first}::bigint, {end - 1}::bigint)"


def _stored(step: int) -> str:
    """Milliseconds of a number `s.n`."""
    return f"({int(BEGIN.timestamp() * 1000)} + s.n * {step})"


def _place(step: int, *, sqlite: bool) -> str:
    if sqlite:
        return f"printf('%012x70008%015x', {_stored(step)}, s.n)"
    return f"(lpad(to_hex({_stored(step)}), 12, '0') || '70008' || lpad(to_hex(s.n), 15, '0'))::uuid"


def _id(of: str, *, sqlite: bool) -> str:
    """Scattered, as ids are."""
    if sqlite:
        return f"printf('%016x%016x', ({of}) * 2654435761 % 1152921504606846976, {of})"
    return f"md5(({of})::text)::uuid"


def _some(connection: Any, first: int, end: int, models: int, step: int, *, sqlite: bool) -> None:
    place, own, target = _place(step, sqlite=sqlite), _id("s.n", sqlite=sqlite), _id("s.n - 1", sqlite=sqlite)
    milliseconds = _stored(step)
    moment = (
        f"strftime('%Y-%m-%d %H:%M:%f000', {milliseconds} / 1000.0, 'unixepoch')" if sqlite else f"to_timestamp({milliseconds} / 1000.0)"
    )
    authority = queries.authority_term(SYSTEM)
    refers = f"CASE WHEN s.n % 100 = 38 THEN {target} END"
    head = f'\'"id":"\' || {own} || \'","stored":"\' || {moment} || \'","version":"1.0.0"\''
    source = f"FROM {_numbers(first, end, sqlite=sqlite)} AS s{'' if sqlite else ' (n)'}"
    insert = (
        "INSERT INTO xapi_statement (position, id, stored, timestamp, verb, activity, target_id, is_voider, voided, authority, version,"
        f" body, head) SELECT {place}, {own}, {moment}, {moment}, m.verb, m.activity, {refers}, FALSE, s.n % 100 = 37,"
        f" '{authority.hex if sqlite else authority}', '1.0.0', m.body, {head} {source} JOIN bench_model m ON m.n = s.n % {models}"
    )
    ids = f"INSERT INTO xapi_statement_id (id, position, target_id) SELECT {own}, {place}, {refers} {source}"
    for command in (insert, ids):
        _run(connection, command)


def _terms(connection: Any, size: int, models: int, step: int, *, sqlite: bool) -> None:
    """In chunks as well on PostgreSQL; on SQLite in the order of the table, which is its index."""
    place = _place(step, sqlite=sqlite)
    registration = "printf('%016x%016x', (s.n / 5) * 40503 % 65521 * 281474976710656, s.n / 5)" if sqlite else "md5('r' || s.n / 5)::uuid"
    for first in range(0, size, size if sqlite else AT_ONCE):
        source = f"FROM {_numbers(first, size if sqlite else min(first + AT_ONCE, size), sqlite=sqlite)} AS s{'' if sqlite else ' (n)'}"
        own = f"SELECT t.term AS term, {place} AS position {source} JOIN bench_model_term t ON t.n = s.n % {models}"
        inherited = f"SELECT t.term, {place} {source} JOIN bench_model_term t ON t.n = (s.n - 1) % {models} WHERE s.n % 100 = 38"
        named = f"SELECT {registration}, {place} {source}"
        _run(connection, f"INSERT INTO xapi_term (term, position) {own} UNION ALL {named}{' ORDER BY 1, 2' if sqlite else ''}")
        new = f"NOT EXISTS (SELECT 1 FROM bench_model_term o WHERE o.n = s.n % {models} AND o.term = t.term)"
        _run(connection, f"INSERT INTO xapi_term (term, position) {inherited} AND {new}")


def _run(connection: Any, command: str) -> None:
    """`%` is a sign of the driver of PostgreSQL."""
    connection.exec_driver_sql(command if connection.dialect.name == "sqlite" else command.replace("%", "%%"))


def _rare(connection: Any, *, sqlite: bool) -> None:
    mark = "?" if sqlite else "%s"
    statements, ids, terms = [], [], []
    for number, (rare, share) in enumerate((one, share) for one in rares() for share in one.shares):
        place = UUID(int=first_position(BEGIN + share * SPAN).int | 0x7 << 76 | 1 << 63 | 1 << 61 | number)
        own = UUID(int=place.int ^ (1 << 100))
        key = queries.authority_term(rare.authority)
        at = BEGIN + share * SPAN
        moment = at.strftime("%Y-%m-%d %H:%M:%S.%f") if sqlite else at
        values = (moment, moment, rare.statement["verb"]["id"], rare.statement["object"]["id"], False, rare.voided)
        statements.append((place.hex, own.hex, *values, key.hex, "1.0.0", json_text(rare.statement).decode(), f'"id":"{own}"'))
        ids.append((own.hex, place.hex))
        terms += [(one.hex, place.hex) for one in statement_terms(rare.statement, rare.authority)]
    columns = "position, id, stored, timestamp, verb, activity, is_voider, voided, authority, version, body, head"
    connection.exec_driver_sql(f"INSERT INTO xapi_statement ({columns}) VALUES ({', '.join([mark] * 12)})", statements)
    connection.exec_driver_sql(f"INSERT INTO xapi_statement_id (id, position) VALUES ({mark}, {mark})", ids)
    connection.exec_driver_sql(f"INSERT INTO xapi_term (term, position) VALUES ({mark}, {mark})", terms)


def rares() -> Iterator[Rare]:
    """Sixty of a person in the first month; a verb sixty times in three years; three hundred of a system that seldom sends; a thousand
    voided in a row, with sixty older ones that are not."""
    chance = Random(13)

    def like(**changes: Any) -> dict[str, Any]:
        statement = typical(chance)
        del statement["id"]
        return {**statement, **changes}

    yield Rare(like(actor=OLD_AGENT), SYSTEM, tuple(0.001 + number / 4_000 for number in range(60)))
    yield Rare(like(verb={"id": RARE_VERB}), SYSTEM, tuple((number + 0.5) / 60 for number in range(60)))
    yield Rare(like(), SELDOM, tuple((number + 0.5) / 300 for number in range(300)))
    voided = like(verb={"id": f"{ADL}experienced"}, object={"id": VOIDED_ACTIVITY})
    yield Rare(voided, SYSTEM, tuple(0.8 + number / 1_000 for number in range(60)))
    yield Rare(voided, SYSTEM, tuple(0.95 + number / 50_000 for number in range(VOIDED_RUN)), voided=True)
