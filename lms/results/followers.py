"""Persons in the ledger. Nothing here is ever thrown away: of two records that turn out to be one person, one row stands and the other
is kept as superseded; a person who is forgotten has no name here to begin with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy import delete, insert, select, update
from sqlalchemy.orm import Session

from lms.agencies.models import AgencyVersion
from lms.kit.errors import N_
from lms.kit.following import PersonalSection
from lms.results.models import Activity, Expectation, ExpectationChange, ExpectationPast, Outcome, OutcomePast


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
        score, of equal ones the earlier; the other is superseded by it. What was known until now stays countable as two."""
        session.execute(update(ExpectationChange).where(ExpectationChange.changed_by == absorbed).values(changed_by=kept))
        session.execute(update(ExpectationPast).where(ExpectationPast.person_id == absorbed).values(person_id=kept))
        expectations, past = self._merge_expectations(session, kept, absorbed, at)
        return {"expectations": expectations, "outcomes": self._merge_outcomes(session, kept, absorbed, past, at)}

    def forget(self, session: Session, person_id: UUID, pseudonym: str, at: datetime) -> None:
        """Only ids and figures are kept here: nothing tells who the person was."""

    def _merge_expectations(self, session: Session, kept: UUID, absorbed: UUID, at: datetime) -> tuple[int, dict[tuple[UUID, str], UUID]]:
        """How many rows were handed over; and by record and activity the past row of each that no longer stands."""
        rows = session.scalars(select(Expectation).where(Expectation.person_id.in_((kept, absorbed)))).all()
        own = {row.activity: row for row in rows if row.person_id == kept}
        moved: list[UUID] = []
        dropped: list[tuple[Expectation, Expectation]] = []
        for row in rows:
            if row.person_id == kept:
                continue
            twin = own.get(row.activity)
            if twin is None:
                moved.append(row.id)
            elif twin.excluded_because is not None and row.excluded_because is None:
                dropped.append((twin, row))
                moved.append(row.id)
            else:
                dropped.append((row, twin))
        self._note_outsiders(session, {(row.person_id, row.activity) for row in rows}, (kept, absorbed), at)
        past: dict[tuple[UUID, str], UUID] = {}
        for gone, stays in dropped:  # what was changed by hand stays told, beside the row that stays
            past[gone.person_id, gone.activity] = self._keep_past(session, gone, kept, at)
            own_changes = (ExpectationChange.expectation_id == gone.id, ExpectationChange.past_id.is_(None))
            session.execute(update(ExpectationChange).where(*own_changes).values(past_id=past[gone.person_id, gone.activity]))
            session.execute(update(ExpectationChange).where(ExpectationChange.expectation_id == gone.id).values(expectation_id=stays.id))
        session.execute(delete(Expectation).where(Expectation.id.in_([gone.id for gone, _ in dropped])))
        session.execute(update(Expectation).where(Expectation.id.in_(moved)).values(person_id=kept))
        return len(moved), past

    def _note_outsiders(self, session: Session, listed: set[tuple[UUID, str]], pair: tuple[UUID, UUID], at: datetime) -> None:
        """Outcomes of the record that was not on the list on which the other is: until now they counted for nobody."""
        activities = {activity for _, activity in listed}
        rows = session.execute(
            select(Outcome.id, Outcome.person_id, Outcome.activity).where(
                Outcome.person_id.in_(pair), Outcome.activity.in_(activities), Outcome.joined_at.is_(None)
            )
        )
        outsiders = [row.id for row in rows if (row.person_id, row.activity) not in listed]
        session.execute(update(Outcome).where(Outcome.id.in_(outsiders)).values(joined_at=at))

    def _keep_past(self, session: Session, row: Expectation, kept: UUID, at: datetime) -> UUID:
        """Under the id it had: whatever was reckoned over the rows as known before comes out the same."""
        session.execute(
            insert(ExpectationPast).values(
                id=row.id,
                activity=row.activity,
                person_id=kept,
                agency_id=row.agency_id,
                agency_version_id=row.agency_version_id,
                group_code=row.group_code,
                excluded_because=row.excluded_because,
                recorded_at=row.recorded_at,
                superseded_at=at,
            )
        )
        return row.id

    def _merge_outcomes(self, session: Session, kept: UUID, absorbed: UUID, past: Mapping[tuple[UUID, str], UUID], at: datetime) -> int:
        for (person_id, activity), past_id in past.items():
            own = session.execute(
                select(Outcome.id, Outcome.joined_at).where(Outcome.person_id == person_id, Outcome.activity == activity)
            ).all()
            counted_for = [{"past_id": past_id, "outcome_id": row.id, "since": row.joined_at} for row in own]
            if counted_for:
                session.execute(insert(OutcomePast), counted_for)
            session.execute(update(Outcome).where(Outcome.id.in_([row.id for row in own])).values(joined_at=at))
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
                values = {"superseded_by": best[row.activity][1], "superseded_at": at}
                session.execute(update(Outcome).where(Outcome.id == row.id).values(values))
        moved = session.execute(update(Outcome).where(Outcome.person_id == absorbed).values(person_id=kept).returning(Outcome.id)).all()
        return len(moved)


follower = LedgerOfPersons()
