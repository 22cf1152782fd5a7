"""What becomes of a report is told outside: signed messages to receivers who may hang, refuse or mislead, letters with the agency's own
documents to its contacts; each once, whatever dies in between."""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_network
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import func, select, update

from lms.accounts.models import Person
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import Conflict, DomainError
from lms.kit.jobs import Job
from lms.kit.queue import run_due
from lms.reports import operations
from lms.reports.delivering import Courier, post
from lms.reports.jobs import spreading
from lms.reports.letter_followers import follower
from lms.reports.models import Report, ReportEvent, ReportLetter, WebhookDelivery, WebhookTarget
from lms.reports.operations import letters, webhooks
from lms.reports.operations.webhooks import LEASE, OVERLAP
from lms.reports.posting import hand_over
from lms.reports.rules.webhooks import SECRET_PREFIX, checked_url, next_try, reachable
from lms.results.queries import activity_of_period
from tests.mail.test_letters import Box, box, port
from tests.reports.making import CLOSED, Province, make_province
from tests.reports.test_public_files import publish, withdraw

__all__ = ["box", "port"]
KINDS = ["report.published", "report.superseded", "report.withdrawn"]


class Receiver:
    """Takes messages as an IOC would, or behaves as `does` says."""

    def __init__(self) -> None:
        self.got: list[tuple[dict[str, str], bytes]] = []
        self.does: Callable[[BaseHTTPRequestHandler], None] | None = None
        self.end = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.got.append(({name.lower(): value for name, value in self.headers.items()}, body))
                if receiver.does is not None:
                    receiver.does(self)
                else:
                    answer(self, 204)

            def log_message(self, *_arguments: object) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.server.server_port}/hook?of=lms"
        threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True).start()

    def close(self) -> None:
        self.end.set()
        self.server.shutdown()
        self.server.server_close()


def answer(handler: BaseHTTPRequestHandler, status: int, body: bytes = b"", **headers: str) -> None:
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name.replace("_", "-"), value)
    handler.send_header("Content-Length", str(len(body)))
    handler.end_headers()
    handler.wfile.write(body)


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    found = Receiver()
    yield found
    found.close()


@pytest.fixture
def telling(app: Flask, port: int) -> Iterator[Flask]:
    """The application in a province that lets webhooks into its own network and has a mail server."""
    app.extensions["lms.settings"] = replace(
        app.extensions["lms.settings"],
        webhook_networks=("127.0.0.0/8",),
        smtp_url=f"smtp://127.0.0.1:{port}?tls=none",
        mail_from="Công vụ LMS <lms@tinh.gov.vn>",
    )
    with app.app_context(), time_machine.travel(CLOSED + timedelta(hours=1), tick=False):
        yield app


@pytest.fixture
def province(telling: Flask, database: Database) -> Province:
    with database.transaction() as session:
        made = make_province(session)
        for login, actor in made.actors.items():
            session.execute(update(Person).where(Person.id == actor.person_id).values(email=f"{login}@tinh.gov.vn"))
        letters.add_address(session, SERVICE, made.agencies["H55.1"], "VanThu@snv.gov.vn", now())
        letters.add_address(session, SERVICE, made.agencies["H55.1"], "thutruong@tinh.gov.vn", now())  # the head's own: one letter
    return made


def add(database: Database, receiver: Receiver, name: str = "ioc", at: datetime | None = None) -> str:
    with database.transaction() as session:
        return webhooks.add_webhook(session, SERVICE, name, receiver.url, KINDS, may_be_plain=True, at=at or CLOSED - timedelta(days=1))


def spread(app: Flask) -> None:
    spreading.notice_events(now())
    run_due(app)


def send(database: Database, seconds: float = 5) -> None:
    courier = Courier(seconds=seconds, chance=lambda: 1.0)
    with database.reading() as session:
        targets = session.scalars(select(WebhookTarget.id)).all()
    for target in targets:
        courier.drain(target)


def deliveries(database: Database) -> list[WebhookDelivery]:
    with database.reading() as session:
        return list(session.scalars(select(WebhookDelivery).order_by(WebhookDelivery.event_id)))


def is_signed_with(secret: str, headers: dict[str, str], body: bytes) -> bool:
    """As docs/publishing.md tells receivers to verify."""
    key = base64.b64decode(secret.removeprefix(SECRET_PREFIX))
    signed = f"{headers['webhook-id']}.{headers['webhook-timestamp']}.".encode() + body
    wanted = "v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return any(hmac.compare_digest(wanted, one) for one in headers["webhook-signature"].split())


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


