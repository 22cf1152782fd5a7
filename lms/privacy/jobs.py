"""The daily run of retention."""

from __future__ import annotations

from datetime import datetime

from lms.kit.actors import SERVICE, Actor
from lms.kit.clock import local_date
from lms.kit.jobs import Periodic
from lms.kit.unit import settings, transaction
from lms.privacy.operations.retention import SWEEPS, begin_run, finish_run, sweep_batch
from lms.privacy.rules.retention import periods


def throw_away(at: datetime, *, actor: Actor = SERVICE, again: bool = False) -> dict[str, int] | None:
    """Carry retention out, a batch a transaction; how much of each kind went. None where today's run is done or another's."""
    day, chosen = local_date(at, settings().zone), periods(settings().retention)
    with transaction() as session:
        if not begin_run(session, day, at, again=again):
            return None
    counts = {name: _all_of(name, chosen, at) for name in SWEEPS}
    with transaction() as session:
        finish_run(session, actor, day, counts, at)
    return counts


def _all_of(name: str, chosen: dict[str, int | None], at: datetime) -> int:
    total = 0
    while True:
        with transaction() as session:
            gone = sweep_batch(session, name, chosen, at)
        total += gone
        if gone == 0:
            return total


def daily(at: datetime) -> None:
    """Asked every hour, so that a night without a worker is made up for in the morning; acts once a day."""
    throw_away(at)


PERIODIC = (Periodic(name="privacy.retention", seconds=3600, run=daily),)
