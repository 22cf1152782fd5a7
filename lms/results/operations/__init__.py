"""Writing the ledger."""

from lms.results.operations.writing import (
    add_expectations,
    change_expectation,
    lock_activity,
    record_expectations,
    record_outcome,
    record_outcomes,
    supersede_outcomes,
)

__all__ = [
    "add_expectations",
    "change_expectation",
    "lock_activity",
    "record_expectations",
    "record_outcome",
    "record_outcomes",
    "supersede_outcomes",
]
