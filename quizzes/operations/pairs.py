"""Saying what two items are to each other."""

from __future__ import annotations

from datetime import datetime

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.kit import audit
from lms.kit.actors import Actor, NotFound
from lms.kit.errors import N_, DomainError
from lms.kit.vietnamese import clean
from quizzes.models import Item, ItemPair
from quizzes.queries.pairs import DISTINCT, ENEMY


def relate_items(session: Session, actor: Actor, codes: tuple[str, str], relation: str, at: datetime, *, reason: str = "") -> None:
    """Say that two items never stand in one paper (`enemy`), or that they look alike and are different questions (`distinct`), whatever
    was said of them before. Papers already assembled stay as they are. Raises NotFound."""
    if relation not in (ENEMY, DISTINCT):
        raise DomainError(N_("Chọn quan hệ giữa hai câu."), code="relation_needed", field="relation")
    one, other = _items(session, codes)
    known = session.get(ItemPair, (one.id, other.id))
    before = known.relation if known else None
    said = clean(reason)[:1000] or None
    if known is None:
        session.add(ItemPair(item_id=one.id, other_id=other.id, relation=relation, reason=said, created_at=at))
    else:
        known.relation, known.reason, known.created_at = relation, said, at
    session.flush()
    audit.record(session, actor, "quizzes.relate_items", one.code, at, with_item=other.code, before=before, after=relation, reason=said)


def unrelate_items(session: Session, actor: Actor, codes: tuple[str, str], at: datetime) -> None:
    """Take back what was said of two items."""
    one, other = _items(session, codes)
    known = session.get(ItemPair, (one.id, other.id))
    if known is None:
        return
    before = known.relation
    session.delete(known)
    session.flush()
    audit.record(session, actor, "quizzes.unrelate_items", one.code, at, with_item=other.code, before=before, after=None)


def _items(session: Session, codes: tuple[str, str]) -> tuple[Item, Item]:
    """Both, the smaller identifier first."""
    if codes[0] == codes[1]:
        raise DomainError(N_("Hai câu phải khác nhau."), code="same_item", field="other")
    found = {item.code: item for item in session.scalars(select(Item).where(Item.code.in_(codes)))}
    if codes[0] not in found:
        raise NotFound
    if codes[1] not in found:
        raise DomainError(N_("Không có câu hỏi mã %(item)s trong ngân hàng."), code="no_such_item", field="other", item=codes[1][:64])
    one, other = sorted((found[code] for code in codes), key=lambda item: item.id)
    return one, other
