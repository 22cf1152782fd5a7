"""What every kind of question answers. Each kind is one file beside this one; all of it is pure.

An answer is a list of texts; the empty list means “not answered”. A question with one control (options, one text) has its answer as it
is: `["b"]`, `["12,5"]`. A question of several parts (statements, pairs, gaps) names the part: `["a=true", "b=false"]`; a part left out
is not answered.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from fractions import Fraction
from typing import Any, Protocol

Body = Mapping[str, Any]
Answer = Sequence[str]
Segment = str | tuple[str]
"""A piece of running text, or the part (in a tuple of one) whose control stands in its place."""


class Control(StrEnum):
    """How a part is answered on a page, with and without JavaScript."""

    ONE = "one"  # radio buttons
    SEVERAL = "several"  # tick boxes
    LIST = "list"  # a drop-down list: pairs and gaps, never drag only
    TEXT = "text"
    NUMBER = "number"
    LONG_TEXT = "long"  # several lines


class Scoring(StrEnum):
    """How an answer that is right in parts is counted."""

    ALL = "all"  # the point or nothing
    PARTIAL = "partial"  # a share for each right part
    PENALTY = "penalty"  # a wrong part takes a right one back, never below nothing


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as a page may show it. `ours`: the text is this service's own word, to be translated where it is shown."""

    id: str
    text: str
    ours: bool = False


@dataclass(frozen=True, slots=True)
class Part:
    """A control of the question. `id` is empty where the question has one control only; `label` names it to those who cannot see;
    `ours` as for a choice; `unit` stands behind a number; `longest` is how many characters a long text may have."""

    id: str
    control: Control
    label: str = ""
    choices: tuple[Choice, ...] = ()
    unit: str | None = None
    ours: bool = False
    longest: int | None = None


@dataclass(frozen=True, slots=True)
class Problem:
    """Why an item cannot be used: a translatable sentence and its values."""

    message: str
    values: dict[str, Any] = field(default_factory=dict)

    def __str__(self) -> str:
        return self.message % self.values if self.values else self.message


class Kind(Protocol):
    """A kind of question."""

    @property
    def name(self) -> str: ...
    @property
    def interaction_type(self) -> str:
        """cmi.interaction type of its xAPI statements."""

    @property
    def shuffles_choices(self) -> bool:
        """Do the options of its controls change places from paper to paper?"""

    @property
    def shuffles_parts(self) -> bool:
        """Do its parts?"""

    @property
    def marked_by_hand(self) -> bool:
        """Is an answer marked by people? Then `mark` gives nothing, and what they gave is kept with the answer."""

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        """What makes this body and key unusable; empty when the item is sound."""

    def accepts(self, body: Body, answer: Answer) -> bool:
        """Is this something a person could have answered? The empty answer always is."""

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        """The share of the question's point that an accepted answer earns, 0 to 1."""

    def right_parts(self, body: Body, key: Answer, answer: Answer) -> dict[str, bool]:
        """Part → is what was answered there right? For showing a result; the point is `mark`."""

    def right_values(self, body: Body, key: Answer) -> dict[str, list[str]]:
        """Part → the values that are right there: option ids, words, or a number as it is written in Vietnamese."""

    def parts(self, body: Body) -> list[Part]:
        """What a page shows: never anything that depends on the key."""

    def text(self, body: Body) -> list[Segment]:
        """Running text with controls in it; empty where the parts stand one below the other."""

    def to_be_explained(self, body: Body) -> list[str]:
        """Ids of what an author says why about: the options or statements a person may have got wrong."""

    def response_pattern(self, body: Body, answer: Answer) -> str:
        """An answer in the notation of cmi.interaction (xAPI-Data.md, “Response Patterns”)."""

    def correct_patterns(self, body: Body, key: Answer) -> list[str]:
        """The key in the same notation, one pattern for each way of being right."""
