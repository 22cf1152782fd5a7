"""What every kind of question answers. Each kind is one file beside this one; all of it is pure.

An answer is a list of texts (option ids here, gap contents of later kinds); the empty list means “not answered”.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any, Protocol

Body = Mapping[str, Any]
Answer = Sequence[str]


@dataclass(frozen=True, slots=True)
class Choice:
    """An option as a page may show it. `ours`: the text is this service's own word, to be translated where it is shown."""

    id: str
    text: str
    ours: bool = False


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
    def multiple(self) -> bool:
        """May several options be ticked?"""

    @property
    def shuffles(self) -> bool:
        """Do its options change places from paper to paper?"""

    def problems(self, body: Body, key: Answer) -> list[Problem]:
        """What makes this body and key unusable; empty when the item is sound."""

    def accepts(self, body: Body, answer: Answer) -> bool:
        """Is this something a person could have answered? The empty answer always is."""

    def mark(self, body: Body, key: Answer, answer: Answer) -> Fraction:
        """The share of the question's point that an accepted answer earns, 0 to 1."""

    def choices(self, body: Body) -> list[Choice]:
        """What a page shows: never anything that depends on the key."""

    def response_pattern(self, answer: Answer) -> str:
        """An answer (or a key) in the notation of cmi.interaction."""
