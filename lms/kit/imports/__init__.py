"""Importing a file: upload → check → preview → confirm → the worker applies → done, the same for agencies, rosters and questions.

A package brings two pure-ish functions, `check` (what would the file change?) and `apply` (change it), and five short views that call
`lms.kit.imports.web`. Nothing is written before a person has seen the counts and pressed the button that names them.
"""

from lms.kit.imports.models import ImportFile, ImportRun
from lms.kit.imports.operations import PendingImport
from lms.kit.imports.rules import UNDO_WINDOW, Checked, Finding, ImportState, fingerprint_of
from lms.kit.imports.undo import DoneImport, carry_out_undo, last_done, undo_now

__all__ = [
    "UNDO_WINDOW",
    "Checked",
    "DoneImport",
    "Finding",
    "ImportFile",
    "ImportRun",
    "ImportState",
    "PendingImport",
    "carry_out_undo",
    "fingerprint_of",
    "last_done",
    "undo_now",
]
