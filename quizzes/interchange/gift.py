"""GIFT, the plain text that Moodle and many others read: docs.moodle.org/en/GIFT_format."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import groupby, islice

from lms.kit.errors import N_
from quizzes.interchange import gift_write
from quizzes.interchange.document import (
    MOST_ITEMS,
    Entry,
    Finding,
    Loss,
    Parsed,
    Written,
    limited,
    lost,
    picture_name,
    refusal,
    shown_name,
    size_refusal,
    too_many_items,
    topic_of,
)
from quizzes.interchange.gift_read import entry
from quizzes.interchange.gift_text import LEFTOVERS, blocks
from quizzes.interchange.leftovers import leftovers
from quizzes.interchange.one_line import one_line
from quizzes.interchange.part_names import losses
from quizzes.interchange.text_bytes import UnreadableError, decoded
from quizzes.rules.bank import ItemDraft

_MOST_BLOCKS = 4 * MOST_ITEMS  # questions, and what stands between them
_TOP = re.compile(r"\$\w+\$(/top)?|top", re.IGNORECASE)
_SIGN = re.compile(rb"\$CATEGORY:|(?m:^\s*//)|::.{0,300}::|\{\s*(=|~|#|T\b|F\b|TRUE\b|FALSE\b|\})", re.DOTALL)


class GiftFormat:
    name = "gift"
    label = N_("GIFT (Moodle)")
    suffixes = (".gift", ".txt")
    media_type = "text/plain"

    def recognises(self, data: bytes) -> bool:
        start = data[:65_536].replace(b"\x00", b"").lstrip(b"\xef\xbb\xbf\xff\xfe \t\r\n")
        return not start.startswith((b"<", b"{", b"[{", b"PK", b"%PDF", b"\xd0\xcf")) and bool(_SIGN.search(start))

    def read(self, data: bytes) -> Parsed:
        if refused := size_refusal(data):
            return refused
        try:
            text, findings = decoded(data)
        except UnreadableError:
            return refusal(N_("không đọc được chữ trong tệp; lưu lại với bảng mã UTF-8"))
        questions = list(islice((block for block in blocks(text) if block.text.strip() or block.category or block.comments), _MOST_BLOCKS))
        if sum(bool(block.text.strip()) for block in questions) > MOST_ITEMS or len(questions) == _MOST_BLOCKS:
            return too_many_items()
        entries: list[Entry] = []
        topic, comments = "", 0
        for block in questions:
            comments += block.comments
            if block.category is not None:
                line, path = block.category
                topic = topic_of(path)
                if not topic and not _TOP.fullmatch(path):
                    findings.append(lost(N_("danh mục “%(name)s” không phải mã chủ đề"), line=line, name=shown_name(path)))
            if not block.text.strip():
                continue
            entries.append(entry(block, len(entries) + 1, topic))
        if not entries:
            return refusal(N_("không tìm thấy câu hỏi GIFT nào trong tệp"))
        if comments:
            findings.append(lost(N_("%(count)s dòng chú thích (//)"), count=comments))
        return Parsed(limited(entries), tuple(findings))

    def write(self, items: Sequence[ItemDraft], pictures: Mapping[str, bytes]) -> Written:
        not_said: list[Loss] = []
        pieces: list[str] = []
        for topic, group in groupby(items, key=lambda item: item.topic):
            pieces.append(f"$CATEGORY: $course$/top/{topic}\n")
            for item in group:
                text, found = _written(item)
                not_said += [Loss(item.code, finding) for finding in found]
                if text:
                    pieces.append(text)
        return Written("\n".join(pieces).encode("utf-8", "replace"), tuple(not_said))


def _written(item: ItemDraft) -> tuple[str, list[Finding]]:
    """The question with its comments, and what is lost; no question where GIFT has no form for it."""
    if refused := gift_write.refused(item):
        return "", [refused]
    bare = replace(item, body={name: value for name, value in item.body.items() if name != "picture"})
    question, comment = gift_write.question(bare), gift_write.comment(bare)
    native = next(one.draft for block in blocks(f"{comment}\n{question}\n") if (one := entry(block, 1, bare.topic)))
    if native is None:
        return "", [refusal(N_("không ghi được câu này vào GIFT")).findings[0]]
    rest = leftovers(bare, native)
    kept = f"// {LEFTOVERS} {one_line(rest)}\n" if rest else ""
    found = [lost(N_("hình không ghi được vào GIFT"))] if picture_name(item) else []
    return f"{comment}\n{kept}{question}\n", [*found, *losses(bare, native)]
