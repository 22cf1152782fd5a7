"""A province whose results are told outside: receivers that take messages or misbehave, a mail server, workers that carry things out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import time_machine
from flask import Flask
from sqlalchemy import select, update

from lms.accounts.models import Person
from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.queue import run_due
from lms.reports.delivering import Courier
from lms.reports.jobs import spreading
from lms.reports.models import WebhookDelivery, WebhookTarget
from lms.reports.operations import letters, webhooks
from lms.reports.rules.webhooks import SECRET_PREFIX
from tests.mail.test_letters import Box, box, port
from tests.reports.making import CLOSED, Province, make_province

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


def shouts(receiver: Receiver) -> Callable[[BaseHTTPRequestHandler], None]:
    def shout(handler: BaseHTTPRequestHandler) -> None:
        handler.wfile.write(b"HTTP/1.1 200 OK\r\n")
        while not receiver.end.is_set():
            handler.wfile.write(b"X-Long: " + b"x" * 65536)

    return shout


def sent(box: Box) -> list[tuple[str, str, list[str]]]:
    return sorted(
        (str(one["To"]), str(one["Subject"]), [str(part.get_filename()) for part in one.iter_attachments()]) for one in box.letters
    )
