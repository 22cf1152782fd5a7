"""Changing the agency tree."""

from lms.agencies.operations.changes import abolish_agency, establish_agency, merge_agencies, move_agency, rename_agency
from lms.agencies.operations.closure import rebuild_closure, refresh_closure
from lms.agencies.operations.imports import apply_import, check_import
from lms.agencies.operations.versions import assign_code, record_event

__all__ = [
    "abolish_agency",
    "apply_import",
    "assign_code",
    "check_import",
    "establish_agency",
    "merge_agencies",
    "move_agency",
    "rebuild_closure",
    "record_event",
    "refresh_closure",
    "rename_agency",
]
