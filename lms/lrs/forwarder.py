"""The errand boy: takes what an outside store is to get, brings it there, writes down how it went. Between the two writes no transaction
is open, so a store that hangs holds up nobody."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable, Iterator
from datetime import datetime

import structlog
from flask import Flask

from lms.kit.actors import SERVICE
from lms.kit.clock import now
from lms.kit.unit import reading, settings, transaction
from lms.lrs.operations import forwarding
from lms.lrs.outside import READ_SECONDS, OutsideStore, deliver
from lms.lrs.queries.forwarding import content_piece, content_pieces, due_targets, targets

log = structlog.get_logger()

CONFIGURED = "default"  # the target that the settings name
_chance = random.SystemRandom().random


class Forwarder:
    """Keeps a connection to each store. One thread at a time works for a target; which worker it is, the lease in its row decides."""

    def __init__(self, *, read_seconds: float = READ_SECONDS, chance: Callable[[], float] = _chance) -> None:
        self._stores: dict[str, tuple[tuple[str, ...], OutsideStore]] = {}
        self._busy: set[str] = set()
        self._lock = threading.Lock()
        self._read_seconds = read_seconds
        self._chance = chance

    def step(self, name: str) -> bool:
        """One window for one target; whether there may be more to do at once."""
        with transaction() as session:
            errand = forwarding.take_errand(session, name, settings().zone, now())
        if errand is None:
            return False
        if not errand.window.statements:
            return True
        delivery = deliver(self._store(errand), errand.window.statements, _pieces, trial=errand.trial)
        with transaction() as session:
            forwarding.end_errand(session, errand, delivery, self._chance(), now())
        if delivery.trouble is not None:
            log.warning("forwarding_failed", target=name, trouble=delivery.trouble, stored=delivery.stored)
        for refusal in delivery.refused:
            log.warning("statement_refused_outside", target=name, statement=str(refusal.statement_id), status=refusal.status)
        return delivery.trouble is None

    def drain(self, name: str) -> None:
        """Until there is nothing to do for this target, or it is in trouble."""
        while self.step(name):
            pass

    def start(self, app: Flask, name: str) -> None:
        """`drain` beside everything else, unless that is going on already."""
        with self._lock:
            if name in self._busy:
                return
            self._busy.add(name)
        threading.Thread(target=self._work, args=(app, name), name=f"forward-{name}", daemon=True).start()

    def _work(self, app: Flask, name: str) -> None:
        try:
            with app.app_context():
                self.drain(name)
        except Exception:  # the database may be away; the next round starts again, the lease sees to it that nothing is lost
            log.exception("forwarding_stopped", target=name)
        finally:
            with self._lock:
                self._busy.discard(name)

    def _store(self, errand: forwarding.Errand) -> OutsideStore:
        wanted = (errand.endpoint, errand.username, errand.password, errand.version)
        known = self._stores.get(errand.name)
        if known is not None and known[0] == wanted:
            return known[1]
        if known is not None:
            known[1].close()
        store = OutsideStore(*wanted, read_seconds=self._read_seconds)
        self._stores[errand.name] = (wanted, store)
        return store


def configure(at: datetime) -> None:
    """The target of the settings, if they name one; one they no longer name is sent nothing more."""
    chosen = settings()
    if chosen.xapi_forward_url:
        new = forwarding.NewTarget(CONFIGURED, chosen.xapi_forward_url, chosen.xapi_forward_key or "", chosen.xapi_forward_secret or "")
        with transaction() as session:
            forwarding.configure_target(session, SERVICE, new, at)
        return
    with reading() as session:
        in_use = any(target.name == CONFIGURED and target.paused_at is None for target in targets(session))
    if in_use:
        with transaction() as session:
            forwarding.pause_target(session, SERVICE, CONFIGURED, at)


def due(at: datetime) -> list[str]:
    with reading() as session:
        return due_targets(session, at)


def _pieces(sha2: bytes) -> Iterator[bytes]:
    with reading() as session:
        numbers = content_pieces(session, sha2)
    for number in numbers:
        with reading() as session:
            piece = content_piece(session, sha2, number)
        yield piece
