"""Persons in the question bank: what they wrote, answer for and decided on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, cast
from uuid import UUID

from sqlalchemy import CursorResult, select, update
from sqlalchemy.orm import Session

from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from quizzes.models import Item, ItemReview, ItemVersion


class AuthorsOfItems:
    """Authors, owners and reviewers of items."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """Versions a person wrote, items they answer for, and what they decided on others' versions."""
        written = session.execute(
            select(Item.code, ItemVersion.number, ItemVersion.stem, ItemVersion.state, ItemVersion.created_at)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(ItemVersion.author_id == person_id)
            .order_by(Item.code, ItemVersion.number)
        )
        owned = session.execute(select(Item.code, Item.created_at).where(Item.owner_id == person_id).order_by(Item.code))
        steps = session.execute(
            select(Item.code, ItemVersion.number, ItemReview.action, ItemReview.remarks, ItemReview.at)
            .join(ItemVersion, ItemVersion.id == ItemReview.item_version_id)
            .join(Item, Item.id == ItemVersion.item_id)
            .where(ItemReview.by_id == person_id)
            .order_by(ItemReview.at)
        )
        return [
            PersonalSection(
                N_("Câu hỏi đã soạn"),
                (N_("Mã"), N_("Phiên bản"), N_("Nội dung"), N_("Tình trạng"), N_("Ghi lúc")),
                [tuple(row) for row in written],
            ),
            PersonalSection(N_("Câu hỏi phụ trách"), (N_("Mã"), N_("Ghi lúc")), [tuple(row) for row in owned]),
            PersonalSection(
                N_("Thẩm định câu hỏi"),
                (N_("Mã"), N_("Phiên bản"), N_("Việc"), N_("Nhận xét"), N_("Lúc")),
                [tuple(row) for row in steps],
            ),
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """What either wrote, answers for or decided is the one person's."""
        moved = 0
        for column in (Item.owner_id, ItemVersion.author_id, ItemReview.by_id):
            statement = update(column.class_).where(column == absorbed).values({column.key: kept})
            moved += cast(CursorResult[Any], session.execute(statement)).rowcount
        return {"items": moved}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Items hold no names, only who wrote them: that stays, under the pseudonym. One who is gone answers for nothing."""
        session.execute(update(Item).where(Item.owner_id == person_id).values(owner_id=None))


follower = AuthorsOfItems()
