"""What to call the things that floors further down know only by their identifier. A package that owns such things brings a namer in
`Feature.namers`; the audit's pages ask them all."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Protocol
from uuid import UUID

from sqlalchemy.orm import Session


class Namer(Protocol):
    """Names one kind of thing: people, agencies."""

    kind: str  # "person", "agency"

    def names(self, session: Session, ids: Collection[UUID]) -> Mapping[UUID, str]:
        """What to call those of the identifiers that are of this kind. One statement per five hundred."""

    def find(self, session: Session, text: str, limit: int) -> Sequence[UUID]:
        """Things of this kind whose name has these words, marks or none; at most `limit`."""

    def page(self, identifier: UUID) -> str:
        """The address of the page about one."""


def names_of(namers: Sequence[Namer], session: Session, texts: Collection[str]) -> dict[str, str]:
    """Name of each text that is an identifier known to a namer."""
    ids = identifiers(texts)
    found: dict[str, str] = {}
    for namer in namers:
        found |= {str(identifier): name for identifier, name in namer.names(session, ids).items()}
    return found


def identifiers(texts: Collection[str]) -> set[UUID]:
    """Those of the texts that are identifiers."""
    found = set()
    for text in texts:
        if len(text) == 36:
            try:
                found.add(UUID(text))
            except ValueError:
                continue
    return found
