"""What the worker does for the record store."""

from __future__ import annotations

from datetime import datetime

from flask import current_app
from sqlalchemy.exc import IntegrityError

from lms.kit.clock import now
from lms.kit.jobs import Periodic
from lms.kit.unit import settings, transaction
from lms.lrs import operations
from lms.lrs.operations.outbox import BATCH
from lms.lrs.rules.credentials import own_authority

_ROUNDS = 50  # then the other periodic work has its turn


def store_outbox(_at: datetime) -> None:
    """Turn what happened since the last time into stored statements, oldest first."""
    means = operations.Means(current_app.extensions["lms.statement_builders"], own_authority(settings().base_url), now)
    for _round in range(_ROUNDS):
        try:
            with transaction() as session:
                seen = operations.store_waiting(session, means)
        except IntegrityError:
            return  # somebody stored one of these ids at this moment; nothing is lost, the next time compares with it
        if seen < BATCH:
            return


periodic = (Periodic(name="lrs.outbox", seconds=1, run=store_outbox),)
