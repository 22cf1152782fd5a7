"""Statements are sent on to stores outside: in order, as they are, whatever the other store does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.lrs.forwarder import Forwarder
from lms.lrs.models import ForwardTarget
from lms.lrs.operations.forwarding import (
    NewTarget,
    add_target,
    configure_target,
    pause_target,
    remove_target,
    replay_target,
    resume_target,
    retry_faults,
)
from lms.lrs.queries.forwarding import TargetState, due_targets, faults_of, targets
from tests.factories import make_agency, make_person
from tests.lrs.making import Store, new_id, statement
from tests.lrs.outside_store import OutsideStub

NAME = "ioc"
DOWN = (503, "down", {})


@pytest.fixture
def outside() -> Iterator[OutsideStub]:
    stub = OutsideStub()
    yield stub
    stub.close()


@pytest.fixture
def forwarder() -> Forwarder:
    return Forwarder(read_seconds=0.3, chance=lambda: 1.0)


@pytest.fixture(autouse=True)
def clock() -> Iterator[time_machine.Coordinates]:
    """Stands still, but for what a test moves: a statement may be sent once its millisecond is over."""
    with time_machine.travel(datetime(2026, 11, 20, 8, 0, tzinfo=UTC), tick=False) as coordinates:
        yield coordinates


def aim(database: Database, outside: OutsideStub, **changes: object) -> None:
    new = NewTarget(NAME, outside.endpoint, "cong-vu", "mat-khau", **changes)  # type: ignore[arg-type]
    with database.transaction() as session:
        add_target(session, SERVICE, new, now())


def store_some(store: Store, clock: time_machine.Coordinates, count: int) -> list[str]:
    ids = store.post([statement(id=new_id()) for _ in range(count)]).json
    clock.shift(timedelta(seconds=3))
    return list(ids)


def state(database: Database) -> TargetState:
    with database.reading() as session:
        return targets(session)[0]


def drain(app: Flask, database: Database, forwarder: Forwarder) -> None:
    with app.app_context(), database.reading() as session:
        due = due_targets(session, now())
    with app.app_context():
        for name in due:
            forwarder.drain(name)


def test_everything_goes_out_in_order_once_in_batches_over_one_connection(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    ids = [one for _ in range(5) for one in store_some(store, clock, 50)]
    drain(app, database, forwarder)
    assert list(outside.kept) == ids
    assert len(outside.requests) == 3
    assert outside.connections == 1
    assert outside.requests[0][1]["X-Experience-API-Version"] == "1.0.3"
    drain(app, database, forwarder)
    assert len(outside.requests) == 3
    told = state(database)
    assert (told.sent, told.waiting, told.oldest, told.failures) == (250, 0, None, 0)
    later = store_some(store, clock, 2)
    drain(app, database, forwarder)
    assert list(outside.kept) == ids + later


def test_what_is_sent_is_the_text_as_it_is_kept_to_the_digit(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    said = json.dumps(statement(id=new_id(), timestamp="2026-11-20T07:00:00.123456+07:00"))
    said = said[:-1] + ', "result": {"duration": "PT007S", "score": {"scaled": 0.10}, "extensions": {"http://e.vn/x": null}}}'
    assert store.post(said).status_code == 200
    clock.shift(timedelta(seconds=3))
    drain(app, database, forwarder)
    body, _headers = outside.requests[0]
    kept = store.get(statementId=json.loads(said)["id"]).data
    assert body == b"[" + kept + b"]"
    assert b"0.10" in body
    assert b"PT007S" in body


def test_nothing_is_sent_that_somebody_might_still_store_before(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    store.post(statement())
    drain(app, database, forwarder)
    assert outside.requests == []  # the millisecond is not over
    clock.shift(timedelta(seconds=3))
    drain(app, database, forwarder)
    assert len(outside.kept) == 1


def test_what_is_there_already_is_a_success(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 9)
    outside.kept = {ids[3]: b"", ids[8]: b""}
    drain(app, database, forwarder)
    assert set(outside.kept) == set(ids)
    told = state(database)
    assert (told.sent, told.faults, told.error, told.waiting) == (9, 0, None, 0)


def test_a_statement_that_is_refused_is_set_aside_with_the_reason_and_the_others_go_on(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 20)
    poison = ids[7]
    outside.manner = lambda found: (400, "bad verb\0", {}) if any(one["id"] == poison for one in found) else outside.take(found)
    drain(app, database, forwarder)
    assert list(outside.kept) == [one for one in ids if one != poison]
    with database.reading() as session:
        fault = faults_of(session, NAME)[0]
    assert (str(fault.statement_id), fault.status, fault.reason) == (poison, 400, "bad verb")
    outside.manner = None
    with database.transaction() as session:
        assert retry_faults(session, SERVICE, NAME, now()) == 1
    drain(app, database, forwarder)
    assert poison in outside.kept
    assert state(database).faults == 0
    with pytest.raises(DomainError), database.transaction() as session:
        retry_faults(session, SERVICE, NAME, now())


@pytest.mark.parametrize("status", [301, 401, 403, 404, 408, 429, 500, 502, 503])
def test_trouble_of_the_other_store_skips_nothing(
    app: Flask,
    database: Database,
    store: Store,
    outside: OutsideStub,
    forwarder: Forwarder,
    clock: time_machine.Coordinates,
    status: int,
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 3)
    outside.manner = lambda _found: (status, "x", {})
    drain(app, database, forwarder)
    assert len(outside.requests) == 1
    told = state(database)
    assert (told.failures, told.waiting, told.faults) == (1, 3, 0)
    assert f"HTTP {status}" in (told.error or "")
    outside.manner = None
    drain(app, database, forwarder)
    assert outside.kept == {}  # it is left alone for a while
    clock.shift(timedelta(seconds=3))
    drain(app, database, forwarder)
    assert list(outside.kept) == ids
    assert state(database).error is None


def test_a_store_that_hangs_is_given_up_in_time(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 3)
    outside.manner = lambda _found: None
    drain(app, database, forwarder)
    assert "Timeout" in (state(database).error or "")
    outside.manner = None
    clock.shift(timedelta(seconds=3))
    drain(app, database, forwarder)
    assert list(outside.kept) == ids


def test_a_store_may_ask_for_more_time(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    store_some(store, clock, 1)
    outside.manner = lambda _found: (429, "", {"Retry-After": "120"})
    drain(app, database, forwarder)
    clock.shift(timedelta(seconds=119))
    drain(app, database, forwarder)
    assert len(outside.requests) == 1
    clock.shift(timedelta(seconds=2))
    drain(app, database, forwarder)
    assert len(outside.requests) == 2


def test_down_for_a_day_costs_few_trials_and_then_everything_arrives_in_order(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 30)
    outside.manner = lambda _found: DOWN
    for _ in range(24 * 12):
        clock.shift(timedelta(minutes=5))
        drain(app, database, forwarder)
    assert len(outside.requests) < 24 * 6 + 20  # once in ten minutes
    assert all(len(json.loads(body)) == 1 for body, _headers in outside.requests[6:])  # the circuit is open: one statement for trial
    ids += store_some(store, clock, 30)
    told = state(database)
    assert told.failing_since is not None
    assert now() - told.failing_since > timedelta(hours=23)
    assert told.waiting == 60
    outside.manner = None
    clock.shift(timedelta(minutes=11))
    drain(app, database, forwarder)
    assert list(outside.kept) == ids
    assert (state(database).failures, state(database).failing_since) == (0, None)


def test_a_worker_that_died_half_way_loses_nothing_and_doubles_nothing(
    app: Flask,
    database: Database,
    store: Store,
    outside: OutsideStub,
    forwarder: Forwarder,
    clock: time_machine.Coordinates,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 5)
    with monkeypatch.context() as patch:
        patch.setattr("lms.lrs.operations.forwarding.end_errand", lambda *_: (_ for _ in ()).throw(RuntimeError("killed")))
        with pytest.raises(RuntimeError):
            drain(app, database, forwarder)
    drain(app, database, forwarder)
    assert len(outside.requests) == 1  # its lease holds
    clock.shift(timedelta(minutes=4))
    drain(app, database, forwarder)
    assert list(outside.kept) == ids
    assert state(database).waiting == 0


def test_filters_by_verb(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside, verbs=("http://example.vn/wanted",))
    store_some(store, clock, 3)
    wanted = store.stored(verb={"id": "http://example.vn/wanted"})
    clock.shift(timedelta(seconds=3))
    store_some(store, clock, 3)
    drain(app, database, forwarder)
    assert list(outside.kept) == [wanted]
    assert state(database).waiting == 0


def test_filters_by_agency_as_it_was_on_the_day(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    with database.transaction() as session:
        department = make_agency(session, "Sở Nội vụ")
        office = make_agency(session, "Văn phòng", parent=department)
        other = make_agency(session, "Sở Y tế")
        inside = make_person(session, agency=office, login="an", valid_from=date(2026, 1, 1))
        stranger = make_person(session, agency=other, login="binh")
    aim(database, outside, agency_id=department)

    def by(person: UUID, **more: object) -> str:
        return store.stored(actor={"account": {"homePage": app.extensions["lms.settings"].base_url, "name": str(person)}}, **more)

    wanted = by(inside)
    by(stranger)
    by(inside, timestamp="2025-06-01T00:00:00Z")  # not there yet
    store.stored()
    clock.shift(timedelta(seconds=3))
    drain(app, database, forwarder)
    assert list(outside.kept) == [wanted]


def test_several_targets_do_not_wait_for_each_other(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    other = OutsideStub()
    with database.transaction() as session:
        add_target(session, SERVICE, NewTarget("portal", other.endpoint, "k", "s"), now())
    outside.manner = lambda _found: DOWN
    ids = store_some(store, clock, 3)
    drain(app, database, forwarder)
    other.close()
    assert list(other.kept) == ids


def test_a_target_is_sent_to_again_from_a_date(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    store_some(store, clock, 3)
    since = now()
    again = store_some(store, clock, 3)
    drain(app, database, forwarder)
    outside.kept.clear()
    with database.transaction() as session:
        replay_target(session, SERVICE, NAME, since, now())
    drain(app, database, forwarder)
    assert list(outside.kept) == again
    with pytest.raises(DomainError), database.transaction() as session:
        replay_target(session, SERVICE, NAME, now(), now())


def test_a_replay_asked_for_while_something_is_under_way_stands(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    ids = store_some(store, clock, 3)

    def meanwhile(found: list[dict[str, object]]) -> tuple[int, str, dict[str, str]]:
        outside.manner = None
        with database.transaction() as session:
            session.get_one(ForwardTarget, NAME).cursor = UUID(int=1)
            replay_target(session, SERVICE, NAME, datetime(1970, 1, 1, tzinfo=UTC), now())
        return outside.take(found)

    outside.manner = meanwhile
    drain(app, database, forwarder)
    assert state(database).waiting == 0
    assert list(outside.kept) == ids
    assert len(outside.requests) > 1


def test_paused_it_gets_nothing_and_goes_on_where_it_was(
    app: Flask, database: Database, store: Store, outside: OutsideStub, forwarder: Forwarder, clock: time_machine.Coordinates
) -> None:
    aim(database, outside)
    with database.transaction() as session:
        pause_target(session, SERVICE, NAME, now())
    ids = store_some(store, clock, 3)
    drain(app, database, forwarder)
    assert outside.requests == []
    with database.transaction() as session:
        resume_target(session, SERVICE, NAME, now())
    drain(app, database, forwarder)
    assert list(outside.kept) == ids
    with database.transaction() as session:
        remove_target(session, SERVICE, NAME, now())
    with pytest.raises(DomainError), database.transaction() as session:
        remove_target(session, SERVICE, NAME, now())


@pytest.mark.parametrize("bad", [{"name": "Có dấu"}, {"version": "0.9"}, {"endpoint": "ftp://x/"}, {"endpoint": "https://a:b@x/"}], ids=str)
def test_a_target_that_cannot_be_is_refused(database: Database, bad: dict[str, str]) -> None:
    given = {"name": NAME, "endpoint": "https://x.vn/xapi/statements", "username": "k", "password": "s"}
    with pytest.raises(DomainError), database.transaction() as session:
        add_target(session, SERVICE, NewTarget(**{**given, **bad}), now())  # type: ignore[arg-type]


def test_a_name_is_taken_once_and_the_secret_is_sealed(database: Database, outside: OutsideStub) -> None:
    aim(database, outside)
    with pytest.raises(Conflict):
        aim(database, outside)
    with database.transaction() as session:
        assert b"mat-khau" not in session.get_one(ForwardTarget, NAME).password
        configure_target(session, SERVICE, NewTarget(NAME, "https://moi.vn/xapi", "k2", "s2"), now())
    assert state(database).endpoint == "https://moi.vn/xapi/"
