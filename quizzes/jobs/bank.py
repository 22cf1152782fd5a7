"""The worker's part in the bank: sketches of what was stored before there were any."""

from __future__ import annotations

from datetime import datetime

from lms.kit.jobs import Periodic
from lms.kit.unit import transaction
from quizzes.operations.duplicates import AT_ONCE, sketch_missing


def sketch_items(at: datetime) -> None:
    """Sketch versions that have none, a batch a transaction, so that look-alikes of older items are found as well."""
    while True:
        with transaction() as session:
            done = sketch_missing(session)
        if done < AT_ONCE:
            return


PERIODIC = (Periodic(name="quizzes.sketch_items", seconds=600, run=sketch_items),)
