"""Persons and the letters written to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.accounts.queries.records import records_of
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.mail.models import Message
from lms.mail.operations import forget_letters


class LettersToPersons:
    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        """Every letter with its fate; the text of a sent one is not kept."""
        rows = session.execute(
            select(Message.created_at, Message.subject, Message.state, Message.ended_at)
            .where(Message.person_id.in_(records_of(session, person_id)))
            .order_by(Message.created_at)
        ).all()
        return [
            PersonalSection(
                N_("Thư đã gửi"), (N_("Viết lúc"), N_("Tiêu đề"), N_("Tình trạng"), N_("Xong lúc")), [tuple(row) for row in rows]
            )
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Letters on their way go to the record that is kept."""
        moved = session.execute(update(Message).where(Message.person_id == absorbed).values(person_id=kept).returning(Message.id)).all()
        return {"letters": len(moved)}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        for record in records_of(session, person_id):
            forget_letters(session, record)


follower = LettersToPersons()
