"""The audit is append-only, and its chain tells what somebody altered past the application."""

from __future__ import annotations

import json
import threading
import tracemalloc
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from click.testing import CliRunner, Result
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import delete, func, insert, select, text, update
from sqlalchemy.exc import DatabaseError, IntegrityError

from lms.audit import jobs, operations, queries
from lms.audit.models import AuditCheckpoint, AuditLink
from lms.audit.rules import GENESIS, Entry, as_table, canonical, following
from lms.commands import build_cli
from lms.kit import audit
from lms.kit.actors import SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.kit.ids import uuid7
from tests.audit.making import AT, add_entries, add_entry, tamper

LATER = AT + timedelta(days=400)


def seal_all(database: Database, at: datetime | None = None) -> int:
    with database.transaction() as session:
        return operations.seal_entries(session, at or now(), back=None, limit=100_000)


def verified(database: Database) -> queries.Verified:
    with database.reading() as session:
        return queries.verify(session, batch=7)


ENTRY = Entry(uuid4(), AT, uuid4(), "Nguyễn Văn An", "accounts.unlock", "x", {"b": 1, "a": [None, "đ"]}, "r-1", "10.0.0.1")


def test_the_words_of_an_entry_are_the_same_on_every_machine() -> None:
    same_moment = AT.astimezone(datetime.now().astimezone().tzinfo)
    assert canonical(replace(ENTRY, at=same_moment, details={"a": [None, "đ"], "b": 1})) == canonical(ENTRY)
    assert b'"at":"2026-11-02T03:00:00.000000+00:00"' in canonical(ENTRY)
    assert following(GENESIS, replace(ENTRY, id=AT and uuid4())) != following(GENESIS, ENTRY)


@given(st.sampled_from(["id", "at", "actor_id", "actor_name", "action", "subject", "details", "request_id", "remote_address"]), st.text())
def test_no_part_of_an_entry_can_change_without_its_hash(part: str, words: str) -> None:
    other = {"id": uuid4(), "at": AT + timedelta(microseconds=1), "actor_id": None, "details": {"x": words}}.get(part, words + "~")
    assert following(GENESIS, replace(ENTRY, **{part: other})) != following(GENESIS, ENTRY)


def test_details_are_read_as_before_and_after() -> None:
    assert as_table({"before": {"a": 1}, "after": {"a": 2, "b": 3}, "on": "x"}) == ([("a", 1, 2), ("b", None, 3)], [("on", "x")])
    assert as_table({"before": None, "after": [1]}) == ([("", None, [1])], [])
    assert as_table({"a": 1}) == ([], [("a", 1)])


@pytest.mark.parametrize("table", ["audit_entry", "audit_link", "audit_checkpoint"])
def test_the_database_refuses_to_change_or_remove_what_the_audit_keeps(database: Database, table: str) -> None:
    add_entries(database, 2)
    seal_all(database)
    with database.transaction() as session:
        operations.forget_prefix(session, AT + timedelta(seconds=1), LATER)
    seal_all(database)
    column = {"audit_entry": "action", "audit_link": "hash", "audit_checkpoint": "hash"}[table]
    for statement in (f"UPDATE {table} SET {column} = 'x'", f"DELETE FROM {table}"):
        with pytest.raises(DatabaseError, match="append-only"), database.transaction() as session:
            session.execute(text(statement))
    if not database.is_sqlite:
        with pytest.raises(DatabaseError, match="append-only"), database.transaction() as session:
            session.execute(text(f"TRUNCATE {table} CASCADE"))
    assert verified(database).fault is None


def test_a_checkpoint_is_taken_only_with_the_hash_of_its_link(database: Database) -> None:
    add_entries(database, 3)
    seal_all(database)
    for sequence, hash_ in ((2, "f" * 64), (9, GENESIS)):
        with pytest.raises(DatabaseError, match="hash of its link"), database.transaction() as session:
            session.execute(insert(AuditCheckpoint).values(sequence=sequence, hash=hash_, entries=1, before=AT, recorded_at=AT))


def test_entries_are_sealed_once_in_the_order_they_were_written(database: Database) -> None:
    add_entries(database, 5)
    assert seal_all(database) == 5
    assert seal_all(database) == 0
    add_entries(database, 2)
    assert seal_all(database) == 2
    with database.reading() as session:
        links = session.execute(select(AuditLink.sequence, AuditEntry.id).join(AuditEntry, AuditEntry.id == AuditLink.entry_id)).all()
        assert sorted(links) == list(zip(range(1, 8), sorted(entry for _, entry in links), strict=True))
        assert queries.unsealed(session) == queries.Unsealed(0, None)
    outcome = verified(database)
    assert (outcome.links, outcome.fault) == (7, None)
    assert outcome.head is not None
    assert outcome.head.sequence == 7


