"""Persons in the ledger. Nothing here is ever thrown away: of two records that turn out to be one person, one row stands and the other
is kept as superseded; a person who is forgotten has no name here to begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyVersion
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.results.models import Activity, Expectation, ExpectationChange, Outcome


class LedgerOfPersons:
    """Expectations and outcomes."""

    def disclose(self, session: Session, person_id: UUID) -> Sequence[PersonalSection]:
        expected = session.execute(
            select(Activity.title, AgencyVersion.name, Expectation.group_code, Expectation.excluded_because, Expectation.recorded_at)
            .join(Activity, Activity.key == Expectation.activity)
            .join(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
            .where(Expectation.person_id == person_id)
            .order_by(Expectation.period)
        )
        outcomes = session.execute(
            select(
                Activity.title,
                Outcome.attempts,
                Outcome.score,
                Outcome.passed,
                Outcome.occurred_at,
                Outcome.recorded_at,
                Outcome.superseded_by.is_(None),
            )
            .join(Activity, Activity.key == Outcome.activity)
            .where(Outcome.person_id == person_id)
            .order_by(Outcome.period, Outcome.recorded_at)
        )
        return [
            PersonalSection(
                N_("Thuộc diện"),
                (N_("Hoạt động"), N_("Cơ quan, đơn vị"), N_("Nhóm"), N_("Miễn, hoãn vì"), N_("Ghi lúc")),
                [tuple(row) for row in expected],
            ),
            PersonalSection(
                N_("Kết quả"),
                (N_("Hoạt động"), N_("Số lượt"), N_("Điểm"), N_("Đạt"), N_("Lúc"), N_("Ghi lúc"), N_("Đang tính")),
                [tuple(row) for row in outcomes],
            ),
        ]

    def merge(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> Mapping[str, int]:
        """One expectation an activity: the one that is not excluded, else that of the record kept. One standing outcome: the higher
        score, of equal ones the earlier; the other is superseded by it."""
        session.execute(update(ExpectationChange).where(ExpectationChange.changed_by == absorbed).values(changed_by=kept))
        return {
            "expectations": self._merge_expectations(session, kept, absorbed),
            "outcomes": self._merge_outcomes(session, kept, absorbed),
        }

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Only ids and figures are kept here: nothing tells who the person was."""

    def _merge_expectations(self, session: Session, kept: UUID, absorbed: UUID) -> int:
        rows = session.execute(
            select(Expectation.id, Expectation.activity, Expectation.person_id, Expectation.excluded_because).where(
                Expectation.person_id.in_((kept, absorbed))
            )
        ).all()
        own = {row.activity: row for row in rows if row.person_id == kept}
        moved: list[UUID] = []
        dropped: dict[UUID, UUID] = {}
        for row in rows:
            if row.person_id == kept:
                continue
            twin = own.get(row.activity)
            if twin is None:
                moved.append(row.id)
            elif twin.excluded_because is not None and row.excluded_because is None:
                dropped[twin.id] = row.id
                moved.append(row.id)
            else:
                dropped[row.id] = twin.id
        for gone, stays in dropped.items():  # what was changed by hand stays told, beside the row that stays
            session.execute(update(ExpectationChange).where(ExpectationChange.expectation_id == gone).values(expectation_id=stays))
        session.execute(delete(Expectation).where(Expectation.id.in_(dropped)))
        session.execute(update(Expectation).where(Expectation.id.in_(moved)).values(person_id=kept))
        return len(moved)

    def _merge_outcomes(self, session: Session, kept: UUID, absorbed: UUID) -> int:
        standing = session.execute(
            select(Outcome.id, Outcome.activity, Outcome.score, Outcome.occurred_at).where(
                Outcome.person_id.in_((kept, absorbed)), Outcome.superseded_by.is_(None)
            )
        ).all()
        best: dict[str, tuple[object, UUID]] = {}
        for row in standing:
            rank = (-row.score, row.occurred_at, row.id)
            if row.activity not in best or rank < best[row.activity][0]:  # type: ignore[operator]
                best[row.activity] = (rank, row.id)
        for row in standing:
            if best[row.activity][1] != row.id:
                session.execute(update(Outcome).where(Outcome.id == row.id).values(superseded_by=best[row.activity][1]))
        moved = session.execute(update(Outcome).where(Outcome.person_id == absorbed).values(person_id=kept).returning(Outcome.id)).all()
        return len(moved)


follower = LedgerOfPersons()
