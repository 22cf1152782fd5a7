"""Keeping the sketches by which look-alikes are found."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from quizzes.models import ItemBand, ItemSketch, ItemVersion
from quizzes.rules.bank import LIVE
from quizzes.rules.duplicates import Sketch, reading, sketch

AT_ONCE = 500


def store_sketches(session: Session, sketches: Sequence[tuple[UUID, UUID, Sketch]]) -> None:
    """Write the sketches of new versions: (version, item, sketch)."""
    if not sketches:
        return
    session.execute(
        insert(ItemSketch),
        [{"item_version_id": version, "item_id": item, "digest": one.digest, "text": one.text} for version, item, one in sketches],
    )
    session.execute(
        insert(ItemBand), [{"band": band, "item_version_id": version} for version, _item, one in sketches for band in sorted(one.bands)]
    )


def drop_sketches(session: Session, versions: Collection[UUID]) -> None:
    """Forget versions that are retired, or about to be sketched anew."""
    wanted = list(versions)
    for start in range(0, len(wanted), AT_ONCE):
        some = wanted[start : start + AT_ONCE]
        session.execute(delete(ItemBand).where(ItemBand.item_version_id.in_(some)))
        session.execute(delete(ItemSketch).where(ItemSketch.item_version_id.in_(some)))


def sketch_missing(session: Session, limit: int = AT_ONCE) -> int:
    """Sketch versions that have none, as those stored before there were any; how many were done."""
    rows = session.execute(
        select(ItemVersion.id, ItemVersion.item_id, ItemVersion.stem, ItemVersion.body)
        .outerjoin(ItemSketch, ItemSketch.item_version_id == ItemVersion.id)
        .where(ItemVersion.state.in_(LIVE), ItemSketch.item_version_id.is_(None))
        .order_by(ItemVersion.id)
        .limit(limit)
    ).all()
    store_sketches(session, [(version, item, sketch(reading(stem, body))) for version, item, stem, body in rows])
    return len(rows)
