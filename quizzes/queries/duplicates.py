"""Questions that read alike, found by the bands their sketches share."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, and_, exists, func, select
from sqlalchemy.orm import InstrumentedAttribute, Session, aliased

from quizzes.models import Item, ItemBand, ItemPair, ItemSketch, ItemVersion
from quizzes.rules.duplicates import ALIKE, likeness, reading, sketch

BANDS_AT_ONCE = 500
MOST_SHARING = 40
"""A band that more versions share than this is a turn of phrase of the whole bank: some of them are enough, and equal texts are found
by their digest all the same."""
MOST_PAIRS = 5_000


@dataclass(frozen=True, slots=True)
class LookAlike:
    """A question of the bank that reads like another. `likeness` is 1 for equal text (`exact`)."""

    item_id: UUID
    code: str
    number: int
    state: str
    stem: str
    likeness: float
    exact: bool


@dataclass(frozen=True, slots=True)
class AlikePair:
    """Two items that read alike."""

    one: LookAlike
    other: LookAlike

    @property
    def likeness(self) -> float:
        return self.one.likeness


def look_alikes(
    session: Session, texts: Sequence[tuple[str, Mapping[str, Any]]], *, leaving_out: Collection[str] = ()
) -> list[list[LookAlike]]:
    """For each question (stem, body) those of the bank that read like it, most alike first. `leaving_out`: codes of items that are not
    to be named, as a question is like itself. A few statements per hundred questions, however large the bank is."""
    sketches = [sketch(reading(stem, body)) for stem, body in texts]
    sharing = _versions_by_band(session, {band for one in sketches for band in one.bands})
    equal = _versions_by_digest(session, {one.digest for one in sketches})
    candidates = [{*equal.get(one.digest, ()), *(version for band in one.bands for version in sharing.get(band, ()))} for one in sketches]
    known = _sketched(session, {version for some in candidates for version in some})
    return [
        _most_alike(one.text, [known[version] for version in some if version in known], set(leaving_out))
        for one, some in zip(sketches, candidates, strict=True)
    ]


def alike_pairs(session: Session, limit: int = 200) -> list[AlikePair]:
    """Pairs of items anywhere in the bank that read alike and of which nobody said what they are to each other, most alike first."""
    rows = [*_pairs_of_equals(session), *_pairs_sharing_bands(session)]
    known = _sketched(session, {version for pair in rows for version in pair})
    best: dict[tuple[UUID, UUID], AlikePair] = {}
    for left, right in rows:
        one, other = known[left], known[right]
        share = likeness(one.text, other.text)
        places = (one.item_id, other.item_id)
        if share >= ALIKE and (places not in best or best[places].likeness < share):
            best[places] = AlikePair(one.as_look_alike(share, other.text), other.as_look_alike(share, one.text))
    return sorted(best.values(), key=lambda pair: (-pair.likeness, pair.one.code, pair.other.code))[:limit]


def _pairs_of_equals(session: Session) -> list[tuple[UUID, UUID]]:
    ours, theirs = aliased(ItemSketch), aliased(ItemSketch)
    rows = session.execute(
        select(ours.item_version_id, theirs.item_version_id)
        .join(theirs, and_(theirs.digest == ours.digest, ours.item_id < theirs.item_id))
        .where(~_settled(ours.item_id, theirs.item_id))
        .order_by(ours.item_version_id, theirs.item_version_id)
        .limit(MOST_PAIRS)
    )
    return [(one, other) for one, other in rows]


def _pairs_sharing_bands(session: Session) -> list[tuple[UUID, UUID]]:
    first, second = aliased(ItemBand), aliased(ItemBand)
    ours, theirs = aliased(ItemSketch), aliased(ItemSketch)
    common = select(ItemBand.band).group_by(ItemBand.band).having(func.count() > MOST_SHARING)
    rows = session.execute(
        select(first.item_version_id, second.item_version_id)
        .join(second, second.band == first.band)
        .join(ours, ours.item_version_id == first.item_version_id)
        .join(theirs, and_(theirs.item_version_id == second.item_version_id, ours.item_id < theirs.item_id))
        .where(first.band.not_in(common), ~_settled(ours.item_id, theirs.item_id))
        .group_by(first.item_version_id, second.item_version_id)
        .order_by(func.count().desc(), first.item_version_id, second.item_version_id)
        .limit(MOST_PAIRS)
    )
    return [(one, other) for one, other in rows]


def _settled(one: InstrumentedAttribute[UUID], other: InstrumentedAttribute[UUID]) -> ColumnElement[bool]:
    return exists().where(ItemPair.item_id == one, ItemPair.other_id == other)


@dataclass(frozen=True, slots=True)
class _Known:
    item_id: UUID
    code: str
    number: int
    state: str
    stem: str
    text: str

    def as_look_alike(self, share: float, text: str) -> LookAlike:
        return LookAlike(self.item_id, self.code, self.number, self.state, self.stem, share, exact=self.text == text)


def _versions_by_band(session: Session, bands: Collection[int]) -> dict[int, list[UUID]]:
    found: dict[int, list[UUID]] = defaultdict(list)
    for some in _batches(bands):
        for band, version in session.execute(select(ItemBand.band, ItemBand.item_version_id).where(ItemBand.band.in_(some))):
            found[band].append(version)
    return {band: versions[:MOST_SHARING] for band, versions in found.items()}


def _versions_by_digest(session: Session, digests: Collection[str]) -> dict[str, list[UUID]]:
    found: dict[str, list[UUID]] = defaultdict(list)
    for some in _batches(digests):
        for digest, version in session.execute(select(ItemSketch.digest, ItemSketch.item_version_id).where(ItemSketch.digest.in_(some))):
            found[digest].append(version)
    return found


def _sketched(session: Session, versions: Collection[UUID]) -> dict[UUID, _Known]:
    found = {}
    for some in _batches(versions):
        rows = session.execute(
            select(ItemVersion.id, ItemVersion.item_id, Item.code, ItemVersion.number, ItemVersion.state, ItemVersion.stem, ItemSketch.text)
            .join(ItemSketch, ItemSketch.item_version_id == ItemVersion.id)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(ItemVersion.id.in_(some))
        )
        found.update({row.id: _Known(row.item_id, row.code, row.number, row.state, row.stem, row.text) for row in rows})
    return found


def _most_alike(text: str, candidates: Iterable[_Known], leaving_out: set[str]) -> list[LookAlike]:
    best: dict[UUID, LookAlike] = {}
    for known in candidates:
        share = likeness(text, known.text)
        if known.code not in leaving_out and share >= ALIKE and (known.item_id not in best or best[known.item_id].likeness < share):
            best[known.item_id] = known.as_look_alike(share, text)
    return sorted(best.values(), key=lambda one: (-one.likeness, one.code))


def _batches(values: Collection[Any]) -> list[list[Any]]:
    ordered = sorted(values)
    return [ordered[start : start + BANDS_AT_ONCE] for start in range(0, len(ordered), BANDS_AT_ONCE)]
