"""The worker's part of a roster import."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from lms.accounts.operations import RosterApplication, close_stale_requests, undo_roster
from lms.accounts.operations.roster_undo import discard_old_changes, take_back
from lms.kit.actors import SERVICE
from lms.kit.clock import local_date
from lms.kit.imports import carry_out_undo
from lms.kit.imports.jobs import carry_out_batches
from lms.kit.imports.operations import PendingImport
from lms.kit.jobs import JobRun
from lms.kit.unit import settings, transaction

ROSTER_JOB = "accounts.import_roster"
ROSTER_UNDO_JOB = "accounts.undo_roster"


def import_roster(job: JobRun) -> Mapping[str, Any]:
    return carry_out_batches(job, RosterApplication, _take_back)


def undo_import(job: JobRun) -> Mapping[str, Any]:
    return carry_out_undo(job, undo_roster)


def discard_changes(at: datetime) -> None:
    """A `Periodic`'s body: what batches changed names people and is thrown away with the file."""
    with transaction() as session:
        discard_old_changes(session, at)


def close_stale_transfers(at: datetime) -> None:
    """A `Periodic`'s body: requests about people who have moved by other ways meanwhile."""
    with transaction() as session:
        close_stale_requests(session, SERVICE, today=local_date(at, settings().zone), at=at)


def _take_back(session: Session, pending: PendingImport, at: datetime) -> None:
    """A rule refused in the middle: what the batches before it did is undone."""
    take_back(session, pending.actor, pending.id, at)
