"""Carrying out an import of a question file, and taking it back."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import delete, exists, or_, select, update
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.errors import N_, Conflict, DomainError
from lms.kit.imports import DoneImport
from quizzes.interchange import FORMATS, sniffed
from quizzes.interchange.document import Parsed, picture_name
from quizzes.models import FormSlot, ImportedVersion, Item, ItemPair, ItemReview, ItemTag, ItemVersion
from quizzes.operations.bank import CODES_AT_ONCE, import_items
from quizzes.operations.duplicates import drop_sketches, store_sketches
from quizzes.operations.media import keep_picture
from quizzes.queries import bank as bank_queries
from quizzes.queries.importing import STATES, Fate, ImportPlan, refusal_of
from quizzes.rules.bank import ItemDraft, ItemState
from quizzes.rules.duplicates import reading, sketch


def read_questions(content: bytes, name: str, format_name: str = "") -> Parsed:
    """What a file holds, in the format named or the one it looks like. Raises DomainError where it is none of ours or cannot be read."""
    if not content:
        raise DomainError(N_("Tệp %(file)s trống. Chọn lại tệp có câu hỏi."), code="empty_file", file=name)
    found = FORMATS[format_name] if format_name else sniffed(content, name)
    if found is None:
        raise DomainError(
            N_("Không nhận ra dạng của tệp %(file)s. Dùng tệp mẫu .xlsx, hoặc GIFT, Moodle XML, QTI, JSON."),
            code="unknown_format",
            file=name,
        )
    parsed = found.read(content)
    if parsed.refused:
        raise refusal_of(parsed)
    return parsed


def apply_import(session: Session, actor: Actor, plan: ImportPlan, source: str, at: datetime, *, run_id: UUID) -> dict[str, int]:
    """Write what the plan says: pictures, then items, each lot in its state. Gives the counts of what was done."""
    items = plan.of(Fate.NEW, Fate.CHANGED)
    shown = {picture_name(item.draft) for item in items if item.draft is not None}
    for picture in plan.pictures.values():
        if picture.sha256 in shown and picture.media_type:  # without one it is in the store already
            keep_picture(session, picture, at)
    before = _approved(session, [item.code for item in items])
    result = {"new": 0, "changed": 0}
    for state in STATES:
        drafts = [item.draft for item in items if item.state == state and item.draft is not None]
        if drafts:
            done = import_items(session, actor, drafts, source, at, state=state)
            result["new"] += done.created
            result["changed"] += done.changed
            _remember(session, run_id, drafts, state, before)
    return {**result, **{str(fate): len(plan.of(fate)) for fate in (Fate.UNCHANGED, Fate.REFUSED, Fate.LEFT_OUT)}}


def _approved(session: Session, codes: Sequence[str]) -> dict[str, UUID]:
    """Code → its approved version before the import."""
    found = {}
    for start in range(0, len(codes), CODES_AT_ONCE):
        for code, known in bank_queries.known_items(session, codes[start : start + CODES_AT_ONCE]).items():
            if known.approved_id is not None:
                found[code] = known.approved_id
    return found


def _remember(session: Session, run_id: UUID, drafts: Sequence[ItemDraft], state: ItemState, before: Mapping[str, UUID]) -> None:
    hashes = {draft.code: draft.content_hash() for draft in drafts}
    codes = list(hashes)
    for start in range(0, len(codes), CODES_AT_ONCE):
        rows = session.execute(
            select(Item.code, ItemVersion.id, ItemVersion.content_hash)
            .join(ItemVersion, ItemVersion.item_id == Item.id)
            .where(Item.code.in_(codes[start : start + CODES_AT_ONCE]), ItemVersion.state == state)
        )
        session.add_all(
            ImportedVersion(
                item_version_id=version,
                run_id=run_id,
                content_hash=digest,
                state=state,
                replaced_id=before.get(code) if state is ItemState.APPROVED else None,
            )
            for code, version, digest in rows
            if hashes[code] == digest
        )
    session.flush()


def record_export(session: Session, actor: Actor, format_name: str, at: datetime, *, items: int, filters: Mapping[str, Any]) -> None:
    """Questions leave with their keys: who took how many of what is kept."""
    audit.record(session, actor, "quizzes.export_items", format_name, at, items=items, filters=dict(filters))


def undo_import(session: Session, actor: Actor, done: DoneImport, at: datetime) -> dict[str, int]:
    """Take the versions away that an import brought; those it took the place of stand again. Raises Conflict where any was changed,
    decided on, or stands in a form."""
    rows = session.execute(
        select(ImportedVersion, ItemVersion)
        .join(ItemVersion, ItemVersion.id == ImportedVersion.item_version_id)
        .where(ImportedVersion.run_id == done.id)
    ).all()
    ids = [version.id for _imported, version in rows]
    touched = [version for imported, version in rows if (imported.state, imported.content_hash) != (version.state, version.content_hash)]
    if touched or _used(session, ids):
        raise Conflict(
            N_("Đã có câu của tệp %(file)s được sửa, thẩm định hoặc đưa vào đề. Không hoàn tác được nữa; bỏ từng câu không cần."),
            code="used_since",
            file=done.file_name,
        )
    replaced = [imported.replaced_id for imported, _version in rows if imported.replaced_id is not None]
    items = {version.item_id for _imported, version in rows}
    _delete(session, ids)
    for some in _batches(replaced):
        session.execute(update(ItemVersion).where(ItemVersion.id.in_(some)).values(state=ItemState.APPROVED))
    _sketch_again(session, replaced)
    empty = _delete_empty(session, items)
    return {"new": empty, "changed": len(items) - empty}


def _used(session: Session, ids: Sequence[UUID]) -> bool:
    for some in _batches(ids):
        decided = exists().where(ItemReview.item_version_id.in_(some), ItemReview.action != "submitted")
        later = exists().where(ImportedVersion.replaced_id.in_(some))
        slots = exists().where(FormSlot.item_version_id.in_(some))
        if session.scalar(select(or_(decided, slots, later))):
            return True
    return False


def _delete(session: Session, ids: Sequence[UUID]) -> None:
    drop_sketches(session, ids)
    for some in _batches(ids):
        session.execute(delete(ImportedVersion).where(ImportedVersion.item_version_id.in_(some)))
        session.execute(delete(ItemReview).where(ItemReview.item_version_id.in_(some)))
        session.execute(delete(ItemVersion).where(ItemVersion.id.in_(some)))


def _delete_empty(session: Session, items: set[UUID]) -> int:
    """Items that have no version left go, too; how many."""
    gone = 0
    for some in _batches(sorted(items)):
        empty = list(session.scalars(select(Item.id).where(Item.id.in_(some), ~exists().where(ItemVersion.item_id == Item.id))))
        session.execute(delete(ItemTag).where(ItemTag.item_id.in_(empty)))
        session.execute(delete(ItemPair).where(or_(ItemPair.item_id.in_(empty), ItemPair.other_id.in_(empty))))
        session.execute(delete(Item).where(Item.id.in_(empty)))
        gone += len(empty)
    return gone


def _sketch_again(session: Session, versions: Sequence[UUID]) -> None:
    for some in _batches(versions):
        rows = session.execute(
            select(ItemVersion.id, ItemVersion.item_id, ItemVersion.stem, ItemVersion.body).where(ItemVersion.id.in_(some))
        )
        store_sketches(session, [(version, item, sketch(reading(stem, body))) for version, item, stem, body in rows])


def _batches(ids: Sequence[Any]) -> list[Sequence[Any]]:
    return [ids[start : start + CODES_AT_ONCE] for start in range(0, len(ids), CODES_AT_ONCE)]
