"""Telling receivers outside. Between claiming a message and writing down how it went no transaction is open, and each receiver has a
thread of its own: one that hangs, redirects, or answers without end holds up nobody else, and itself only for seconds."""

from __future__ import annotations

import http.client
import random
import socket
import ssl
import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from ipaddress import ip_network
from urllib.parse import urlsplit
from uuid import UUID

import structlog
from flask import Flask

from lms.kit.clock import now
from lms.kit.unit import settings, transaction
from lms.reports.operations.webhooks import LONGEST_ANSWER, Errand, Outcome, end_errand, take_errand
from lms.reports.rules.webhooks import Network, headers_of, reachable

log = structlog.get_logger()

CONNECT_SECONDS = 3.0
ANSWER_SECONDS = 10.0
_chance = random.SystemRandom().random


class _Connection(http.client.HTTPConnection):
    """To the very address that was checked: what the name stands for a moment later does not matter. No proxy, no redirection."""

    def __init__(self, address: str, host: str, port: int, context: ssl.SSLContext | None) -> None:
        super().__init__(host, port, timeout=CONNECT_SECONDS)
        self._address, self._context = address, context

    def connect(self) -> None:
        self.sock = socket.create_connection((self._address, self.port), CONNECT_SECONDS)
        if self._context is not None:
            self.sock = self._context.wrap_socket(self.sock, server_hostname=self.host)


def post(url: str, body: bytes, headers: Mapping[str, str], allowed: Sequence[Network], *, seconds: float = ANSWER_SECONDS) -> Outcome:
    """Send once. Never raises for what happens on the way."""
    parts = urlsplit(url)
    host, secure = parts.hostname or "", parts.scheme == "https"
    port = parts.port or (443 if secure else 80)
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except OSError as error:
        return Outcome(0, f"{host}: {error.strerror or error}")
    address = reachable([str(entry[4][0]) for entry in found], allowed)
    if address is None:
        return Outcome(0, f"{host}: not an address of the public internet (LMS_WEBHOOK_NETWORKS)")
    connection = _Connection(address, host, port, ssl.create_default_context() if secure else None)
    return _exchange(connection, parts.path + (f"?{parts.query}" if parts.query else ""), body, headers, seconds)


def _exchange(connection: http.client.HTTPConnection, path: str, body: bytes, headers: Mapping[str, str], seconds: float) -> Outcome:
    late = threading.Event()

    def end() -> None:
        late.set()
        if connection.sock is not None:
            with suppress(OSError):
                connection.sock.shutdown(socket.SHUT_RDWR)

    watch = threading.Timer(seconds + CONNECT_SECONDS, end)  # a receiver that drips would never time out
    watch.daemon = True
    watch.start()
    try:
        connection.connect()
        connection.sock.settimeout(seconds)
        connection.request("POST", path or "/", body, dict(headers))
        response = connection.getresponse()
        with suppress(OSError, http.client.HTTPException):
            said = response.read(LONGEST_ANSWER)  # of an answer without end, no more
            return Outcome(response.status, said.decode("utf-8", "replace").strip(), _seconds(response.headers.get("Retry-After")))
        return Outcome(response.status, "")
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = "timed out" if late.is_set() else f"{type(error).__name__}: {error}"
        return Outcome(0, reason[:LONGEST_ANSWER])
    finally:
        watch.cancel()
        connection.close()


class Courier:
    """One thread at a time works for a receiver; which worker it is, the lease in its row decides."""

    def __init__(self, *, seconds: float = ANSWER_SECONDS, chance: Callable[[], float] = _chance) -> None:
        self._busy: set[UUID] = set()
        self._lock = threading.Lock()
        self._seconds = seconds
        self._chance = chance

    def step(self, target: UUID) -> bool:
        """One message to one receiver; whether there may be more to do at once."""
        chosen = settings()
        with transaction() as session:
            errand = take_errand(session, target, chosen.base_url, now())
        if errand is None:
            return False
        outcome = self._send(errand)
        with transaction() as session:
            end_errand(session, errand, outcome, days=chosen.webhook_days, chance=self._chance(), at=now())
        said = log.info if outcome.is_taken else log.warning
        said("webhook_sent", target=errand.name, status=outcome.status, answer=outcome.answer[:100])
        return outcome.is_taken

    def drain(self, target: UUID) -> None:
        """Until there is nothing to do for this receiver, or it is in trouble."""
        while self.step(target):
            pass

    def start(self, app: Flask, target: UUID) -> None:
        """`drain` beside everything else, unless that is going on already."""
        with self._lock:
            if target in self._busy:
                return
            self._busy.add(target)
        threading.Thread(target=self._work, args=(app, target), name=f"webhook-{target}", daemon=True).start()

    def _work(self, app: Flask, target: UUID) -> None:
        try:
            with app.app_context():
                self.drain(target)
        except Exception:  # the database may be away; the next round starts again, the lease sees to it that nothing is lost
            log.exception("webhooks_stopped", target=str(target))
        finally:
            with self._lock:
                self._busy.discard(target)

    def _send(self, errand: Errand) -> Outcome:
        return post(errand.url, errand.message.body, headers_of(errand.message, now()), allowed_networks(), seconds=self._seconds)


def allowed_networks() -> list[Network]:
    return [ip_network(text) for text in settings().webhook_networks]


def _seconds(text: str | None) -> float | None:
    return float(text) if text is not None and text.isascii() and text.isdigit() and len(text) < 10 else None
