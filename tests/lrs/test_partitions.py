"""Statements by month: on PostgreSQL the store is cut into partitions, on SQLite nothing changes."""

from __future__ import annotations

import json
import re
from datetime import UTC, datetime
from importlib import import_module
from typing import Any
from uuid import UUID, uuid4

import pytest
from alembic.migration import MigrationContext
from alembic.operations import Operations
from click.testing import CliRunner
from flask import Flask
from sqlalchemy import event, text

from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.lrs import jobs, operations, queries
from lms.lrs.cli import xapi
from lms.lrs.operations import partitions as cutting
from lms.lrs.queries.pages import statement_page
from lms.lrs.queries.partitions import partitions
from lms.lrs.rules.credentials import own_authority
from lms.lrs.rules.parameters import Selection
from lms.lrs.rules.partitions import Month, months_until
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.reading import from_values
from lms.lrs.rules.terms import TermKind, term
from lms.maintenance import schema
from tests.lrs.making import VERB, statement

NOW = datetime(2035, 11, 22, 9, tzinfo=UTC)


pytestmark = pytest.mark.usefixtures("months_put_back")


def _store(database: Database, at: datetime, statement_id: UUID | None = None) -> UUID:
    with database.transaction() as session:
        received = from_values([statement(id=str(statement_id or uuid4()))])
        return operations.store_statements(session, received, own_authority("https://lms.example.vn"), at)[0]


def _names(database: Database) -> list[str]:
    with database.reading() as session:
        return [partition.name for partition in partitions(session)]


def _cut(database: Database) -> None:
    with database.transaction() as session:
        operations.add_partitions(session, NOW)


def _only_postgresql(database: Database) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no partitions")


def test_months_follow_each_other() -> None:
    assert [str(month) for month in months_until(Month(2026, 11), Month(2027, 2))] == ["2026-11", "2026-12", "2027-01", "2027-02"]
    assert months_until(Month(2027, 1), Month(2026, 12)) == []


@pytest.mark.parametrize("wrong", ["2026-13", "2026-00", "2026-1", "nonsense", "1969-12"])
def test_what_is_no_month_is_refused(wrong: str) -> None:
    with pytest.raises(DomainError):
        Month.parse(wrong)


def test_months_are_cut_off_ahead_once(database: Database) -> None:
    _cut(database)
    names = _names(database)
    if database.is_sqlite:
        assert names == []
        return
    assert names[0] == "earlier"
    assert names[-4:] == ["2035-12", "2036-01", "2036-02", "later"]
    with database.transaction() as session:
        assert operations.add_partitions(session, NOW) == []
    assert _names(database) == names


def test_statements_stored_before_their_month_was_cut_off_move_into_it(database: Database) -> None:
    statement_id = _store(database, NOW)
    _cut(database)
    with database.reading() as session:
        found = queries.statement_by_id(session, statement_id, voided=False)
        assert found is not None
        if not database.is_sqlite:
            assert session.scalar(text("SELECT count(*) FROM ONLY xapi_statement_2035_11")) == 1


def test_the_schema_check_sees_no_difference_in_partitions(database: Database) -> None:
    _cut(database)
    assert [found for found in schema.differences(database) if "xapi_statement" in found or "xapi_term" in found] == []


@pytest.mark.parametrize("by_verb", [False, True], ids=["all", "by verb"])
def test_a_page_bounded_in_time_reads_only_its_partitions(database: Database, by_verb: bool) -> None:
    _only_postgresql(database)
    _cut(database)
    _store(database, NOW)
    terms = (term(TermKind.VERB, VERB),) if by_verb else ()
    start, end = (first_position(datetime(2035, month, 2, tzinfo=UTC)) for month in (10, 11))
    plans: list[str] = []

    def explain(_connection: Any, cursor: Any, statement_text: str, parameters: Any, *_more: Any) -> None:
        with cursor.connection.cursor() as other:
            plans.extend(line for (line,) in other.execute(f"EXPLAIN (ANALYZE) {statement_text}", parameters))

    with database.reading() as session:
        event.listen(session.connection(), "before_cursor_execute", explain)
        assert len(statement_page(session, Selection(terms=terms, start=start, end=end, limit=50)).statements) == 0
    read = set(re.findall(r"on (xapi_statement_\w+)", "\n".join(line for line in plans if "never executed" not in line)))
    assert read <= {"xapi_statement_2035_10", "xapi_statement_2035_11"}


def test_a_month_that_is_over_is_detached_and_its_ids_stay_taken(database: Database) -> None:
    _only_postgresql(database)
    october = datetime(2035, 10, 5, tzinfo=UTC)
    statement_id = _store(database, october)
    _cut(database)
    with database.transaction() as session:
        assert operations.detach_partition(session, SERVICE, "2035-10", NOW) == ["xapi_statement_2035_10", "xapi_term_2035_10"]
    with database.reading() as session:
        assert queries.statement_by_id(session, statement_id, voided=False) is None
        assert statement_page(session, Selection(limit=10)).statements == []
        assert session.scalar(text("SELECT count(*) FROM xapi_statement_2035_10")) == 1
        assert session.scalar(text("SELECT count(*) FROM xapi_term_2035_10")) == 6
        assert session.scalar(text("SELECT count(*) FROM xapi_term")) == 0
        assert session.scalar(text("SELECT count(*) FROM audit_entry WHERE action = 'lrs.detach_partition'")) == 1
    with pytest.raises(Conflict) as refusal:
        _store(database, NOW, statement_id)
    assert refusal.value.code == "statement_archived"
    assert schema.differences(database) == []


