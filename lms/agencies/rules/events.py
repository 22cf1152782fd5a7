"""What may happen to agencies, each with all that is needed to replay it. Stored as JSON beside the event.

Ids of new agencies are part of the event that founds them, so that replaying it again founds the same agency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any
from uuid import UUID

import msgspec
from msgspec import UNSET, Struct, UnsetType

from lms.agencies.rules.kinds import CodeScheme, Decision, EventKind

NO_DECISION = Decision()


class Code(Struct, frozen=True):
    """A code in a scheme (`CodeScheme`)."""

    scheme: str
    code: str


class Founding(Struct, frozen=True, kw_only=True):
    """A new agency as it begins."""

    agency: UUID
    name: str
    kind: str
    block: str
    level: str
    parent: UUID | None = None
    short_name: str | None = None
    legal_basis: str | None = None
    codes: tuple[Code, ...] = ()


class Establishment(Founding, frozen=True, kw_only=True, tag="establish"):
    """Thành lập: an agency begins that follows from no other."""


class Amendment(Struct, frozen=True, kw_only=True, tag="amend"):
    """Đổi tên, chuyển cơ quan chủ quản, điều chỉnh thông tin: what is given is so from that day on, the rest stays as it was."""

    agency: UUID
    name: str | UnsetType = UNSET
    short_name: str | UnsetType | None = UNSET
    kind: str | UnsetType = UNSET
    block: str | UnsetType = UNSET
    level: str | UnsetType = UNSET
    parent: UUID | UnsetType | None = UNSET
    legal_basis: str | UnsetType | None = UNSET

    def changes(self) -> dict[str, Any]:
        """The fields that are given."""
        return {name: value for name in PROFILE if (value := getattr(self, name)) is not UNSET}


class Recoding(Struct, frozen=True, kw_only=True, tag="recode"):
    """Đổi mã: from that day on the agency bears `code` in the scheme instead of those it had, or none. With `beside` it keeps those."""

    agency: UUID
    scheme: str = CodeScheme.QD20.value
    code: str | None
    beside: bool = False


class Merger(Struct, frozen=True, kw_only=True, tag="merge"):
    """Sáp nhập: the agencies end and live on in `into`, which existed before. What was directly below them comes below `into`, or
    where `children` puts it (None: at the top)."""

    agencies: tuple[UUID, ...]
    into: UUID
    children: dict[UUID, UUID | None] = {}


class Consolidation(Struct, frozen=True, kw_only=True, tag="consolidate"):
    """Hợp nhất: the agencies end and a new one begins in which they live on. `children` as in a merger."""

    agencies: tuple[UUID, ...]
    founding: Founding
    children: dict[UUID, UUID | None] = {}


class Part(Struct, frozen=True, kw_only=True):
    """Who takes over a part of an agency that is split: a new agency, or with no `founding` one that exists. `share`: the part of the
    people that the decision gives to it, from 0 to 1."""

    agency: UUID
    founding: Founding | None = None
    share: float | None = None


class Division(Struct, frozen=True, kw_only=True, tag="split"):
    """Chia tách: parts of an agency go to others. Unless it `survives` it ends that day; what was directly below it then comes below
    its heir, the part with the largest declared share or else the first, or where `children` puts it."""

    agency: UUID
    parts: tuple[Part, ...]
    survives: bool = False
    children: dict[UUID, UUID | None] = {}

    @property
    def heir(self) -> UUID:
        return max(self.parts, key=lambda part: part.share or 0.0).agency


class Abolition(Struct, frozen=True, kw_only=True, tag="abolish"):
    """Giải thể: the agency ends and nobody takes its place. `children` says where what is directly below it goes; nothing may be left."""

    agency: UUID
    children: dict[UUID, UUID | None] = {}


Details = Establishment | Amendment | Recoding | Merger | Consolidation | Division | Abolition
PROFILE = ("name", "short_name", "kind", "block", "level", "parent", "legal_basis")


@dataclass(frozen=True, slots=True)
class Link:
    """(predecessor, successor) of an event; None at a birth or an end."""

    predecessor: UUID | None
    successor: UUID | None
    share: float | None = None


@dataclass(frozen=True, slots=True)
class Change:
    """Something to be recorded. `ordinal` places it within its day; without one it comes last."""

    on: date
    details: Details
    decision: Decision = NO_DECISION
    ordinal: int | None = None

    @property
    def kind(self) -> EventKind:
        return kind_of(self.details)


@dataclass(frozen=True, slots=True)
class Event:
    """A believed event as it is replayed. Events of one day follow each other by `ordinal`, then by id."""

    id: UUID
    on: date
    ordinal: int
    details: Details
    kind: str = field(compare=False, default="")

    @property
    def order(self) -> tuple[date, int, UUID]:
        return self.on, self.ordinal, self.id


def kind_of(details: Details) -> EventKind:
    if isinstance(details, Amendment):
        if details.parent is not UNSET:
            return EventKind.MOVE
        return EventKind.RENAME if details.name is not UNSET else EventKind.REVISE
    return _KINDS[type(details)]


def foundings(details: Details) -> Iterator[Founding]:
    """The agencies that begin with an event."""
    if isinstance(details, Establishment):
        yield details
    elif isinstance(details, Consolidation):
        yield details.founding
    elif isinstance(details, Division):
        yield from (part.founding for part in details.parts if part.founding is not None)


def links(details: Details) -> list[Link]:
    if isinstance(details, Establishment):
        return [Link(None, details.agency)]
    if isinstance(details, Merger):
        return [Link(agency, details.into, 1.0) for agency in details.agencies]
    if isinstance(details, Consolidation):
        return [Link(agency, details.founding.agency, 1.0) for agency in details.agencies]
    if isinstance(details, Division):
        parts = [Link(details.agency, part.agency, part.share) for part in details.parts]
        return [*parts, *([Link(details.agency, details.agency, _rest(details))] if details.survives else [])]
    if isinstance(details, Abolition):
        return [Link(details.agency, None)]
    return [Link(details.agency, details.agency)]


def heirs_of(details: Details) -> Mapping[UUID, UUID | None]:
    """Each agency that ends with an event, and in whom it lives on; None: in nobody."""
    if isinstance(details, Merger):
        return dict.fromkeys(details.agencies, details.into)
    if isinstance(details, Consolidation):
        return dict.fromkeys(details.agencies, details.founding.agency)
    if isinstance(details, Division) and not details.survives:
        return {details.agency: details.heir}
    return {details.agency: None} if isinstance(details, Abolition) else {}


def subject(details: Details) -> UUID:
    """The agency an event is about, for the audit: the new one, the heir, or the one it happens to."""
    if isinstance(details, Merger):
        return details.into
    return details.founding.agency if isinstance(details, Consolidation) else details.agency


def encoded(details: Details) -> dict[str, Any]:
    """As plain values for a JSON column."""
    result: dict[str, Any] = msgspec.to_builtins(details)
    return result


def decoded(text: str | bytes) -> Details:
    """From a JSON column's text. Raises msgspec.ValidationError."""
    return _DECODER.decode(text)


def from_plain(values: Any) -> Details:
    """From plain values as `encoded` made them. Raises msgspec.ValidationError."""
    details: Details = msgspec.convert(values, Details)
    return details


_DECODER: msgspec.json.Decoder[Details] = msgspec.json.Decoder(Details)
_KINDS: Mapping[type, EventKind] = {
    Establishment: EventKind.ESTABLISH,
    Recoding: EventKind.RECODE,
    Merger: EventKind.MERGE,
    Consolidation: EventKind.CONSOLIDATE,
    Division: EventKind.SPLIT,
    Abolition: EventKind.ABOLISH,
}


def _rest(details: Division) -> float | None:
    """What a surviving agency keeps, where all its parts are declared."""
    shares = [part.share for part in details.parts]
    return None if None in shares else max(0.0, 1.0 - sum(share for share in shares if share is not None))