def test_an_entry_committed_late_is_sealed_late_and_the_chain_holds(database: Database) -> None:
    early, at = uuid7(), now()
    add_entry(database, id=uuid7(), subject="committed first")
    seal_all(database)
    add_entry(database, id=early, subject="written first, committed last")
    with database.transaction() as session:
        assert operations.seal_entries(session, at) == 1
    with database.reading() as session:
        assert session.scalar(select(AuditLink.sequence).where(AuditLink.entry_id == early)) == 2
    assert verified(database).fault is None


def test_what_is_older_than_the_worker_looks_back_waits_for_the_hourly_sweep(app: Flask, database: Database) -> None:
    at = now()
    add_entry(database, id=operations.first_identifier(at - operations.LATE * 2))
    with database.transaction() as session:
        assert operations.seal_entries(session, at) == 0
    with database.reading() as session:
        assert queries.unsealed(session).count == 1
    with app.app_context():
        jobs.seal_everything(at)
    assert verified(database).links == 1


def test_a_crash_in_mid_seal_leaves_what_was_sealed_and_the_rest_for_the_next(database: Database) -> None:
    add_entries(database, 6)
    with database.transaction() as session:
        operations.seal_entries(session, now(), limit=2)
    with pytest.raises(ZeroDivisionError), database.transaction() as session:
        operations.seal_entries(session, now(), limit=3)
        raise ZeroDivisionError
    assert verified(database).links == 2
    assert seal_all(database) == 4
    assert verified(database) == replace(verified(database), links=6, fault=None)


