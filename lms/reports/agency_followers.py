"""What a change of organisation leaves untouched in the reports."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import select
from sqlalchemy.orm import Session

from lms.agencies.queries.lookups import batches
from lms.kit.actors import Actor
from lms.kit.errors import N_
from lms.kit.following import AgencyTurn, Consequence
from lms.reports.models import ReportAgency


class FrozenReports:
    """Only says what stays: a report is a document of its day."""

    def foresee(self, session: Session, turn: AgencyTurn) -> Sequence[Consequence]:
        reports: set[UUID] = set()
        for batch in batches([*turn.heirs, *sorted(turn.touched - turn.heirs.keys())]):
            reports.update(session.scalars(select(ReportAgency.report_id).distinct().where(ReportAgency.agency_id.in_(batch))))
        text = N_("báo cáo kết quả đã lập có các đơn vị này; báo cáo giữ nguyên như ngày lập")
        return [Consequence(text, len(reports))] if reports else []

    def foresee_return(self, session: Session, event_id: UUID) -> Sequence[Consequence]:
        """Nothing: nothing was done."""
        return ()

    def follow(self, session: Session, actor: Actor, turn: AgencyTurn, at: datetime) -> None:
        """Nothing: what is frozen stays."""

    def take_back(self, session: Session, actor: Actor, event_id: UUID, at: datetime) -> None:
        """Nothing was done."""
