"""What the checks find in the files of courses."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from courses.authoring.problems import Problem

Counts = dict[str, dict[str, int]]
"""Course's label → what is counted (a translatable name) → how many."""


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """`message` is a translatable template that `values` fill. An error must be mended; a notice (`error` False) is to be looked at."""

    file: str
    line: int
    message: str
    values: dict[str, Any] = field(default_factory=dict, compare=False)
    error: bool = True

    @property
    def course(self) -> str:
        """The label of the course it is about."""
        return self.file.partition("/")[0]

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message % self.values if self.values else self.message}"


class Findings:
    """Collects all that is found, so that one run tells everything."""

    def __init__(self) -> None:
        self._found: list[Finding] = []

    def error(self, file: str, line: int, message: str, /, **values: Any) -> None:
        self._found.append(Finding(file, line, message, values))

    def notice(self, file: str, line: int, message: str, /, **values: Any) -> None:
        self._found.append(Finding(file, line, message, values, error=False))

    def take(self, problem: Problem) -> None:
        """What the loader says: where it refuses, an error."""
        self._found.append(Finding(problem.file, problem.line, problem.message, problem.values, error=problem.refuses))

    def extend(self, others: Findings) -> None:
        self._found.extend(others)

    def __iter__(self) -> Iterator[Finding]:
        """By file and line, each once."""
        seen: set[tuple[str, int, str]] = set()
        for finding in sorted(self._found):
            told = (finding.file, finding.line, str(finding))
            if told not in seen:
                seen.add(told)
                yield finding
