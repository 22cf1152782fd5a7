"""What an official document is made of, before it is a PDF or a draft for the e-office: plain values, texts already written out. Pure."""

from __future__ import annotations

from enum import StrEnum

import msgspec


class Form(StrEnum):
    """Tên loại văn bản. The department reports on the whole and notifies each agency; an agency may report on itself to the one above."""

    REPORT = "report"
    NOTICE = "notice"


class Variant(StrEnum):
    """For whom a document is made. `draft` bears DỰ THẢO; `public` shows nothing that the public may not see."""

    DRAFT = "draft"
    FINAL = "final"
    PUBLIC = "public"


class Heading(msgspec.Struct, frozen=True, tag="heading"):
    """`level` 1: I. IN HOA ĐẬM; 2: 1. thường đậm."""

    text: str
    level: int


class Paragraph(msgspec.Struct, frozen=True, tag="paragraph"):
    text: str
    italic: bool = False


class Column(msgspec.Struct, frozen=True):
    """`width` in shares of the whole; words are set to the left, numbers to the right."""

    label: str
    width: float = 1
    is_text: bool = False


class Table(msgspec.Struct, frozen=True, tag="table"):
    """`rows` are as wide as `columns`; those in `strong` (by number) are set bold: totals, headings of parts."""

    caption: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]
    strong: tuple[int, ...] = ()


class Bar(msgspec.Struct, frozen=True):
    """`thousandths` of the full length; `label` is what the number reads as."""

    name: str
    thousandths: int
    label: str


class Chart(msgspec.Struct, frozen=True, tag="chart"):
    """Bars, one below another; `table` says the same in numbers and `alt` in words."""

    caption: str
    alt: str
    bars: tuple[Bar, ...]
    table: Table


Piece = Heading | Paragraph | Table | Chart


class Annex(msgspec.Struct, frozen=True):
    """Phụ lục: its `label` is empty where it is the only one's number that is left out."""

    label: str
    title: str
    reference: str
    table: Table
    notes: tuple[str, ...]


class Letterhead(msgspec.Struct, frozen=True):
    """Who issues, and what of number, place and signature is printed: blanks are for the clerk (văn thư) and the e-office."""

    above: str
    issuer: str
    number: str
    place: str
    signer: str
    recipients: tuple[str, ...]


class Proof(msgspec.Struct, frozen=True):
    """By which anybody finds out whether this paper is ours: fingerprints, and the address to ask at (`qr`: an SVG picture of it)."""

    lines: tuple[str, ...]
    address: str
    qr: str


class Document(msgspec.Struct, frozen=True):
    """The whole. `key` names what it was made from (see `lms.reports.documents.identity`); `built_at` is its date, ISO 8601 in UTC."""

    key: str
    title: str
    kind: str
    subject: str
    addressee: str
    draft: bool
    letterhead: Letterhead
    pieces: tuple[Piece, ...]
    annexes: tuple[Annex, ...]
    proof: Proof
    built_at: str
