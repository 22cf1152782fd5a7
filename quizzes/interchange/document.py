"""What every format of question files reads into and writes from. Pure.

A text is plain, with `**bold**` as the only formatting and line breaks between paragraphs (`tidy`). A picture stands outside its
item: `body["picture"]["sha256"]` is its name, and `pictures[name]` has its bytes. In a file just read the names are the file's own, and
width and height may be missing; the store gives each picture its content's name and size when the item is imported (`with_pictures`),
and that name is what an export is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any, Protocol

from lms.kit.errors import N_
from lms.kit.vietnamese import clean
from quizzes.kinds.base import Problem
from quizzes.rules.bank import CODE, LONGEST_TEXT, TOPIC, ItemDraft

MOST_BYTES = 20 * 1024 * 1024
MOST_ITEMS = 10_000
MOST_PICTURES = 2_000
_LINE_BREAK = re.compile(r"\r\n|[\n\r\v\f\x85\u2028\u2029]")
_MANY_BREAKS = re.compile(r"\n{3,}")


class Weight(StrEnum):
    """How much a finding matters."""

    ERROR = "error"  # the item (or the whole file) is not imported
    LOST = "lost"  # imported, but this of it could not be carried
    NOTE = "note"  # carried whole; somebody should know all the same


@dataclass(frozen=True, slots=True)
class Finding:
    """What was found: a translatable sentence and its values. `line` of the file (from 1), where it is not that of the item itself."""

    weight: Weight
    problem: Problem
    line: int | None = None

    def __str__(self) -> str:
        return str(self.problem)


def error(message: str, /, *, line: int | None = None, **values: Any) -> Finding:
    return Finding(Weight.ERROR, Problem(message, values), line)


def lost(message: str, /, *, line: int | None = None, **values: Any) -> Finding:
    return Finding(Weight.LOST, Problem(message, values), line)


def note(message: str, /, *, line: int | None = None, **values: Any) -> Finding:
    return Finding(Weight.NOTE, Problem(message, values), line)


def distinct(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """Each finding once, as a question may be found wanting in the same way several times."""
    found: list[Finding] = []
    for one in findings:
        if one not in found:
            found.append(one)
    return tuple(found)


@dataclass(frozen=True, slots=True)
class Entry:
    """One question of a file and what became of it. Formats do not ask whether the item is sound: whoever imports does.

    `draft` is None where it could not be read; its `code`, `topic`, `level` and `explanation` are empty where the file does not say.
    `name` is how the file calls it (a code, a title, else the beginning of its stem), `line` where it begins, for files of lines or rows.
    """

    place: int
    name: str
    draft: ItemDraft | None
    findings: tuple[Finding, ...] = ()
    line: int | None = None

    @property
    def refused(self) -> bool:
        return self.draft is None or any(one.weight is Weight.ERROR for one in self.findings)


@dataclass(frozen=True, slots=True)
class Parsed:
    """A file as it was read. `findings` are of the file as a whole; with an error among them nothing of it is imported."""

    entries: tuple[Entry, ...] = ()
    findings: tuple[Finding, ...] = ()
    pictures: Mapping[str, bytes] = field(default_factory=dict)

    @property
    def refused(self) -> bool:
        return any(one.weight is Weight.ERROR for one in self.findings)

    @property
    def drafts(self) -> list[ItemDraft]:
        """The items that could be read."""
        return [entry.draft for entry in self.entries if entry.draft is not None and not entry.refused]


def refusal(message: str, /, *, line: int | None = None, **values: Any) -> Parsed:
    """A file that cannot be read at all."""
    return Parsed(findings=(error(message, line=line, **values),))


@dataclass(frozen=True, slots=True)
class Loss:
    """What a written file does not say of an item, or that it does not hold the item at all (weight ERROR)."""

    code: str
    finding: Finding


@dataclass(frozen=True, slots=True)
class Written:
    content: bytes
    losses: tuple[Loss, ...] = ()


class Format(Protocol):
    """A format of question files. `read` never raises for what a file holds: all that is wrong is found and named."""

    @property
    def name(self) -> str:
        """For commands and addresses: `gift`."""

    @property
    def label(self) -> str:
        """For people; a translatable msgid."""

    @property
    def suffixes(self) -> tuple[str, ...]:
        """With their dots, the one that is written first."""

    @property
    def media_type(self) -> str: ...

    def recognises(self, data: bytes) -> bool:
        """Does this look like such a file? Quick, never raises, reads no more of the file than it must."""

    def read(self, data: bytes) -> Parsed:
        """What a file holds."""

    def write(self, items: Sequence[ItemDraft], pictures: Mapping[str, bytes]) -> Written:
        """The items as a file, with the losses named. Equal items give equal bytes."""


def tidy(text: str) -> str:
    """A text as items keep it: each line clean, an empty line at most between two, none at the ends."""
    if not _LINE_BREAK.search(text):
        return clean(text)
    return _MANY_BREAKS.sub("\n\n", "\n".join(clean(line) for line in _LINE_BREAK.split(text))).strip("\n")


def code_of(name: str) -> str:
    """The code a title stands for; empty where it is no code, but words."""
    plain = clean(name)
    return plain if CODE.fullmatch(plain) and any(char.isdigit() for char in plain) else ""


def topic_of(category: str) -> str:
    """The topic a category path (`$course$/top/CB1.3`) ends in; empty where its last step is no code, but words."""
    last = clean(category.rpartition("/")[2])
    return last if TOPIC.fullmatch(last) else ""


def shown_name(text: str) -> str:
    """A name short enough for a report."""
    plain = clean(text)
    return plain if len(plain) <= 80 else plain[:79] + "…"


def too_long(draft: ItemDraft) -> list[Finding]:
    """Texts no item may have: every format runs its drafts through this (`limited`)."""
    longest = max(map(len, _texts(draft)), default=0)
    if longest <= LONGEST_TEXT:
        return []
    return [error(N_("có đoạn chữ dài %(count)s ký tự; nhiều nhất là %(most)s"), count=longest, most=LONGEST_TEXT)]


def limited(entries: Iterable[Entry]) -> tuple[Entry, ...]:
    """The entries, those with texts too long refused."""
    return tuple(
        replace(entry, findings=entry.findings + tuple(found)) if entry.draft and (found := too_long(entry.draft)) else entry
        for entry in entries
    )


def too_many_items() -> Parsed:
    return refusal(N_("tệp có hơn %(most)s câu hỏi; chia thành nhiều tệp nhỏ hơn rồi nhập lần lượt"), most=MOST_ITEMS)


def size_refusal(data: bytes) -> Parsed | None:
    """The refusal of a file that is empty or too large; None: go on."""
    if not data:
        return refusal(N_("tệp rỗng"))
    if len(data) > MOST_BYTES:
        return refusal(N_("tệp lớn hơn %(megabytes)s MB; chia thành nhiều tệp nhỏ hơn"), megabytes=MOST_BYTES // 2**20)
    return None


@dataclass(frozen=True, slots=True)
class Stored:
    """A picture as the store keeps it; `scale`: how much smaller it is than the one of the file."""

    sha256: str
    width: int
    height: int
    scale: float = 1.0


def picture_name(draft: ItemDraft) -> str | None:
    """What the item's picture is called; None where it has none."""
    picture = draft.body.get("picture")
    name = picture.get("sha256") if isinstance(picture, Mapping) else None
    return name if isinstance(name, str) and name else None


