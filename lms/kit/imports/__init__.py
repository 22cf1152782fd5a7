"""Importing a file: upload → check → preview → confirm → the worker applies → done, the same for agencies, rosters and questions.

A package brings two pure-ish functions, `check` (what would the file change?) and `apply` (change it), and five short views that call
`lms.kit.imports.web`. Nothing is written before a person has seen the counts and pressed the button that names them.
"""

from lms.kit.imports.models import ImportFile, ImportRun
from lms.kit.imports.operations import PendingImport
from lms.kit.imports.rules import Checked, Finding, ImportState, fingerprint_of

__all__ = ["Checked", "Finding", "ImportFile", "ImportRun", "ImportState", "PendingImport", "fingerprint_of"]
