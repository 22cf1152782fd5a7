"""Official documents of a report: PDF, the e-office's draft, the workbook. Pure functions of the frozen body and the manifest: nothing
else is read, and the same body gives the same bytes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from enum import StrEnum
from io import BytesIO
from typing import Any
from zipfile import BadZipFile, ZipFile

from lms.reports.documents.content import default_form, document
from lms.reports.documents.draft import draft
from lms.reports.documents.identity import Identity
from lms.reports.documents.pdf import pdf
from lms.reports.documents.pieces import Form, Variant
from lms.reports.documents.workbook import workbook
from lms.reports.rules.body import AgencyBody

__all__ = ["Form", "Identity", "Kind", "Variant", "default_form", "identify", "rebuild"]
_LARGEST_PROPERTIES = 64 * 1024


class Kind(StrEnum):
    PDF = "pdf"
    DOCX = "docx"
    XLSX = "xlsx"

    @property
    def media_type(self) -> str:
        office = "application/vnd.openxmlformats-officedocument"
        return {
            Kind.PDF: "application/pdf",
            Kind.DOCX: f"{office}.wordprocessingml.document",
            Kind.XLSX: f"{office}.spreadsheetml.sheet",
        }[self]


def rebuild(
    kind: str,
    body: AgencyBody,
    manifest: Mapping[str, Any],
    *,
    variant: Variant = Variant.FINAL,
    form: Form | None = None,
    below: Sequence[AgencyBody] = (),
) -> bytes:
    """The file a report is rendered as. For the same report to come out to the byte, pass the variant, the form and the agencies below
    that were rendered: those a file names of itself (`identify`), and `below` every agency under the topmost one, none under others.
    """
    form = form or default_form(body)
    if kind == Kind.XLSX:
        return workbook(body, variant, form, below)
    made = document(body, manifest, variant, form=form, below=below)
    return pdf(made) if kind == Kind.PDF else draft(made)


def identify(content: bytes) -> tuple[Kind, Identity] | None:
    """What a file says it is a rendering of; None for one that is not ours. It only says so: to know, make it again and compare."""
    if content.startswith(b"%PDF-"):
        found = Identity.find(content.decode("latin-1"))
        return (Kind.PDF, found) if found else None
    try:
        with ZipFile(BytesIO(content)) as archive:
            names = set(archive.namelist())
            entry = archive.getinfo("docProps/core.xml")
            if entry.file_size > _LARGEST_PROPERTIES:
                return None
            found = Identity.find(archive.read(entry).decode(errors="replace"))
    except (BadZipFile, KeyError, NotImplementedError, RuntimeError, OSError):
        return None
    kind = Kind.XLSX if "xl/workbook.xml" in names else Kind.DOCX
    return (kind, found) if found else None
