"""What a course is made of, and the decisions about studying one: how far, where to go on, for whom. Pure."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

Text = Mapping[str, str]
"""An authored text by language: always `vi`, sometimes `en`."""

SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
NUMBERED = re.compile(r"([0-9]{2})-(.+)")
IT_OFFICERS = "IT"  # the audience of those with an IT duty, whatever their position group

LEVELS = ("NB", "TH", "VD")  # nhận biết, thông hiểu, vận dụng

CalloutKind = Literal["legal", "case", "action", "warning", "example"]
CALLOUTS: tuple[CalloutKind, ...] = ("legal", "case", "action", "warning", "example")


@dataclass(frozen=True, slots=True)
class Source:
    """A law, decision or figure the lessons rest on; `verify`: not confirmed, never to be stated as certain."""

    id: str
    text: str
    verify: bool


@dataclass(frozen=True, slots=True)
class Term:
    """A word of the course's glossary."""

    vi: str
    en: str
    meaning: str


# The blocks of a lesson. Fields ending in `html` hold sanitised HTML; the others are plain text.


@dataclass(frozen=True, slots=True)
class Prose:
    html: str
    kind: Literal["html"] = "html"


@dataclass(frozen=True, slots=True)
class Callout:
    callout: CalloutKind
    title: str
    html: str
    kind: Literal["callout"] = "callout"


@dataclass(frozen=True, slots=True)
class Figure:
    """A drawing, found by the SHA-256 of its bytes; `alternative_html` says everything the drawing says."""

    sha256: str
    caption: str
    alternative_html: str
    kind: Literal["figure"] = "figure"


@dataclass(frozen=True, slots=True)
class CheckOption:
    text_html: str
    why_html: str
    correct: bool


@dataclass(frozen=True, slots=True)
class Check:
    """A question to oneself: every option tells why; nothing is counted."""

    stem_html: str
    options: tuple[CheckOption, ...]
    kind: Literal["check"] = "check"


@dataclass(frozen=True, slots=True)
class Task:
    """A line of a checklist. Its id comes from its words, so a tick stays with them when lines are moved."""

    id: str
    text_html: str


@dataclass(frozen=True, slots=True)
class Checklist:
    title: str
    tasks: tuple[Task, ...]
    kind: Literal["checklist"] = "checklist"


Block = Prose | Callout | Figure | Check | Checklist


@dataclass(frozen=True, slots=True)
class Lesson:
    """`cites`: ids of course sources in the order of their first mention. `bytes`: text and figures as sent."""

    slug: str
    title: Text
    minutes: int
    key_message: str
    blocks: tuple[Block, ...]
    cites: tuple[str, ...]
    bytes: int


@dataclass(frozen=True, slots=True)
class Module:
    slug: str
    title: Text
    outcomes: tuple[Text, ...]
    lessons: tuple[Lesson, ...]


@dataclass(frozen=True, slots=True)
class Media:
    name: str
    sha256: str
    content: bytes


@dataclass(frozen=True, slots=True)
class TestRule:
    """How many items of a module's topic (`CB1.2`) a form of the course's test takes, by level."""

    topic: str
    counts: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class CourseTest:
    """The test at a course's end as its author planned it; whoever keeps the questions draws it. `pass_percent`: share of points from
    which it is passed."""

    title: Text
    minutes: int
    pass_percent: int
    rules: tuple[TestRule, ...]

    @property
    def items(self) -> int:
        return sum(sum(rule.counts.values()) for rule in self.rules)


@dataclass(frozen=True, slots=True)
class CourseContent:
    """A course as written: what a folder of courses/content says. `content_hash` changes with any byte of it. `frameworks`: lesson's slug →
    places in frameworks of competence, with their versions."""

    code: str
    slug: str
    title: Text
    summary: Text
    outcomes: tuple[Text, ...]
    audience: tuple[str, ...]
    periods: int
    competencies: tuple[str, ...]
    sources: tuple[Source, ...]
    glossary: tuple[Term, ...]
    modules: tuple[Module, ...]
    media: tuple[Media, ...]
    content_hash: str
    test: CourseTest | None = None
    frameworks: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    @property
    def lessons(self) -> tuple[Lesson, ...]:
        return tuple(lesson for module in self.modules for lesson in module.lessons)


def lesson_slug(name: str) -> str:
    """The slug of a lesson named with or without its two digits: `01-so-hoa-la-gi` → `so-hoa-la-gi`."""
    match = NUMBERED.fullmatch(name)
    return match[2] if match else name


def percent_done(done: int, total: int) -> int:
    """Whole per cent, rounded down, so that 100 means all of it; 0 where there is nothing to do."""
    if total <= 0:
        return 0
    return min(max(done, 0), total) * 100 // total


def resume_at(order: Sequence[str], completed: Collection[str], last: str | None) -> str | None:
    """Where to go on: the lesson last open if it is not done, else the next one not done, from the start again at the end.

    None where the course has no lesson; the first lesson where all are done.
    """
    if not order:
        return None
    start = order.index(last) if last in order else 0
    for slug in (*order[start:], *order[:start]):
        if slug not in completed:
            return slug
    return order[0]


def is_for(audience: Collection[str], groups: Collection[str], *, has_it_duty: bool) -> bool:
    """Whether a course is meant for somebody in these position groups, with or without an IT duty."""
    return any(group in audience for group in groups) or (has_it_duty and IT_OFFICERS in audience)
