"""What a question file would change in the bank: reading only."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from typing import Any

from sqlalchemy.orm import Session

from lms.kit import imports
from lms.kit.errors import N_, DomainError
from quizzes.interchange.document import Entry, Finding, Parsed, Stored, Weight, error, lost, note, picture_name, with_pictures
from quizzes.kinds.base import Problem
from quizzes.queries import bank as bank_queries
from quizzes.queries.duplicates import LookAlike, look_alikes
from quizzes.queries.media import picture_sizes
from quizzes.queries.topics import topic_names
from quizzes.rules.bank import CODE, LEVELS, TOPIC, ItemDraft, ItemState
from quizzes.rules.pictures import Prepared, prepared

AT_ONCE = 500
MOST_PICTURES = 500
MOST_LISTED = 2_000
STATES = (ItemState.DRAFT, ItemState.IN_REVIEW, ItemState.APPROVED)


class Fate(StrEnum):
    """What becomes of a question of the file."""

    NEW = "new"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
    REFUSED = "refused"
    LEFT_OUT = "left_out"  # no question at all, such as a description


FATE_NAMES = {
    Fate.NEW: N_("Câu mới"),
    Fate.CHANGED: N_("Phiên bản mới"),
    Fate.UNCHANGED: N_("Đã có, không đổi"),
    Fate.REFUSED: N_("Không nhập"),
    Fate.LEFT_OUT: N_("Không phải câu hỏi"),
}


@dataclass(frozen=True, slots=True)
class Options:
    """What was chosen on the page: where the items go, and what holds for those whose file does not say."""

    state: ItemState = ItemState.DRAFT
    topic: str = ""
    level: str = ""
    new_versions: bool = True

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Options:
        return cls(
            ItemState(values.get("state", ItemState.DRAFT)),
            values.get("topic") or "",
            values.get("level") or "",
            bool(values.get("new_versions", True)),
        )


@dataclass(frozen=True, slots=True)
class Planned:
    """One question of the file. `state` is where it goes; `draft` has its code, topic, level and picture by then."""

    entry: Entry
    fate: Fate
    draft: ItemDraft | None
    state: ItemState
    findings: tuple[Finding, ...]
    alike: LookAlike | None = None

    @property
    def code(self) -> str:
        return self.draft.code if self.draft is not None else ""


@dataclass(frozen=True, slots=True)
class ImportPlan:
    items: tuple[Planned, ...]
    findings: tuple[Finding, ...]
    pictures: Mapping[str, Prepared] = field(default_factory=dict)

    def of(self, *fates: Fate) -> list[Planned]:
        return [item for item in self.items if item.fate in fates]

    @property
    def counts(self) -> dict[str, int]:
        fates = Counter(item.fate for item in self.items)
        losing = sum(any(one.weight is Weight.LOST for one in item.findings) for item in self.of(Fate.NEW, Fate.CHANGED))
        alike = sum(item.alike is not None for item in self.of(Fate.NEW, Fate.CHANGED))
        return {**{str(fate): fates[fate] for fate in Fate if fate is not Fate.REFUSED}, "alike": alike, "losing": losing}

    def checked(self) -> imports.Checked:
        """The same as the pages of imports show it."""
        plan = [
            [item.entry.place, str(item.fate), item.code, item.draft.content_hash() if item.draft else "", str(item.state)]
            for item in self.items
        ]
        whole = [_shown(one, 0, "") for one in self.findings]
        each = [_shown(one, item.entry.line or item.entry.place, item.entry.name) for item in self.items for one in item.findings]
        return imports.Checked(
            counts=self.counts,
            rows=len(self.of(Fate.NEW, Fate.CHANGED)),
            fingerprint=imports.fingerprint_of(plan),
            findings=sorted([*whole, *each], key=lambda one: not one.blocking),
            details={"items": [_line(item) for item in self.items[:MOST_LISTED]], "items_count": len(self.items)},
        )


def _line(item: Planned) -> dict[str, Any]:
    return {"row": item.entry.line or item.entry.place, "name": item.entry.name, "code": item.code, "fate": str(item.fate)}


def _shown(finding: Finding, row: int, name: str) -> imports.Finding:
    values = {key: value if isinstance(value, int) else str(value) for key, value in finding.problem.values.items()}
    return imports.Finding(
        sheet="",
        row=finding.line or row,
        message=finding.problem.message,
        values=values,
        value=name,
        blocking=finding.weight is Weight.ERROR,
        code=str(finding.weight),
    )


def plan_import(session: Session, parsed: Parsed, options: Options) -> ImportPlan:
    """What importing would do, question by question. Raises DomainError where the file as a whole is refused."""
    if parsed.refused:
        raise refusal_of(parsed)
    pictures, bad = _pictures(session, parsed)
    stored = {name: Stored(one.sha256, one.width, one.height, one.scale) for name, one in pictures.items()}
    topics = {*topic_names(session), *(topic for topic, _level in bank_queries.bank_counts(session))}
    ready = [_ready(entry, options, stored, bad, topics) for entry in parsed.entries]
    alike = _alike(session, ready)
    return ImportPlan(tuple(_decided(session, ready, alike, options)), parsed.findings, pictures)


def refusal_of(parsed: Parsed) -> DomainError:
    """Why the file as a whole is not read."""
    first = next(one for one in parsed.findings if one.weight is Weight.ERROR)
    if first.line is None:
        return DomainError(N_("Không nhập được tệp: %(reason)s."), code="unreadable_file", reason=first.problem)
    return DomainError(N_("Không nhập được tệp, dòng %(line)s: %(reason)s."), code="unreadable_file", line=first.line, reason=first.problem)


def _pictures(session: Session, parsed: Parsed) -> tuple[dict[str, Prepared], dict[str, DomainError]]:
    """The pictures the items show, written anew; those the store has already stay as they are."""
    names = sorted({name for draft in parsed.drafts if (name := picture_name(draft)) in parsed.pictures and name})
    if len(names) > MOST_PICTURES:
        raise DomainError(N_("Tệp có hơn %(most)s hình. Chia thành nhiều tệp nhỏ hơn."), code="too_many_pictures", most=MOST_PICTURES)
    digests = {name: hashlib.sha256(parsed.pictures[name]).hexdigest() for name in names}
    kept = picture_sizes(session, list(digests.values()))
    found: dict[str, Prepared] = {}
    bad: dict[str, DomainError] = {}
    for name, digest in digests.items():
        content = parsed.pictures[name]
        if digest in kept:
            found[name] = Prepared(digest, "", content, kept[digest].width, kept[digest].height, 1.0)
            continue
        try:
            found[name] = prepared(content)
        except DomainError as failed:
            bad[name] = failed
    return found, bad


@dataclass(slots=True)
class _Ready:
    """A question on its way: everything that needs no look at the bank's items is done."""

    entry: Entry
    draft: ItemDraft | None
    findings: list[Finding]
    complete: bool = False
    fit: bool = True

    def refuse(self, finding: Finding) -> None:
        self.findings.append(finding)
        self.fit = False


