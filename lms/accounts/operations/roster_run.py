"""Importing a roster in batches: each is stored by itself, and whoever takes the import up after a crash goes on where it stopped."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.accounts.models import RosterBatch
from lms.accounts.operations.people import ensure_position_groups
from lms.accounts.operations.roster import check_roster
from lms.accounts.operations.roster_apply import apply_plan, close_leavers
from lms.accounts.operations.roster_changes import Change, counts_of, keep_changes
from lms.accounts.operations.roster_file import RosterFile, RosterOptions
from lms.accounts.queries.roster import members_on
from lms.accounts.rules.roster.person import RosterLine
from lms.accounts.rules.roster.plan import Outcome
from lms.kit import audit
from lms.kit.collector import without_collector
from lms.kit.imports.operations import PendingImport, check_unchanged
from lms.kit.sheets import Sheet


class RosterApplication:
    """A `BatchedImport`. Every batch is planned anew against what is stored: rows applied before come out as unchanged."""

    def __init__(self, session: Session, pending: PendingImport, sheets: Iterator[Sheet]) -> None:
        self._pending = pending
        options = RosterOptions.of_run(pending.options, pending.decisions)
        begun = session.scalar(select(RosterBatch.ordinal).where(RosterBatch.run_id == pending.id).limit(1))
        if begun is None:
            check = check_roster(session, sheets, pending.file_name, options)
            check_unchanged(pending, check.checked())
            # Whom the rows mean was found out a moment ago; chunks in which nothing changes need no second look.
            self._file, self._lookups = check.file, check.lookups
            self._quiet: Mapping[int, int] = check.quiet
        else:
            self._file = RosterFile(session, sheets, pending.file_name, options)
            self._lookups, self._quiet = self._file.lookups(session), {}
        self._planned = 0
        self.total = self._file.lines + (1 if options.replace else 0)

    def batches(self) -> Iterator[Callable[[Session, datetime], int]]:
        for number, lines in enumerate(self._file.chunks()):
            if number in self._quiet:
                self._planned += self._quiet[number]
            else:
                yield partial(self._apply, lines)
        if self._file.options.replace is not None:
            yield self._close_leavers  # last, when everybody who stays is known

    def result(self, session: Session) -> Mapping[str, int]:
        changed = counts_of(session, self._pending.id)
        counts = {outcome.value: changed.get(outcome.value, 0) for outcome in Outcome}
        counts[Outcome.UNCHANGED] = self._planned - sum(counts.values())
        if self._file.options.replace is not None:
            counts["left"] = changed.get("left", 0)
        refused = self._file.people - self._planned
        return {**counts, "refused": refused} if refused else counts

    def _apply(self, lines: list[RosterLine], session: Session, at: datetime) -> int:
        ensure_position_groups(session)
        plan = self._file.plan(session, lines, self._lookups)
        with without_collector():
            self._keep(session, apply_plan(session, self._pending.actor, plan, self._lookups, at), at)
        self._planned += len(plan.steps)
        return len(lines)

    def _close_leavers(self, session: Session, at: datetime) -> int:
        options = self._file.options
        assert options.replace is not None
        members = members_on(session, options.replace, options.as_of)
        leavers = [member.id for member in members if member.id.bytes not in self._lookups.meant]
        self._keep(session, close_leavers(session, self._pending.actor, leavers, options.as_of, at), at)
        return 1

    def _keep(self, session: Session, changes: list[Change], at: datetime) -> None:
        """Remember how to take it back; one entry in the audit names everybody the batch touched."""
        if not changes:
            return
        keep_changes(session, self._pending.id, changes, at)
        people: dict[str, list[str]] = {}
        for change in changes:
            people.setdefault(change.outcome, []).append(str(change.person_id))
        fields = sorted({name for change in changes for name in change.after})
        audit.record(session, self._pending.actor, "accounts.import_roster_batch", self._pending.id, at, people=people, fields=fields)