def test_the_worker_seals_in_batches(app: Flask, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(operations, "BATCH", 4)
    add_entries(database, 10)
    with app.app_context():
        assert jobs.seal(now()) == 10
    assert verified(database).links == 10


def test_several_workers_seal_at_once_and_make_one_chain(database: Database) -> None:
    add_entries(database, 60)
    failures: list[BaseException] = []

    def work() -> None:
        try:
            for _ in range(10):
                with database.transaction() as session:
                    operations.seal_entries(session, now(), limit=5)
        except BaseException as error:
            failures.append(error)

    workers = [threading.Thread(target=work) for _ in range(4)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    assert failures == []
    outcome = verified(database)
    assert (outcome.links, outcome.fault) == (60, None)


def test_an_altered_entry_is_named(database: Database) -> None:
    add_entries(database, 9)
    seal_all(database)
    with database.reading() as session:
        victim = session.scalars(select(AuditLink.entry_id).where(AuditLink.sequence == 5)).one()
    tamper(database, "UPDATE audit_entry SET actor_name = 'Người khác' WHERE subject = 'subject-4'")
    outcome = verified(database)
    assert (outcome.fault, outcome.sequence, outcome.entry_id) == ("entry_altered", 5, victim)


def test_a_removed_entry_and_a_removed_link_are_named(database: Database) -> None:
    add_entries(database, 9)
    seal_all(database)
    tamper(database, "DELETE FROM audit_entry WHERE subject = 'subject-7'")
    assert (verified(database).fault, verified(database).sequence) == ("entry_missing", 8)
    tamper(database, "DELETE FROM audit_link WHERE sequence = 3")
    assert (verified(database).fault, verified(database).sequence) == ("link_missing", 4)


def test_a_beginning_cut_off_is_noticed_also_with_a_made_up_checkpoint(database: Database) -> None:
    add_entries(database, 9)
    seal_all(database)
    with database.reading() as session:
        hash_ = session.scalars(select(AuditLink.hash).where(AuditLink.sequence == 3)).one()
    tamper(database, "DELETE FROM audit_link WHERE sequence <= 3")
    assert (verified(database).fault, verified(database).sequence) == ("link_missing", 4)
    made_up = "INSERT INTO audit_checkpoint (sequence, hash, entries, before, recorded_at) VALUES (3, :hash, 3, :at, :at)"
    tamper(database, made_up, hash=hash_, at="2026-01-01 00:00:00")
    assert (verified(database).fault, verified(database).sequence) == ("checkpoint_untold", 3)


def test_the_oldest_entries_are_forgotten_and_the_chain_goes_on(database: Database) -> None:
    add_entries(database, 6)
    add_entries(database, 3, first=AT + timedelta(days=300))
    seal_all(database)
    before = verified(database)
    with database.transaction() as session:
        done = operations.forget_prefix(session, AT + timedelta(days=30), LATER)
    assert done is not None
    assert (done.entries, done.sequence) == (6, 6)
    assert verified(database) == replace(before, links=3, forgotten=6)
    assert seal_all(database) == 1  # the forgetting is an entry itself
    outcome = verified(database)
    assert (outcome.links, outcome.fault) == (4, None)
    with database.reading() as session:
        told = session.scalars(select(AuditEntry).where(AuditEntry.action == "audit.forget_prefix")).one()
        assert told.details["hash"] == done.hash
        assert told.details["entries"] == 6


def test_forgetting_stops_at_the_first_that_must_stay(database: Database) -> None:
    for count, first in ((2, AT), (1, LATER), (2, AT)):
        add_entries(database, count, first=first)
        seal_all(database)
    with database.transaction() as session:
        done = operations.forget_prefix(session, AT + timedelta(days=1), LATER)
    assert done is not None
    assert done.entries == 2
    with database.transaction() as session:
        assert operations.forget_prefix(session, AT + timedelta(days=1), LATER) is None
    assert verified(database).fault is None


def test_a_large_beginning_is_forgotten_in_parts(database: Database) -> None:
    add_entries(database, 7)
    seal_all(database)
    parts = []
    for _ in range(3):
        with database.transaction() as session:
            done = operations.forget_prefix(session, AT + timedelta(days=1), LATER, limit=3)
            parts.append(done.entries if done else 0)
        assert verified(database).fault is None
    assert parts == [3, 3, 1]
    # Everything sealed is gone; the next link follows the checkpoint.
    assert seal_all(database) == 3
    outcome = verified(database)
    assert (outcome.forgotten, outcome.links, outcome.fault) == (7, 3, None)


def test_nothing_is_forgotten_within_three_months_nor_unsealed(database: Database) -> None:
    add_entries(database, 2)
    with pytest.raises(DomainError, match="3 tháng"), database.transaction() as session:
        operations.forget_prefix(session, AT, AT + timedelta(days=80))
    with database.transaction() as session:
        assert operations.forget_prefix(session, AT + timedelta(days=1), LATER) is None
    with pytest.raises((DatabaseError, IntegrityError)), database.transaction() as session:
        session.execute(delete(AuditEntry))
    with pytest.raises(DatabaseError), database.transaction() as session:
        session.execute(update(AuditEntry).values(action="x"))


def test_verifying_holds_little_in_memory(database: Database) -> None:
    with database.transaction() as session:
        session.execute(
            insert(AuditEntry),
            [
                {"id": uuid7(), "at": AT, "actor_name": "a", "action": "accounts.unlock", "subject": "s" * 400, "details": {"x": "y" * 400}}
                for _ in range(6000)
            ],
        )
    seal_all(database)
    with database.reading() as session:
        queries.verify(session, batch=100)
        tracemalloc.start()
        outcome = queries.verify(session, batch=100)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert (outcome.links, outcome.fault) == (6000, None)
    assert peak < 2_000_000  # the entries themselves are some 10 MB


def command_line(app: Flask) -> Callable[..., Result]:
    """`lms("audit", "head")`"""

    def run(*arguments: str) -> Result:
        with app.app_context():
            return CliRunner().invoke(build_cli(app), list(arguments))

    return run


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_commands_seal_show_the_head_and_verify(app: Flask, database: Database) -> None:
    lms = command_line(app)
    assert lms("audit", "head").exit_code == 1
    add_entries(database, 3)
    assert "3" in lms("audit", "seal").output
    head = lms("audit", "head").output.split()
    assert head[0] == "3"
    assert len(head[1]) == 64
    told = json.loads(lms("audit", "verify", "--json").output)
    assert told["ok"]
    assert told["head"] == {"sequence": 3, "hash": head[1]}
    assert "3 mục liền chuỗi" in lms("audit", "verify").output
    tamper(database, "UPDATE audit_entry SET action = 'x' WHERE subject = 'subject-1'")
    altered = lms("audit", "verify")
    assert altered.exit_code == 1
    assert "Mục số 2" in altered.output
    assert json.loads(lms("audit", "verify", "--json").output)["fault"] == "entry_altered"


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_the_doctor_seals_and_says_whether_the_chain_holds(app: Flask, database: Database) -> None:
    lms = command_line(app)
    add_entries(database, 3)
    assert "audit: 3 mục liền chuỗi" in lms("doctor").output
    tamper(database, "UPDATE audit_entry SET action = 'x' WHERE subject = 'subject-2'")
    result = lms("doctor")
    assert result.exit_code == 1
    assert "WRONG audit: Mục số 3" in result.output


def test_an_entry_keeps_where_it_came_from(database: Database) -> None:
    with database.transaction() as session:
        audit.record(session, SERVICE, "accounts.unlock", "x", datetime(2026, 1, 1, tzinfo=UTC), before={"a": 1}, after={"a": 2})
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(AuditEntry)) == 1