def _ready(entry: Entry, options: Options, stored: Mapping[str, Stored], bad: Mapping[str, DomainError], topics: set[str]) -> _Ready:
    one = _Ready(entry, entry.draft, list(entry.findings), fit=not entry.refused)
    if entry.draft is None or not one.fit:
        return one
    draft = _placed(one, entry.draft, options, topics)
    name = picture_name(draft)
    if name is not None and name in bad:
        one.refuse(error(N_("hình “%(name)s”: %(reason)s"), name=name[:60], reason=str(bad[name])))
    draft = with_pictures(draft, stored)
    try:
        draft = draft.stored()
        faults, problems = draft.faults(), draft.problems()
    except (TypeError, ValueError, KeyError, AttributeError, IndexError, ArithmeticError):
        one.refuse(error(N_("phần thân câu hỏi không đúng cấu trúc của loại “%(kind)s”"), kind=draft.kind[:40]))
        return one
    for fault in faults if one.fit else ():
        one.refuse(Finding(Weight.ERROR, fault))
    one.draft, one.complete = draft, not problems
    if one.fit and problems and options.state is not ItemState.DRAFT:
        _incomplete(one, problems, options)
    return one


def _incomplete(one: _Ready, problems: Sequence[Problem], options: Options) -> None:
    why = "; ".join(str(problem) for problem in problems)
    if options.state is ItemState.APPROVED:
        one.refuse(error(N_("chưa đủ để duyệt: %(why)s"), why=why))
    else:
        one.findings.append(note(N_("chưa đủ để gửi thẩm định (%(why)s): được giữ làm bản nháp"), why=why))


def _placed(one: _Ready, draft: ItemDraft, options: Options, topics: set[str]) -> ItemDraft:
    """The draft with a topic, a level and a code that can be."""
    topic = draft.topic
    if topic and topic not in topics and options.topic:
        one.findings.append(lost(N_("chủ đề “%(topic)s” chưa có; câu được đưa vào %(chosen)s"), topic=topic[:40], chosen=options.topic))
        topic = options.topic
    elif topic and topic not in topics:
        one.findings.append(note(N_("chủ đề “%(topic)s” chưa có trong khóa học nào"), topic=topic[:40]))
    topic = topic or options.topic
    if not TOPIC.fullmatch(topic):
        one.refuse(error(N_("chưa có chủ đề; chọn chủ đề cho các câu không ghi chủ đề rồi tải lên lại")))
    level = draft.level or options.level
    if level not in LEVELS:
        one.refuse(error(N_("chưa có mức độ; chọn mức độ cho các câu không ghi mức độ rồi tải lên lại")))
    if draft.code and not CODE.fullmatch(draft.code):
        one.refuse(error(N_("mã “%(name)s” không dùng được (chữ không dấu, số, dấu chấm, gạch nối)"), name=draft.code[:60]))
    return replace(draft, topic=topic, level=level)


