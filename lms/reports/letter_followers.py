"""Persons in the letters that were sent to them about reports."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from lms.accounts.queries.records import records_of
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.reports.models import Report, ReportLetter, WebhookTarget


class LettersAboutReports:
    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        rows = session.execute(
            select(Report.period, ReportLetter.kind, ReportLetter.address, ReportLetter.state, ReportLetter.created_at)
            .join(Report, Report.id == ReportLetter.report_id)
            .where(ReportLetter.person_id.in_(records_of(session, person_id)))
            .order_by(ReportLetter.created_at)
        ).all()
        columns = (N_("Kỳ"), N_("Sự kiện"), N_("Địa chỉ"), N_("Tình trạng"), N_("Viết lúc"))
        return [PersonalSection(N_("Thư kết quả của cơ quan"), columns, [tuple(row) for row in rows])]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """Letters on their way go to the record that is kept."""
        moved = session.execute(
            update(ReportLetter).where(ReportLetter.person_id == absorbed).values(person_id=kept).returning(ReportLetter.id)
        ).all()
        session.execute(update(WebhookTarget).where(WebhookTarget.created_by == absorbed).values(created_by=kept))
        return {"letters": len(moved)}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """That an agency was written to stays; to whom does not. What waits is not sent."""
        for letter in session.scalars(select(ReportLetter).where(ReportLetter.person_id.in_(records_of(session, person_id)))):
            letter.address = f"{pseudonym}#{letter.id.hex[:8]}"
            if letter.state in ("waiting", "sending"):
                letter.state, letter.ended_at = "failed", at
            letter.problem = None
        session.flush()


follower = LettersAboutReports()
