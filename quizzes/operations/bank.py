"""Writing the question bank."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from sqlalchemy import update
from sqlalchemy.orm import Session

from lms.agencies.models import FOREVER
from lms.kit import audit
from lms.kit.actors import Actor
from lms.kit.ids import uuid7
from lms.kit.vietnamese import fold
from quizzes.models import Item, ItemVersion
from quizzes.queries import bank as bank_queries
from quizzes.rules.bank import ItemDraft, ItemState

ALWAYS = date(1, 1, 1)
CODES_AT_ONCE = 500


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import came to."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


def import_items(session: Session, actor: Actor, items: Sequence[ItemDraft], source: str, at: datetime) -> Imported:
    """Put sound items into the bank as approved: a new code makes an item, a changed text a new version, the same text nothing.

    `source` (a file name) goes into the audit. The items must have no problems (`ItemDraft.problems`).
    """
    known = {}
    codes = [item.code for item in items]
    for start in range(0, len(codes), CODES_AT_ONCE):
        known.update(bank_queries.latest_versions(session, codes[start : start + CODES_AT_ONCE]))
    created = changed = 0
    for draft in items:
        content_hash = draft.content_hash()
        if draft.code not in known:
            item_id, number = uuid7(), 1
            session.add(Item(id=item_id, code=draft.code, created_at=at))
            session.flush()
            created += 1
        else:
            item_id, last_number, last_hash = known[draft.code]
            if last_hash == content_hash:
                continue
            number = last_number + 1
            session.execute(
                update(ItemVersion)
                .where(ItemVersion.item_id == item_id, ItemVersion.state == ItemState.APPROVED)
                .values(state=ItemState.RETIRED)
            )
            changed += 1
        session.add(
            ItemVersion(
                item_id=item_id,
                number=number,
                kind=draft.kind,
                level=draft.level,
                topic=draft.topic,
                stem=draft.stem,
                body=draft.body,
                key=draft.key,
                explanation=draft.explanation,
                whys=draft.whys,
                legal_basis=draft.legal_basis,
                valid_from=draft.valid_from or ALWAYS,
                valid_to=draft.valid_to or FOREVER,
                competency=draft.competency,
                course=draft.course,
                lesson=draft.lesson,
                content_hash=content_hash,
                search_text=fold(f"{draft.code} {draft.topic} {draft.stem}"),
                state=ItemState.APPROVED,
                created_at=at,
            )
        )
    session.flush()
    done = Imported(created=created, changed=changed, unchanged=len(items) - created - changed)
    if created or changed:
        audit.record(session, actor, "quizzes.import_items", source, at, created=created, changed=changed, unchanged=done.unchanged)
    return done
