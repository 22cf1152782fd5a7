"""What courses are held to, kept as data beside them: words, laws, sizes (terms.yaml, laws.yaml, curriculum.yaml)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

STANDARDS = Path(__file__).parents[1] / "content"


@dataclass(frozen=True, slots=True)
class Wording:
    """A word of the service and what is not to be written instead. `strict`: writing it otherwise is an error."""

    preferred: str
    forbidden: tuple[str, ...]
    why: str
    strict: bool


@dataclass(frozen=True, slots=True)
class Law:
    """A document by its number. It holds from `valid_from` up to, not including, `valid_to` (None: no end known). `aliases`: what it is
    called where the number is left out."""

    number: str
    title: str
    aliases: tuple[str, ...]
    valid_from: date | None
    valid_to: date | None
    replaced_by: str | None

    def ended(self, on: date) -> bool:
        return self.valid_to is not None and self.valid_to <= on


@dataclass(frozen=True, slots=True)
class Standards:
    wordings: tuple[Wording, ...]
    foreign_words: frozenset[str]
    laws: tuple[Law, ...]
    courses: frozenset[str]
    items_owed: Mapping[str, int]
    items_in_all: int
    modules: tuple[int, int]

    def owed(self, code: str) -> int:
        """How many items a course owes the bank."""
        return self.items_owed.get(code, self.items_owed["*"])


def read_standards(folder: Path = STANDARDS) -> Standards:
    """Raises OSError, KeyError or ValueError where the files are not as they must be: they are the service's own."""
    terms, laws, curriculum = (_read(folder / name) for name in ("terms.yaml", "laws.yaml", "curriculum.yaml"))
    return Standards(
        wordings=tuple(
            Wording(one["preferred"], tuple(one["forbidden"]), one.get("why", ""), one.get("strict", True)) for one in terms["terms"]
        ),
        foreign_words=frozenset(re.findall(r"\S+", terms["foreign_words"].casefold())),
        laws=tuple(_law(one) for one in laws["laws"]),
        courses=frozenset(curriculum["courses"]),
        items_owed=curriculum["items_owed"],
        items_in_all=curriculum["items_in_all"],
        modules=(curriculum["modules"]["least"], curriculum["modules"]["most"]),
    )


def _read(path: Path) -> Any:
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _law(raw: Mapping[str, Any]) -> Law:
    return Law(
        number=raw["number"],
        title=raw["title"],
        aliases=tuple(raw.get("aliases") or ()),
        valid_from=raw.get("valid_from"),
        valid_to=raw.get("valid_to"),
        replaced_by=raw.get("replaced_by"),
    )