def with_pictures(draft: ItemDraft, stored: Mapping[str, Stored]) -> ItemDraft:
    """The item with its picture as it is stored and the places on it moved accordingly; as it is where `stored` does not know it."""
    kept = stored.get(picture_name(draft) or "")
    if kept is None:
        return draft
    picture = {**draft.body["picture"], "sha256": kept.sha256, "width": kept.width, "height": kept.height}
    body = {**draft.body, "picture": picture}
    if kept.scale != 1.0 and isinstance(body.get("spots"), list):
        body["spots"] = [_scaled(spot, kept.scale) for spot in body["spots"]]
    return replace(draft, body=body)


def _scaled(spot: Any, scale: float) -> Any:
    if not isinstance(spot, Mapping) or not isinstance(spot.get("coords"), list):
        return spot
    return {**spot, "coords": [int(one * scale) if isinstance(one, int) else one for one in spot["coords"]]}


def _mappings(value: Any) -> Iterator[Mapping[str, Any]]:
    if isinstance(value, Mapping):
        yield value
        for one in value.values():
            yield from _mappings(one)
    elif isinstance(value, list):
        for one in value:
            yield from _mappings(one)


def _texts(draft: ItemDraft) -> Iterator[str]:
    yield from (draft.stem, draft.explanation, draft.legal_basis or "", draft.competency or "", *draft.whys.values(), *draft.key)
    for part in _mappings(draft.body):
        yield from (one for one in part.values() if isinstance(one, str))
