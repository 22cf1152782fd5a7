"""A document as PDF: PDF/A-2a and PDF/UA-1 in one file, with the fonts of this package alone. Same document, same bytes."""

from __future__ import annotations

import threading
from datetime import datetime
from functools import lru_cache
from pathlib import Path

import msgspec
import typst

from lms.reports.documents.pieces import Document

_HERE = Path(__file__).parent
_FONTS = _HERE.parent / "fonts"
_STANDARDS: list[typst.PDFStandard] = ["a-2a", "ua-1"]
# Words of the template, which has none of its own but what the decree prescribes.
_WORDS = {"draft_mark": "DỰ THẢO", "to": "Kính gửi: "}
_AT = "Tra cứu tại: "
_turn = threading.Lock()


def pdf(document: Document) -> bytes:
    """Raises typst.TypstError where the document cannot be set: a defect of ours, for texts are never read as markup."""
    with _turn:  # one compiler a process: the template and the fonts are read once
        result = _compiler().compile(
            format="pdf", pdf_standards=_STANDARDS, sys_inputs={"document": _json(document)}, timestamp=_moment(document)
        )
    assert isinstance(result, bytes)
    return result


def picture(document: Document, ppi: int = 96) -> list[bytes]:
    """The pages as PNG, for those who want to look at them."""
    with _turn:
        result = _compiler().compile(format="png", ppi=ppi, sys_inputs={"document": _json(document)})
    return [result] if isinstance(result, bytes) else list(result or ())


@lru_cache(maxsize=1)
def _compiler() -> typst.Compiler:
    return typst.Compiler(_HERE / "report.typ", root=_HERE, font_paths=[_FONTS], ignore_system_fonts=True)


def _json(document: Document) -> str:
    values = msgspec.to_builtins(document)
    values.update(_WORDS)
    values["proof"]["at"] = _AT
    return msgspec.json.encode(values).decode()


def _moment(document: Document) -> int:
    return int(datetime.fromisoformat(document.built_at).timestamp())