@pytest.mark.parametrize(("month", "code"), [("2035-11", "month_not_over"), ("2001-01", "no_such_partition")])
def test_only_a_month_that_is_there_and_over_is_detached(database: Database, month: str, code: str) -> None:
    with pytest.raises(DomainError) as refusal, database.transaction() as session:
        operations.detach_partition(session, SERVICE, month, NOW)
    assert refusal.value.code == code


def test_what_a_detached_statement_refers_to_may_come_later(database: Database) -> None:
    _only_postgresql(database)
    awaited = uuid4()
    with database.transaction() as session:
        pointing = statement(object={"objectType": "StatementRef", "id": str(awaited)})
        authority = own_authority("https://lms.example.vn")
        operations.store_statements(session, from_values([pointing]), authority, datetime(2035, 10, 5, tzinfo=UTC))
    _cut(database)
    with database.transaction() as session:
        operations.detach_partition(session, SERVICE, "2035-10", NOW)
    _store(database, NOW, awaited)
    with database.reading() as session:
        found = statement_page(session, Selection(terms=(term(TermKind.VERB, VERB),), limit=10)).statements
        assert [one.id for one in found] == [awaited]
        assert session.scalar(text("SELECT count(*) FROM xapi_term")) == 6


def test_a_chain_over_a_month_border_is_found_by_all_its_terms(database: Database) -> None:
    authority = own_authority("https://lms.example.vn")
    ids = [uuid4() for _ in range(4)]
    verbs = [f"http://example.vn/verbs/{number}" for number in range(4)]
    _cut(database)
    for number in (2, 0, 3, 1):  # each refers to the one after it, whichever comes first
        refers = {} if number == 3 else {"object": {"objectType": "StatementRef", "id": str(ids[number + 1])}}
        with database.transaction() as session:
            given = from_values([statement(id=str(ids[number]), verb={"id": verbs[number]}, **refers)])
            operations.store_statements(session, given, authority, datetime(2035, 9 + number, 5, tzinfo=UTC))
    with database.reading() as session:
        for number, verb in enumerate(verbs):
            found = statement_page(session, Selection(terms=(term(TermKind.VERB, verb),), ascending=True, limit=10)).statements
            assert [one.id for one in found] == ids[: number + 1]


def test_terms_of_months_come_into_one_table_with_the_upgrade_and_go_back(database: Database) -> None:
    _only_postgresql(database)
    _cut(database)
    _store(database, NOW)
    with database.reading() as session:
        before = session.execute(text("SELECT term, position FROM xapi_term ORDER BY 1, 2")).all()
    migration = import_module("migrations.versions.0013_terms_of_all_months")
    for step in (migration.downgrade, migration.upgrade):
        with database.engine.begin() as connection, Operations.context(MigrationContext.configure(connection)):
            step()
            kind = connection.execute(text("SELECT relkind FROM pg_class WHERE oid = 'xapi_term'::regclass")).scalar_one()
            assert kind == ("p" if step is migration.downgrade else "r")
            assert connection.execute(text("SELECT term, position FROM xapi_term ORDER BY 1, 2")).all() == before
    assert [found for found in schema.differences(database) if "xapi_term" in found] == []


def test_the_worker_adds_months_ahead(app: Flask, database: Database) -> None:
    with app.app_context():
        jobs.add_partitions(NOW)
    assert ("2036-02" in _names(database)) is not database.is_sqlite


def test_a_long_read_keeps_the_worker_from_it_and_nobody_from_storing(
    app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    _only_postgresql(database)
    monkeypatch.setattr(cutting, "_WAIT", "SET LOCAL lock_timeout = '50ms'")
    with database.engine.connect() as reader, reader.begin(), app.app_context():
        reader.execute(text("SELECT count(*) FROM xapi_statement"))
        jobs.add_partitions(NOW)
        assert "2036-02" not in _names(database)
        statement_id = _store(database, NOW)
    with app.app_context():
        jobs.add_partitions(NOW)
    with database.reading() as session:
        assert "2036-02" in _names(database)
        assert queries.statement_by_id(session, statement_id, voided=False) is not None


def test_months_are_listed_and_detached_from_the_command_line(app: Flask, database: Database) -> None:
    _only_postgresql(database)
    _store(database, datetime(2035, 10, 5, tzinfo=UTC))
    _cut(database)
    with app.app_context():
        listed = CliRunner().invoke(xapi, ["partitions", "--json"])
        refused = CliRunner().invoke(xapi, ["partitions", "--detach", "2035-10"])
    assert "2035-10" in {one["name"] for one in json.loads(listed.stdout)}
    assert refused.exit_code != 0  # it is not over yet
