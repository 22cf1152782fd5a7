"""What waits between authors and the bank."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import func, or_, select
from sqlalchemy.orm import Session

from lms.kit.actors import Scope
from quizzes.models import Item, ItemReview, ItemVersion
from quizzes.rules.bank import ItemState
from quizzes.rules.review import ReviewAction


@dataclass(frozen=True, slots=True)
class WaitingVersion:
    """A version that waits for review. `new`: the item has none approved yet. Whose it is, is not said; `own`: of who looks."""

    code: str
    number: int
    kind: str
    topic: str
    level: str
    stem: str
    submitted_at: datetime | None
    change_note: str | None
    new: bool
    own: bool


@dataclass(frozen=True, slots=True)
class ReturnedDraft:
    """A draft that was sent back to its author."""

    author_id: UUID
    code: str
    number: int
    stem: str
    remarks: str
    at: datetime


def review_queue(
    session: Session, viewer: UUID | None, *, after: tuple[datetime, str] | None = None, limit: int = 50
) -> list[WaitingVersion]:
    """Versions in review, those that have waited longest first."""
    approved = (
        select(ItemVersion.item_id).where(ItemVersion.state == ItemState.APPROVED, ItemVersion.item_id == Item.id).correlate(Item).exists()
    )
    own = func.coalesce(or_(ItemVersion.author_id == viewer, Item.owner_id == viewer), False)
    statement = (
        select(
            Item.code,
            ItemVersion.number,
            ItemVersion.kind,
            ItemVersion.topic,
            ItemVersion.level,
            ItemVersion.stem,
            ItemVersion.submitted_at,
            ItemVersion.change_note,
            (~approved).label("new"),
            own.label("own"),
        )
        .join(Item, Item.id == ItemVersion.item_id)
        .where(ItemVersion.state == ItemState.IN_REVIEW)
        .order_by(ItemVersion.submitted_at, Item.code)
        .limit(limit)
    )
    if after is not None:
        moment, code = after
        later = or_(ItemVersion.submitted_at > moment, (ItemVersion.submitted_at == moment) & (Item.code > code))
        statement = statement.where(later)
    return [
        WaitingVersion(
            code=row.code,
            number=row.number,
            kind=row.kind,
            topic=row.topic,
            level=row.level,
            stem=row.stem,
            submitted_at=row.submitted_at,
            change_note=row.change_note,
            new=bool(row.new),
            own=bool(row.own),
        )
        for row in session.execute(statement)
    ]


def waiting_count(session: Session, scope: Scope, at: datetime) -> int:
    """How many versions wait for review: for the managing page."""
    return session.scalar(select(func.count()).where(ItemVersion.state == ItemState.IN_REVIEW)) or 0


def returned_drafts(session: Session, author: UUID | None = None) -> list[ReturnedDraft]:
    """Drafts whose last step was being sent back, newest first: of one author, or of everybody."""
    last = select(func.max(ItemReview.at)).where(ItemReview.item_version_id == ItemVersion.id).correlate(ItemVersion).scalar_subquery()
    statement = (
        select(ItemVersion.author_id, Item.code, ItemVersion.number, ItemVersion.stem, ItemReview.remarks, ItemReview.at)
        .join(Item, Item.id == ItemVersion.item_id)
        .join(ItemReview, ItemReview.item_version_id == ItemVersion.id)
        .where(
            ItemVersion.state == ItemState.DRAFT,
            ItemReview.action == ReviewAction.SENT_BACK,
            ItemReview.at == last,
            ItemVersion.author_id.is_not(None),
        )
        .order_by(ItemReview.at.desc(), Item.code)
    )
    if author is not None:
        statement = statement.where(ItemVersion.author_id == author)
    return [
        ReturnedDraft(author_id, code, number, stem, remarks or "", at)
        for author_id, code, number, stem, remarks, at in session.execute(statement)
        if author_id is not None
    ]
