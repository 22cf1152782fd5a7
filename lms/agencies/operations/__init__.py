"""Changing the agency tree."""

from lms.agencies.operations.changes import abolish_agency, assign_code, establish_agency, merge_agencies, move_agency, rename_agency
from lms.agencies.operations.events import correct_event, record_change, record_changes, withdraw_event, withdraw_import
from lms.agencies.operations.imports import apply_import, check_import, undo_import
from lms.agencies.operations.rebuild import Rebuilt, rebuild_agencies
from lms.agencies.operations.reckoning import (
    Preview,
    preview_change,
    preview_changes,
    preview_correction,
    preview_import_withdrawal,
    preview_withdrawal,
)

__all__ = [
    "Preview",
    "Rebuilt",
    "abolish_agency",
    "apply_import",
    "assign_code",
    "check_import",
    "correct_event",
    "establish_agency",
    "merge_agencies",
    "move_agency",
    "preview_change",
    "preview_changes",
    "preview_correction",
    "preview_import_withdrawal",
    "preview_withdrawal",
    "rebuild_agencies",
    "record_change",
    "record_changes",
    "rename_agency",
    "undo_import",
    "withdraw_event",
    "withdraw_import",
]
