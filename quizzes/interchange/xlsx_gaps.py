"""Gaps as one cell writes them: `[[*đúng|sai|sai]]` a list to choose from, `[[=từ|từ khác]]` words, `[[#12,5±0,1]]` a number. Pure."""

from __future__ import annotations

import re
from typing import Any

from lms.kit.errors import N_
from quizzes.interchange.document import Finding, error
from quizzes.kinds.cloze import GAP, LIST, NUMBER, WORDS
from quizzes.kinds.numbers import exact, typed_number
from quizzes.rules.bank import ItemDraft

_WRITTEN = re.compile(r"\[\[(.*?)\]\]")
_IDS = "abcdefghijkl"


class WrittenWrongError(Exception):
    """A cell that cannot be understood. `finding` says why."""

    def __init__(self, finding: Finding) -> None:
        super().__init__(str(finding))
        self.finding = finding


def gaps_of(cell: str) -> tuple[str, list[dict[str, Any]], list[str]]:
    """The running text, the gaps and the key. Raises WrittenWrongError."""
    gaps: list[dict[str, Any]] = []
    key: list[str] = []

    def gap(found: re.Match[str]) -> str:
        id_ = str(len(gaps) + 1)
        made, right = _gap(id_, found[1].strip())
        gaps.append(made)
        key.extend(f"{id_}={one}" for one in right)
        return f"{{{{{id_}}}}}"

    text = _WRITTEN.sub(gap, cell)
    if not gaps:
        raise WrittenWrongError(error(N_("cột Đoạn văn có chỗ trống chưa có chỗ trống nào, ví dụ [[*đúng|sai|sai]]")))
    return text, gaps, key


def _gap(id_: str, written: str) -> tuple[dict[str, Any], list[str]]:
    if written.startswith("#"):
        value, _sign, margin = written[1:].partition("±")
        number, tolerance = typed_number(value), typed_number(margin) if margin.strip() else None
        if number is None or (margin.strip() and tolerance is None):
            raise _wrong(written)
        return {"id": id_, "kind": NUMBER} | ({"tolerance": f"{tolerance:f}"} if tolerance else {}), [f"{number:f}"]
    texts = [text.strip() for text in written.removeprefix("=").split("|") if text.strip()]
    if written.startswith("="):
        return {"id": id_, "kind": WORDS}, texts
    right = [place for place, text in enumerate(texts) if text.startswith("*")]
    if len(right) != 1 or len(texts) > len(_IDS):
        raise _wrong(written)
    options = [{"id": _IDS[place], "text": text.removeprefix("*").strip()} for place, text in enumerate(texts)]
    return {"id": id_, "kind": LIST, "options": options}, [_IDS[right[0]]]


def _wrong(written: str) -> WrittenWrongError:
    return WrittenWrongError(
        error(N_("chỗ trống “[[%(text)s]]” viết sai; cần [[*đúng|sai|sai]], [[=từ|từ khác]] hoặc [[#12,5±0,1]]"), text=written[:60])
    )


def text_with_gaps(item: ItemDraft) -> str:
    """The running text of a sound cloze as one cell writes it."""
    gaps = {gap["id"]: gap for gap in item.body["gaps"]}
    right: dict[str, list[str]] = {}
    for one in item.key:
        id_, _sign, value = one.partition("=")
        right.setdefault(id_, []).append(value)
    return GAP.sub(lambda found: f"[[{_written(gaps[found[1]], right[found[1]])}]]", item.body["text"])


def _written(gap: dict[str, Any], right: list[str]) -> str:
    if gap["kind"] == LIST:
        return "|".join(("*" if option["id"] == right[0] else "") + option["text"] for option in gap["options"])
    if gap["kind"] == WORDS:
        return "=" + "|".join(right)
    margin = exact(str(gap.get("tolerance", "")))
    return "#" + right[0].replace(".", ",") + (f"±{margin:f}".replace(".", ",") if margin else "")
