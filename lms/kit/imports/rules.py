"""What checking a file finds, as plain values."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import timedelta
from enum import StrEnum
from typing import Any

import msgspec

MAX_FINDINGS = 5_000  # kept with the run; the counts are always of all


UNDO_WINDOW = timedelta(hours=24)
"""For how long after its end the last import of a kind may be taken back."""


class ImportState(StrEnum):
    COLUMNS = "columns"  # a person must first say which column is what
    CHECKED = "checked"  # previewed, nothing written
    CONFIRMED = "confirmed"  # waits for the worker
    APPLYING = "applying"
    DONE = "done"
    REFUSED = "refused"  # a rule said no while applying; nothing was written
    FAILED = "failed"  # a defect or a lost machine; nothing was written by halves, or whole batches, which `result` counts
    UNDOING = "undoing"  # done, and being taken back
    UNDONE = "undone"


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """Something about one row, in words. `message` is a template marked with N_(), filled from `values` where it is shown.

    `row` is the number Excel shows; `column` counts from 0, None where the row as a whole is meant; `label` is the column's label and
    `value` the cell as it was read. `summary` says in a few words what to do about all rows with this trouble. A blocking finding
    keeps its row from being imported; the others are remarks. `code` is for programs that look for one kind of trouble.
    """

    sheet: str
    row: int
    message: str
    summary: str = ""
    values: dict[str, str | int] = {}
    column: int | None = None
    label: str = ""
    value: str = ""
    blocking: bool = True
    code: str = ""


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """What a file would change.

    `counts`: in the order they are shown, key → number (`added`, `changed`, `unchanged` …). `rows`: how many rows would be imported.
    `fingerprint`: of the whole plan; applying makes the plan anew and refuses where it is no longer the one that was seen.
    `details`: JSON values only this kind understands, kept with the run. `all_or_nothing`: faulty rows may not be left out.
    `to_acknowledge`: a number the one who confirms must have seen and confirmed by itself (how many people leave); 0: none.
    """

    counts: Mapping[str, int]
    rows: int
    fingerprint: str
    findings: Sequence[Finding] = ()
    details: Mapping[str, Any] = {}
    all_or_nothing: bool = False
    to_acknowledge: int = 0

    @property
    def faulty_rows(self) -> int:
        return len({(finding.sheet, finding.row) for finding in self.findings if finding.blocking})

    @property
    def remarked_rows(self) -> int:
        return len({(finding.sheet, finding.row) for finding in self.findings if not finding.blocking})


def fingerprint_of(plan: Any) -> str:
    """SHA-256 of a plan made of plain values, in an order that is the same each time."""
    return hashlib.sha256(msgspec.json.encode(plan, order="sorted")).hexdigest()


def messages_by_row(findings: Sequence[Finding], translate: Any) -> dict[str, dict[int, str]]:
    """Sheet → row → all its messages in one text, for the error copy. `translate(template, **values)` puts them in words."""
    collected: dict[str, dict[int, list[str]]] = {}
    for finding in findings:
        collected.setdefault(finding.sheet, {}).setdefault(finding.row, []).append(str(translate(finding.message, **finding.values)))
    return {sheet: {row: "; ".join(dict.fromkeys(texts)) for row, texts in rows.items()} for sheet, rows in collected.items()}
