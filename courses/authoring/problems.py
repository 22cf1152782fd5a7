"""What is wrong with a course's files, said so that its author can mend it."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

_HIDDEN = re.compile("[\u200b-\u200f\u202a-\u202e\u2060\ufeff\u00ad\u0000-\u0008\u000b\u000c\u000e-\u001f]")


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """`message` is a translatable template that `values` fill. A notice (`refuses` False) does not keep the course out."""

    file: str
    line: int
    message: str
    values: dict[str, Any] = field(default_factory=dict, compare=False)
    refuses: bool = True

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message % self.values if self.values else self.message}"


class Problems:
    """Collects all problems of a course, so that one run tells everything."""

    def __init__(self) -> None:
        self._found: list[Problem] = []

    def add(self, file: str, line: int, message: str, /, **values: Any) -> None:
        self._found.append(Problem(file, line, message, values))

    def notice(self, file: str, line: int, message: str, /, **values: Any) -> None:
        self._found.append(Problem(file, line, message, values, refuses=False))

    def __iter__(self) -> Iterator[Problem]:
        return iter(sorted(self._found))

    @property
    def refuse(self) -> bool:
        return any(problem.refuses for problem in self._found)


def odd_characters(text: str) -> Iterator[tuple[int, str]]:
    """Lines whose letters are not in the one Unicode form (`nfc`), or that hold characters nobody can see (`hidden`)."""
    if text.isascii() and not _HIDDEN.search(text):
        return
    for number, line in enumerate(text.split("\n"), start=1):
        if not unicodedata.is_normalized("NFC", line):
            yield number, "nfc"
        if _HIDDEN.search(line):
            yield number, "hidden"
