"""What an experienced author would say about an item that is sound: advice, never a refusal. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from lms.kit.errors import N_
from lms.kit.vietnamese import fold
from quizzes.kinds.base import Problem
from quizzes.rules.bank import ItemDraft, bold_parts

# “Tất cả các đáp án trên”, “cả A và B đều đúng”, “không có phương án nào đúng”, as folded text.
_OPTION = r"(phuong an|dap an|cau|y|lua chon)"
_ALL_OF_THEM = re.compile(
    r"\bdeu (dung|sai)\b|^(chi )?ca [a-d] va [a-d]\b|"
    rf"^(tat ca|ca (hai|ba|bon))( cac| nhung)? {_OPTION}\b|^khong (co )?{_OPTION} nao\b|"
    rf"\b{_OPTION} (o |neu )?tren\b|\btat ca (cac |nhung )?(dieu |noi dung |viec )?(o |neu )?tren\b"
)
# Words that turn a question round; “… hay không?” at its end asks and does not deny.
_NEGATION = re.compile(r"\b(không(?!\s*[?.]?\s*$)|ngoại trừ|chưa (?:đúng|chính xác|phù hợp)|nào sai|là sai)\b", re.IGNORECASE)
_WHETHER = re.compile(r"(có|hay|phải|được)\s+không\b", re.IGNORECASE)
_FILE_NAME = re.compile(r"\.(png|jpe?g|gif|webp)$|^(img|dsc|image|screenshot|untitled|hình)[ _-]?[0-9]*$", re.IGNORECASE)
MUCH_LONGER = 1.2
LONG_ENOUGH = 20
LONGEST_STEM = 600


def remarks(draft: ItemDraft) -> list[Problem]:
    """Remarks on a draft, those on the whole item first."""
    options = [option for option in draft.body.get("options", []) if str(option.get("text", "")).strip()]
    return [
        *_about_the_stem(draft.stem),
        *(_about_the_key(options, draft.key) if draft.kind == "single_choice" else ()),
        *_about_options(options),
        *_about_the_picture(draft.body.get("picture")),
    ]


def unmarked_negation(stem: str) -> str | None:
    """The word that turns a question round and is not bold."""
    plain = " ".join(part for part, bold in bold_parts(stem) if not bold)
    found = _NEGATION.search(_WHETHER.sub(" ", plain))
    return found[0] if found else None


def names_other_options(text: str) -> bool:
    """Does an option speak of the other options (“tất cả các đáp án trên”)?"""
    return _ALL_OF_THEM.search(fold(text)) is not None


def _about_the_stem(stem: str) -> Iterator[Problem]:
    if word := unmarked_negation(stem):
        yield Problem(N_("Từ phủ định “%(word)s” nên in đậm: **%(word)s**"), {"word": word})
    if len(stem) > LONGEST_STEM:
        yield Problem(N_("Câu dẫn dài %(length)s ký tự; người làm bài trên điện thoại phải cuộn để đọc"), {"length": len(stem)})


def _about_the_key(options: list[Any], key: list[str]) -> Iterator[Problem]:
    right = [len(option["text"]) for option in options if option["id"] in key]
    wrong = [len(option["text"]) for option in options if option["id"] not in key]
    if len(right) == 1 and wrong and right[0] >= LONG_ENOUGH and right[0] > MUCH_LONGER * max(wrong):
        yield Problem(N_("Đáp án đúng dài nhất (%(right)s so với %(wrong)s ký tự)"), {"right": right[0], "wrong": max(wrong)})
    if 2 <= len(options) < 4:
        yield Problem(N_("Chỉ có %(count)s phương án; bốn phương án khó đoán mò hơn"), {"count": len(options)})


def _about_options(options: list[Any]) -> Iterator[Problem]:
    seen: dict[str, str] = {}
    for option in options:
        words = re.sub(r"\W+", " ", fold(option["text"])).strip()
        if names_other_options(option["text"]):
            yield Problem(
                N_("Phương án “%(text)s”: tránh “tất cả đáp án trên” và các phương án nhắc tới phương án khác"),
                {"text": option["text"][:60]},
            )
        if words in seen:
            yield Problem(
                N_("Hai phương án gần như giống nhau: “%(one)s” và “%(other)s”"), {"one": seen[words][:60], "other": option["text"][:60]}
            )
        seen[words] = option["text"]


def _about_the_picture(picture: Any) -> Iterator[Problem]:
    if picture and _FILE_NAME.search(str(picture.get("alt", "")).strip()):
        yield Problem(N_("Lời mô tả hình giống tên tệp; hãy nói hình cho thấy gì"))
