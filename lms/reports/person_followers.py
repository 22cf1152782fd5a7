"""Persons in what agencies said of their drafts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.reports.models import AgencyVerdict, CrossTabView, Report, SignedFile, Target


class SpeakersForAgencies:
    """Who confirmed or objected. Nothing is taken away: an office spoke, and what it said stays."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        rows = session.execute(
            select(Report.period, AgencyVerdict.verdict, AgencyVerdict.text, AgencyVerdict.said_at, AgencyVerdict.answer)
            .join(Report, Report.id == AgencyVerdict.report_id)
            .where(AgencyVerdict.said_by == person_id)
            .order_by(AgencyVerdict.said_at)
        )
        columns = (N_("Kỳ"), N_("Ý kiến"), N_("Nội dung"), N_("Lúc"), N_("Trả lời"))
        views = session.execute(
            select(CrossTabView.name, CrossTabView.saved_at).where(CrossTabView.owner_id == person_id).order_by(CrossTabView.name)
        )
        return [
            PersonalSection(N_("Ý kiến về dự thảo kết quả"), columns, [tuple(row) for row in rows]),
            PersonalSection(N_("Bảng thống kê đã lưu"), (N_("Tên"), N_("Lúc")), [tuple(row) for row in views]),
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        moved = session.execute(
            update(AgencyVerdict).where(AgencyVerdict.said_by == absorbed).values(said_by=kept).returning(AgencyVerdict.id)
        ).all()
        session.execute(update(AgencyVerdict).where(AgencyVerdict.answered_by == absorbed).values(answered_by=kept))
        for column in ("built_by", "approved_by", "published_by", "withdrawn_by"):
            session.execute(update(Report).where(getattr(Report, column) == absorbed).values({column: kept}))
        session.execute(update(SignedFile).where(SignedFile.stored_by == absorbed).values(stored_by=kept))
        session.execute(update(Target).where(Target.recorded_by == absorbed).values(recorded_by=kept))
        own = select(CrossTabView.name).where(CrossTabView.owner_id == kept)
        session.execute(delete(CrossTabView).where(CrossTabView.owner_id == absorbed, CrossTabView.name.in_(own)))
        session.execute(update(CrossTabView).where(CrossTabView.owner_id == absorbed).values(owner_id=kept))
        return {"verdicts": len(moved)}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Of what was said and set only the id is kept; what was kept for the person's own use goes."""
        session.execute(delete(CrossTabView).where(CrossTabView.owner_id == person_id))


follower = SpeakersForAgencies()