def _alike(session: Session, ready: Sequence[_Ready]) -> dict[int, LookAlike]:
    """Place in the file → the item of the bank that reads most like the question, itself left out."""
    fit = [one for one in ready if one.fit and one.draft]
    found: dict[int, LookAlike] = {}
    for start in range(0, len(fit), AT_ONCE):
        some = fit[start : start + AT_ONCE]
        for one, others in zip(some, look_alikes(session, [(one.draft.stem, one.draft.body) for one in some if one.draft]), strict=True):
            other = next((other for other in others if one.draft and other.code != one.draft.code), None)
            if other is not None:
                found[one.entry.place] = other
    return found


def _decided(session: Session, ready: Sequence[_Ready], alike: Mapping[int, LookAlike], options: Options) -> list[Planned]:
    codes = [one.draft.code for one in ready if one.draft and one.fit and one.draft.code]
    known: dict[str, bank_queries.Known] = {}
    for start in range(0, len(codes), AT_ONCE):
        known.update(bank_queries.known_items(session, codes[start : start + AT_ONCE]))
    codes_of = _Codes(session, set(codes))
    seen: dict[str, int] = {}
    planned = []
    for one in ready:
        fate = _fate(one, known, seen, alike.get(one.entry.place), options)
        draft = one.draft
        if draft is not None and fate is Fate.NEW and not draft.code:
            draft = replace(draft, code=codes_of.next(draft.topic))
        state = options.state if one.complete else ItemState.DRAFT
        look_alike = alike.get(one.entry.place) if fate in (Fate.NEW, Fate.CHANGED) else None
        if look_alike is not None:
            one.findings.append(
                note(N_("giống câu %(other)s trong ngân hàng (%(share)s%%)"), other=look_alike.code, share=round(look_alike.likeness * 100))
            )
        planned.append(Planned(one.entry, fate, draft, state, tuple(one.findings), look_alike))
    return planned


def _fate(one: _Ready, known: Mapping[str, bank_queries.Known], seen: dict[str, int], alike: LookAlike | None, options: Options) -> Fate:
    if one.draft is None and not any(finding.weight is Weight.ERROR for finding in one.findings):
        return Fate.LEFT_OUT
    if one.draft is None or not one.fit:
        return Fate.REFUSED
    code = one.draft.code
    if not code:
        if alike is not None and alike.exact:
            one.findings.append(note(N_("đã có trong ngân hàng với mã %(other)s"), other=alike.code))
            return Fate.UNCHANGED
        return Fate.NEW
    if code in seen:
        one.refuse(error(N_("mã %(code)s đã dùng ở câu thứ %(place)s của tệp"), code=code, place=seen[code]))
        return Fate.REFUSED
    seen[code] = one.entry.place
    return _fate_of_known(one, known[code], code, options) if code in known else Fate.NEW


def _fate_of_known(one: _Ready, item: bank_queries.Known, code: str, options: Options) -> Fate:
    """A code that is in the bank never overwrites silently: its text becomes a new version, or is refused."""
    assert one.draft is not None
    if one.draft.content_hash() in (item.hash_now, item.hash_in_work):
        return Fate.UNCHANGED
    if not options.new_versions:
        one.refuse(error(N_("mã %(code)s đã có với nội dung khác; cho phép tạo phiên bản mới hoặc đổi mã"), code=code))
    elif item.in_work_number is not None:
        one.refuse(error(N_("câu %(code)s đang có bản nháp hoặc bản chờ thẩm định; hoàn tất bản đó trước"), code=code))
    return Fate.CHANGED if one.fit else Fate.REFUSED


class _Codes:
    """Codes for items without one, by topic."""

    def __init__(self, session: Session, taken: set[str]) -> None:
        self._session, self._taken = session, taken
        self._next: dict[str, tuple[str, int]] = {}

    def next(self, topic: str) -> str:
        if topic not in self._next:
            first = bank_queries.next_code(self._session, topic)
            stem = first.rstrip("0123456789")
            self._next[topic] = stem, int(first.removeprefix(stem))
        stem, number = self._next[topic]
        while (code := f"{stem}{number:03d}") in self._taken:
            number += 1
        self._next[topic] = stem, number + 1
        return code
