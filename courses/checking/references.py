"""Numbers of laws, decrees, decisions, as texts name them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# What stands before a number and tells what kind of document it is; longer names first.
KINDS = {
    "Bộ luật": "Luật",
    "Luật": "Luật",
    "Nghị quyết": "Nghị quyết",
    "NQ": "Nghị quyết",
    "Nghị định": "Nghị định",
    "NĐ": "Nghị định",
    "Quyết định": "Quyết định",
    "QĐ": "Quyết định",
    "Thông tư": "Thông tư",
    "TT": "Thông tư",
    "Chỉ thị": "Chỉ thị",
    "CT": "Chỉ thị",
    "Kế hoạch": "Kế hoạch",
    "KH": "Kế hoạch",
    "Công văn": "Công văn",
}
_SYMBOL = r"[A-ZĐ][A-Za-zĐđÀ-ỹ0-9]*(?:[-/][A-ZĐ][A-Za-zĐđÀ-ỹ0-9]*)*"
_NUMBER = re.compile(
    r"(?<![\w/.])(?:(?P<kind>" + "|".join(KINDS) + r")\s+(?:số\s+)?)?"
    rf"(?P<number>\d{{1,5}}(?:\.\d{{1,2}})?)(?:/(?P<year>(?:19|20)\d{{2}})(?:/(?P<symbol>{_SYMBOL}))?"
    rf"|(?P<joint>[/-])(?P<other>(?:QĐ|NQ|CT|KH|TB|BC|HD|QC|CTr|KL|TW|[A-ZĐ]{{2,12}}-|[A-ZĐ]{{2,4}}/)[A-Za-zĐđÀ-ỹ0-9/-]*))(?![\w/])"
)


@dataclass(frozen=True, slots=True)
class Reference:
    """A document as named in a text: `331/2026/NĐ-CP`, `749/QĐ-TTg`, `57-NQ/TW`, or without its symbol `148/2025`."""

    kind: str | None
    number: str
    year: str | None
    symbol: str | None
    text: str

    @property
    def written(self) -> str:
        """The number as it is written, without the kind."""
        return self.text[self.text.index(self.number) :]

    def is_same(self, other: Reference) -> bool:
        """Do both name one document, as far as they say?"""
        if self.number.lstrip("0") != other.number.lstrip("0") or self.year != other.year:
            return False
        return not self.symbol or not other.symbol or self.symbol.casefold() == other.symbol.casefold()


def references(text: str) -> Iterator[Reference]:
    """The documents a text names by number."""
    for match in _NUMBER.finditer(text):
        kind = KINDS.get(match["kind"]) if match["kind"] else None
        if match["year"] and not match["symbol"] and kind is None:
            continue  # 11/2026 is a month
        symbol = match["symbol"] or match["other"]
        yield Reference(kind, match["number"], match["year"], symbol.rstrip("-/") if symbol else None, match[0])
