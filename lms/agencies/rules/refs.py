"""How a sheet names an agency: by one of its codes, whose scheme is told by its form, or by its identity in this system."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from uuid import UUID

from lms.agencies.rules.events import Code
from lms.agencies.rules.kinds import CodeScheme

Ref = Code | UUID

# The form of the codes of each scheme, in the order in which an agency that bears several is named.
FORMS: Mapping[str, re.Pattern[str]] = {
    CodeScheme.QD20: re.compile(r"[A-Z][0-9]{2}(\.[0-9A-Z]{1,6}){0,6}"),  # H55, H55.242
    CodeScheme.DVHC: re.compile(r"[0-9]{2}|[0-9]{3}|[0-9]{5}"),  # province, district until 30/06/2025, commune
    CodeScheme.QCVN102: re.compile(r"[0-9]{3}\.[0-9]{2}\.[0-9]{2}\.[A-Z][0-9]{2}"),  # 000.00.12.H55
    CodeScheme.LOCAL: re.compile(r"[A-Z]{2,10}[.\-][0-9A-Z.\-]{1,40}"),  # BK.SYT
}
CODE = FORMS[CodeScheme.QD20]
_IDENTITY = "ID:"  # before an agency's id, where it bears no code
_ORDER = list(FORMS)


def scheme_of(code: str) -> str | None:
    """The scheme to which a code belongs by its form."""
    return next((scheme for scheme, form in FORMS.items() if form.fullmatch(code)), None)


def parse_ref(text: str) -> Ref | None:
    """`H55.242`, `05443`, `LOCAL:12/A` or `ID:0198…`; None where it is none of them."""
    upper = text.strip().upper()
    if upper.startswith(_IDENTITY):
        try:
            return UUID(upper.removeprefix(_IDENTITY))
        except ValueError:
            return None
    scheme, colon, code = upper.partition(":")
    if colon and scheme.lower() in FORMS:
        return Code(scheme.lower(), code.strip())
    code = upper.replace(" ", "")
    told = scheme_of(code)
    return Code(told, code) if told else None


def ref_text(ref: Ref) -> str:
    """As `parse_ref` reads it; with its scheme only where its form does not tell it."""
    if isinstance(ref, UUID):
        return f"{_IDENTITY}{ref}"
    return ref.code if scheme_of(ref.code) == ref.scheme else f"{ref.scheme.upper()}:{ref.code}"


def naming(codes: Iterable[Code]) -> Code | None:
    """The code by which an agency that bears these is named."""
    return min(codes, key=lambda code: (_ORDER.index(code.scheme), code.code), default=None)
