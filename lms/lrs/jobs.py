"""What the worker does for the record store."""

from __future__ import annotations

import time
from datetime import datetime

import structlog
from flask import current_app
from sqlalchemy.exc import IntegrityError, OperationalError

from lms.kit.clock import now
from lms.kit.jobs import Periodic
from lms.kit.unit import settings, transaction
from lms.lrs import operations
from lms.lrs.forwarder import Forwarder, configure, due
from lms.lrs.rules.credentials import own_authority

log = structlog.get_logger()

_LONGEST = 10.0  # seconds; then the other periodic work has its turn


def store_outbox(_at: datetime) -> None:
    """Turn what happened since the last time into stored statements, oldest first."""
    means = operations.Means(current_app.extensions["lms.statement_builders"], own_authority(settings().base_url), now)
    until = time.monotonic() + _LONGEST
    while time.monotonic() < until:
        try:
            with transaction() as session:
                seen = operations.store_waiting(session, means)
        except IntegrityError:
            return  # somebody stored one of these ids at this moment; nothing is lost, the next time compares with it
        if not seen:
            return


def forward(at: datetime) -> None:
    """See that somebody is sending to every outside store that is due. The sending itself goes on beside the worker's other work."""
    app = current_app._get_current_object()  # type: ignore[attr-defined]
    forwarder: Forwarder = app.extensions.setdefault("lms.lrs.forwarder", Forwarder())
    configure(at)
    for name in due(at):
        forwarder.start(app, name)


def discard_tokens(at: datetime) -> None:
    """Keys of learners' content are of no use once they have expired."""
    with transaction() as session:
        operations.discard_expired(session, at)


def add_partitions(at: datetime) -> None:
    """Months of the store that begin soon get their partitions. Where a long read is in the way, the next time does it."""
    try:
        with transaction() as session:
            operations.add_partitions(session, at)
    except OperationalError:
        log.warning("partitions_not_added", exc_info=True)


periodic = (
    Periodic(name="lrs.partitions", seconds=6 * 3600, run=add_partitions),
    Periodic(name="lrs.outbox", seconds=1, run=store_outbox),
    Periodic(name="lrs.forward", seconds=5, run=forward),
    Periodic(name="lrs.discard_tokens", seconds=3600, run=discard_tokens),
)
