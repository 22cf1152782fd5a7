"""The worker's part: seal what was written."""

from __future__ import annotations

from datetime import datetime, timedelta

from lms.audit import operations
from lms.kit.jobs import Periodic
from lms.kit.unit import transaction


def seal(at: datetime, *, back: timedelta | None = operations.LATE) -> int:
    """Seal all there is, a batch in each transaction: what a crash leaves undone the next run does. How many were sealed."""
    total, last = 0, None
    while True:
        with transaction() as session:
            sealed, last = operations.seal_batch(session, at, back=back, limit=operations.BATCH, after=last)
        total += sealed
        if sealed < operations.BATCH:
            return total


def seal_recent(at: datetime) -> None:
    seal(at)


def seal_everything(at: datetime) -> None:
    """Also entries of transactions that were open for longer than the worker looks back, and what a clock set back left behind."""
    seal(at, back=None)


PERIODIC = (Periodic("audit.seal", 3, seal_recent), Periodic("audit.seal_everything", 3600, seal_everything))
