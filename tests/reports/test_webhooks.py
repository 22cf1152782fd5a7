"""What becomes of a report is told to receivers outside who may hang, refuse or mislead: signed, in order, once."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler
from ipaddress import ip_network

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.reports.delivering import post
from lms.reports.models import WebhookTarget
from lms.reports.operations import webhooks
from lms.reports.operations.webhooks import LEASE, OVERLAP
from lms.reports.rules.webhooks import checked_url, next_try, reachable
from tests.mail.test_letters import box, port
from tests.reports.making import CLOSED, Province
from tests.reports.telling import (
    KINDS,
    Receiver,
    add,
    answer,
    deliveries,
    drips,
    endless,
    hangs,
    is_signed_with,
    province,
    receiver,
    send,
    shouts,
    spread,
    telling,
)
from tests.reports.test_public_files import publish, withdraw

__all__ = ["box", "port", "province", "receiver", "telling"]


def test_a_publication_is_told_once_signed_and_says_where_to_fetch_it(
    telling: Flask, database: Database, province: Province, receiver: Receiver
) -> None:
    secret = add(database, receiver)
    publish(database, CLOSED)
    spread(telling)
    send(database)
    send(database)
    [(headers, body)] = receiver.got
    told = json.loads(body)
    assert told["type"] == "report.published"
    assert told["data"]["links"]["json"] == "http://127.0.0.1:8000/public/2026-Q4.json"
    assert told["data"]["revision"] == 1
    assert is_signed_with(secret, headers, body)
    assert not is_signed_with(secret, headers, body.replace(b"2026", b"2025"))
    [row] = deliveries(database)
    assert (row.state, row.status, row.tries) == ("delivered", 204, 1)


def test_a_correction_and_a_withdrawal_are_told_in_their_order(
    telling: Flask, database: Database, province: Province, receiver: Receiver
) -> None:
    add(database, receiver)
    publish(database, CLOSED)
    publish(database, CLOSED + timedelta(minutes=10), "Chấm lại")
    withdraw(database, CLOSED + timedelta(minutes=20))
    spread(telling)
    send(database)
    told = [json.loads(body) for _headers, body in receiver.got]
    assert [one["type"] for one in told] == ["report.published", "report.superseded", "report.published", "report.withdrawn"]
    assert told[1]["data"]["by_revision"] == 2
    assert "nạp nhầm" in told[3]["data"]["because"]


@pytest.mark.parametrize(
    ("behaviour", "state", "status"),
    [
        (lambda _receiver: lambda handler: answer(handler, 500, b"broken"), "waiting", 500),
        (lambda _receiver: lambda handler: answer(handler, 302, Location="http://169.254.169.254/"), "waiting", 302),
        (lambda _receiver: lambda handler: answer(handler, 429, Retry_After="3600"), "waiting", 429),
        (hangs, "waiting", None),
        (drips, "waiting", None),
        (endless, "delivered", 200),
        (shouts, "waiting", None),
        (lambda _receiver: lambda handler: handler.wfile.write(bytes(range(256))), "waiting", None),
        (lambda _receiver: lambda handler: handler.connection.close(), "waiting", None),
        (lambda _receiver: lambda handler: answer(handler, 200, b"\0" * 100_000), "delivered", 200),
    ],
    ids=["500", "redirects", "asks to wait", "hangs", "drips", "answers without end", "headers without end", "noise", "hangs up", "huge"],
)
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_receiver_in_trouble_is_tried_again_and_holds_up_nobody(
    telling: Flask,
    database: Database,
    province: Province,
    receiver: Receiver,
    behaviour: Callable[[Receiver], Callable[[BaseHTTPRequestHandler], None]],
    state: str,
    status: int | None,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("lms.reports.delivering.CONNECT_SECONDS", 0.2)
    well = Receiver()
    receiver.does = behaviour(receiver)
    add(database, receiver, "a-ioc")
    add(database, well, "b-cong")
    publish(database, CLOSED)
    spread(telling)
    send(database, seconds=0.3)
    well.close()
    assert len(well.got) == 1
    by_name = {row.target_id: row for row in deliveries(database)}
    with database.reading() as session:
        names = {name: by_name[target] for target, name in session.execute(select(WebhookTarget.id, WebhookTarget.name))}
    assert names["b-cong"].state == "delivered"
    bad = names["a-ioc"]
    assert bad.status == status
    assert (bad.state, bad.tries) == (state, 1)
    if state == "waiting":
        assert bad.next_at >= now() + timedelta(seconds=3600 if status == 429 else 10)
    assert len(bad.answer or "") <= 500


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_it_is_tried_for_days_and_then_left_for_somebody_to_look_at(
    telling: Flask, database: Database, province: Province, receiver: Receiver
) -> None:
    receiver.does = lambda handler: answer(handler, 503)
    add(database, receiver)
    publish(database, CLOSED)
    spread(telling)
    begun, tries = now(), 0
    with time_machine.travel(begun, tick=False) as clock:
        while deliveries(database)[0].state == "waiting":
            clock.move_to(deliveries(database)[0].next_at)
            send(database)
            tries += 1
    assert timedelta(days=3) <= deliveries(database)[0].next_at - begun < timedelta(days=4)
    assert 15 < tries < 40
    receiver.does = None
    with database.transaction() as session:
        webhooks.replay_delivery(session, SERVICE, deliveries(database)[0].id, now())
    send(database)
    [row] = deliveries(database)
    assert (row.state, row.replays) == ("delivered", 1)
    assert len({headers["webhook-id"] for headers, _body in receiver.got}) == 1


def test_replay_from_a_date_reaches_back_before_the_receiver_was_known(
    telling: Flask, database: Database, province: Province, receiver: Receiver
) -> None:
    publish(database, CLOSED)
    spread(telling)
    add(database, receiver, at=CLOSED + timedelta(hours=1))
    send(database)
    assert receiver.got == []
    for _time in range(2):
        with database.transaction() as session:
            assert webhooks.replay_since(session, SERVICE, "ioc", CLOSED - timedelta(days=1), now()) == 1
        send(database)
    assert len(receiver.got) == 2
    assert len(deliveries(database)) == 1


def test_after_a_rotation_both_secrets_hold_for_a_week(telling: Flask, database: Database, province: Province, receiver: Receiver) -> None:
    old = add(database, receiver)
    publish(database, CLOSED)
    spread(telling)
    with database.transaction() as session:
        new = webhooks.rotate_secret(session, SERVICE, "ioc", now())
        assert old.encode() not in session.scalars(select(WebhookTarget.secret)).one()
    send(database)
    headers, body = receiver.got[-1]
    assert is_signed_with(old, headers, body)
    assert is_signed_with(new, headers, body)
    with time_machine.travel(now() + OVERLAP + timedelta(minutes=1), tick=False):
        with database.transaction() as session:
            webhooks.replay_since(session, SERVICE, "ioc", CLOSED, now())
        send(database)
    headers, body = receiver.got[-1]
    assert not is_signed_with(old, headers, body)
    assert is_signed_with(new, headers, body)


def test_one_that_is_paused_is_told_when_it_goes_on(telling: Flask, database: Database, province: Province, receiver: Receiver) -> None:
    add(database, receiver)
    with database.transaction() as session:
        webhooks.pause_webhook(session, SERVICE, "ioc", now())
    publish(database, CLOSED)
    spread(telling)
    send(database)
    assert receiver.got == []
    with database.transaction() as session:
        webhooks.resume_webhook(session, SERVICE, "ioc", now())
    send(database)
    assert len(receiver.got) == 1
    with database.transaction() as session:
        webhooks.remove_webhook(session, SERVICE, "ioc", now())
    assert deliveries(database) == []


def test_a_worker_that_dies_with_a_message_leaves_it_to_another(
    telling: Flask, database: Database, province: Province, receiver: Receiver
) -> None:
    add(database, receiver)
    publish(database, CLOSED)
    spread(telling)
    with database.transaction() as session:
        target = session.scalars(select(WebhookTarget.id)).one()
        dead = webhooks.take_errand(session, target, "", now())
    assert dead is not None
    send(database)
    assert receiver.got == []  # the lease holds
    with time_machine.travel(now() + LEASE + timedelta(seconds=1), tick=False):
        send(database)
        with database.transaction() as session:  # the dead one's word counts no more
            webhooks.end_errand(session, dead, webhooks.Outcome(500, ""), days=3, chance=0.0, at=now())
    [row] = deliveries(database)
    assert (row.state, row.tries) == ("delivered", 1)


def test_messages_do_not_go_into_networks_nobody_allowed(telling: Flask, receiver: Receiver) -> None:
    outcome = post(receiver.url, b"{}", {"Content-Type": "application/json"}, [])
    assert outcome.status == 0
    assert "LMS_WEBHOOK_NETWORKS" in outcome.answer
    assert receiver.got == []
    inside = ("127.0.0.1", "10.1.2.3", "192.168.0.1", "169.254.169.254", "0.0.0.0", "::1", "fe80::1%eth0", "::ffff:10.0.0.1", "224.0.0.1")
    for address in inside:
        assert reachable([address], []) is None, address
        assert reachable(["8.8.8.8", address], []) is None, address
    assert reachable(["8.8.8.8"], []) == "8.8.8.8"
    assert reachable(["10.1.2.3"], [ip_network("10.0.0.0/8")]) == "10.1.2.3"
    assert reachable([], []) is None


@pytest.mark.parametrize(
    "url",
    ["http://ioc.vn/", "ftp://ioc.vn/", "https://", "https://a:b@ioc.vn/", "https://ioc.vn:99999/", "https://ioc.vn/\r\nX: y", "ioc.vn"],
)
def test_an_address_of_a_receiver_is_an_https_address(url: str) -> None:
    with pytest.raises(DomainError):
        checked_url(url, may_be_plain=False)


def test_a_receiver_has_a_name_of_its_own_and_wants_something(telling: Flask, database: Database, receiver: Receiver) -> None:
    add(database, receiver)
    with pytest.raises(Conflict):
        add(database, receiver)
    for name, events in (("Có dấu", KINDS), ("ioc2", []), ("ioc2", ["report.deleted"])):
        with pytest.raises(DomainError), database.transaction() as session:
            webhooks.add_webhook(session, SERVICE, name, receiver.url, events, may_be_plain=True, at=now())
    with pytest.raises(DomainError), database.transaction() as session:
        webhooks.rotate_secret(session, SERVICE, "nobody", now())


@given(tries=st.integers(1, 60), chance=st.floats(0, 1), asked=st.none() | st.floats(-1, 1e9))
def test_waiting_grows_to_a_limit(tries: int, chance: float, asked: float | None) -> None:
    at = datetime(2026, 11, 23, tzinfo=UTC)
    later = next_try(at, tries, at, days=3, chance=chance, asked=asked)
    assert later is not None
    assert timedelta(seconds=5) <= later - at <= timedelta(hours=6)
    assert next_try(at - timedelta(days=3), tries, at, days=3, chance=chance) is None