def hangs(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    def hang(_handler: BaseHTTPRequestHandler) -> None:
        receiver.end.wait(5)

    return hang


def drips(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    def drip(handler: BaseHTTPRequestHandler) -> None:
        while not receiver.end.wait(0.05):
            handler.wfile.write(b"H")

    return drip


def endless(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    def pour(handler: BaseHTTPRequestHandler) -> None:
        handler.send_response(200)
        handler.end_headers()
        while not receiver.end.is_set():
            handler.wfile.write(b"x" * 65536)

    return pour


@pytest.mark.parametrize(
    ("behaviour", "state", "status"),
    [
        (lambda _receiver: lambda handler: answer(handler, 500, b"broken"), "waiting", 500),
        (lambda _receiver: lambda handler: answer(handler, 302, Location="http://169.254.169.254/"), "waiting", 302),
        (lambda _receiver: lambda handler: answer(handler, 429, Retry_After="3600"), "waiting", 429),
        (hangs, "waiting", None),
        (drips, "waiting", None),
        (endless, "delivered", 200),
    ],
    ids=["500", "redirects", "asks to wait", "hangs", "drips", "answers without end"],
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
    rows = {row.status: row for row in deliveries(database)}
    assert rows[204].state == "delivered"
    bad = rows[status]
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


def sent(box: Box) -> list[tuple[str, str, list[str]]]:
    return sorted(
        (str(one["To"]), str(one["Subject"]), [str(part.get_filename()) for part in one.iter_attachments()]) for one in box.letters
    )


def test_contacts_of_each_agency_get_its_own_documents_once(telling: Flask, database: Database, province: Province, box: Box) -> None:
    publish(database, CLOSED)
    for _again in range(2):
        spread(telling)
        hand_over(now())
    theirs = ["ket-qua-2026-Q4-H55.1.pdf", "ket-qua-2026-Q4-H55.1.xlsx"]
    assert [(to, files) for to, _subject, files in sent(box)] == [
        ("daumoi@tinh.gov.vn", theirs),
        ("thutruong@tinh.gov.vn", theirs),
        ("vanthu@snv.gov.vn", theirs),
        ("xa@tinh.gov.vn", ["ket-qua-2026-Q4-H55.101.pdf", "ket-qua-2026-Q4-H55.101.xlsx"]),
    ]
    parts = list(box.letters[0].iter_attachments())
    assert parts[0].get_content().startswith(b"%PDF-")
    assert "Sở Nội vụ" in sent(box)[0][1]


def test_a_correction_is_one_letter_and_a_withdrawal_another(telling: Flask, database: Database, province: Province, box: Box) -> None:
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    box.letters.clear()
    with database.transaction() as session:  # who is contact no more is told that what they got no longer stands
        letters.remove_address(session, SERVICE, province.agencies["H55.1"], "vanthu@snv.gov.vn", now())
    publish(database, CLOSED + timedelta(minutes=10), "Chấm lại câu 12")
    spread(telling)
    hand_over(now())
    told = {to: (subject, bool(files)) for to, subject, files in sent(box)}
    assert len(box.letters) == 4
    assert told["daumoi@tinh.gov.vn"][0].startswith("Đính chính")
    assert told["daumoi@tinh.gov.vn"][1]
    assert "thay bằng bản đính chính" in told["vanthu@snv.gov.vn"][0]
    assert not told["vanthu@snv.gov.vn"][1]
    box.letters.clear()
    withdraw(database, CLOSED + timedelta(minutes=20))
    spread(telling)
    hand_over(now())
    assert {to for to, _subject, _files in sent(box)} == {"daumoi@tinh.gov.vn", "thutruong@tinh.gov.vn", "xa@tinh.gov.vn"}
    body = box.letters[0].get_content()
    assert "nạp nhầm" in body


def test_a_post_that_is_away_for_a_day_delays_letters_and_loses_none(
    telling: Flask, database: Database, province: Province, box: Box
) -> None:
    settings = telling.extensions["lms.settings"]
    publish(database, CLOSED)
    spread(telling)
    telling.extensions["lms.settings"] = replace(settings, smtp_url="smtp://127.0.0.1:1?tls=none")
    begun = now()
    with time_machine.travel(begun, tick=False) as clock:
        for hour in range(0, 25, 4):
            clock.move_to(begun + timedelta(hours=hour))
            hand_over(now())
        assert box.letters == []
        telling.extensions["lms.settings"] = settings
        clock.move_to(begun + timedelta(hours=30))
        hand_over(now())
        hand_over(now())
    assert len(box.letters) == 4


def test_what_waits_of_a_revision_that_was_superseded_is_not_sent(telling: Flask, database: Database, province: Province, box: Box) -> None:
    publish(database, CLOSED)
    spread(telling)
    publish(database, CLOSED + timedelta(minutes=10), "Chấm lại")
    spread(telling)
    hand_over(now())
    assert len(box.letters) == 4
    assert all(subject.startswith("Đính chính") for _to, subject, _files in sent(box))
    with database.transaction() as session:  # a person who is forgotten is in no letter any more
        follower.forget(session, province.actors["xa"].person_id or UUID(int=0), "an-danh", now())
        assert not session.scalars(select(ReportLetter.id).where(ReportLetter.address == "xa@tinh.gov.vn")).all()
        assert follower.merge(
            session, province.actors["quantri"].person_id or UUID(int=0), province.actors["daumoi"].person_id or UUID(int=0), now()
        ) == {"letters": 2}


def test_an_address_that_is_refused_stops_nobody_and_is_sent_again_by_hand(
    telling: Flask, database: Database, province: Province, box: Box
) -> None:
    box.refused.add("daumoi@tinh.gov.vn")
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    assert len(box.letters) == 3
    with database.reading() as session:
        failed: UUID = session.scalars(select(ReportLetter.id).where(ReportLetter.state == "failed")).one()
    box.refused.clear()
    with database.transaction() as session:
        letters.replay_letter(session, SERVICE, failed, now())
    hand_over(now())
    assert len(box.letters) == 4


def test_documents_too_large_to_send_are_fetched_instead(
    telling: Flask, database: Database, province: Province, box: Box, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("lms.reports.posting.MOST_ATTACHED", 1000)
    publish(database, CLOSED)
    spread(telling)
    hand_over(now())
    assert all(files == [] for _to, _subject, files in sent(box))
    assert "tải ở địa chỉ sau" in box.letters[0].get_content()


@pytest.mark.parametrize("step", ["before anything", "after the messages", "between agencies"])
def test_a_worker_that_dies_while_telling_on_completes_and_tells_nothing_twice(
    telling: Flask,
    database: Database,
    province: Province,
    receiver: Receiver,
    box: Box,
    step: str,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(spreading, "AGENCIES_AT_ONCE", 2)
    add(database, receiver)
    publish(database, CLOSED)
    real, calls = letters.add_letters, []

    def dies(*arguments: object, **named: object) -> int:
        calls.append(arguments)
        if len(calls) == (1 if step == "after the messages" else 2):
            raise KeyboardInterrupt
        return real(*arguments, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as dying, pytest.raises(KeyboardInterrupt):
        if step == "before anything":

            def at_once(*_arguments: object) -> int:
                raise KeyboardInterrupt

            dying.setattr(spreading, "add_deliveries", at_once)
        else:
            dying.setattr(spreading, "add_letters", dies)
        spread(telling)
    with database.transaction() as session:
        session.execute(update(Job).where(Job.state == "running").values(lease_until=datetime(2020, 1, 1, tzinfo=UTC)))
    spread(telling)
    hand_over(now())
    send(database)
    assert len(receiver.got) == 1
    assert len(box.letters) == 4
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(Job).where(Job.kind == "reports.spread")) == 1
        assert session.scalar(select(func.count()).select_from(ReportEvent).where(ReportEvent.spread_at.is_(None))) == 0
        assert session.scalars(select(Report.state)).one() == "published"


def test_mailboxes_of_an_agency_are_addresses_and_few(telling: Flask, database: Database, province: Province) -> None:
    agency = province.agencies["H55.1"]
    for wrong in ("khong-co-a-cong", "a@b", "a b@c.vn", "x@y.vn\r\nBcc: z@y.vn", "<a@b.vn>"):
        with pytest.raises(DomainError), database.transaction() as session:
            letters.add_address(session, SERVICE, agency, wrong, now())
    with pytest.raises(DomainError), database.transaction() as session:
        for number in range(20):
            letters.add_address(session, SERVICE, agency, f"a{number}@b.vn", now())


def test_nothing_of_a_draft_is_told(telling: Flask, database: Database, province: Province, receiver: Receiver, box: Box) -> None:
    add(database, receiver)
    with database.transaction() as session:
        activity = activity_of_period(session, "20264")
        assert activity is not None
        operations.build_report(session, SERVICE, activity, CLOSED)
    spread(telling)
    send(database)
    hand_over(now())
    assert receiver.got == []
    assert box.letters == []
