"""Who is who on the cut-off day, and what a round's rule makes of them."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Select, and_, func, select, tuple_
from sqlalchemy.orm import Session

from courses.models import Course, Enrolment
from lms.accounts.models import Person, PositionGroup, Posting
from lms.accounts.queries import absence_on, is_listed
from lms.agencies.models import AgencyVersion
from lms.agencies.queries import ancestors_on, within
from lms.kit.actors import Everywhere, Scope
from lms.results.models import Expectation, ExpectationChange
from quizzes.models import LeftOut, ListProposal
from quizzes.rules.audience import LISTED, AudienceRule, Counted, Facts, Verdict, verdict_of
from quizzes.rules.rounds import Purpose


@dataclass(frozen=True, slots=True)
class RosterRow:
    """Somebody's primary post on a day. `agency_version_id` None: the tree has a gap that must be mended first."""

    person_id: UUID
    agency_id: UUID
    agency_version_id: UUID | None
    group_code: str
    it_duty: str
    absence: str | None


def roster(session: Session, day: date, person_id: UUID | None = None) -> list[RosterRow]:
    """Everyone with a primary post on that day, one row a person: where two overlap, the one that began last counts. Who has been erased
    since that day can sit no test and is expected at none. One statement."""
    statement = _posts_on(day).order_by(Posting.valid_from, Posting.id)
    if person_id is not None:
        statement = statement.where(Posting.person_id == person_id)
    return list({row.person_id: RosterRow(*row) for row in session.execute(statement)}.values())


def _posts_on(day: date) -> Select[*tuple[Any, ...]]:
    """Primary posts on a day with what a rule looks at: the columns of RosterRow."""
    return (
        select(
            Posting.person_id,
            Posting.agency_id,
            AgencyVersion.id.label("agency_version_id"),
            Posting.group_code,
            Posting.it_duty,
            absence_on(day).label("absence"),
        )
        .select_from(Posting)
        .outerjoin(
            AgencyVersion,
            and_(
                AgencyVersion.agency_id == Posting.agency_id,
                AgencyVersion.valid_from <= day,
                AgencyVersion.valid_to > day,
                AgencyVersion.superseded_at.is_(None),
            ),
        )
        .join(Person, Person.id == Posting.person_id)
        .where(is_listed(), Posting.is_primary, Posting.valid_from <= day, Posting.valid_to > day)
    )


def enrolled_in(session: Session, course: str) -> set[UUID]:
    """Everyone in a course, by its code."""
    statement = select(Enrolment.person_id).join(Course, Course.id == Enrolment.course_id).where(Course.code == course)
    return set(session.scalars(statement))


def has_newcomers(session: Session, course: str, activity: str, day: date) -> bool:
    """Whether somebody on the roster of a day is in a course and not on an activity's list. One statement: it is asked again and again."""
    enrolled = select(Enrolment.person_id).join(Course, Course.id == Enrolment.course_id).where(Course.code == course)
    listed = select(Expectation.person_id).where(Expectation.activity == activity)
    newcomers = _posts_on(day).where(Posting.person_id.in_(enrolled), Posting.person_id.not_in(listed))
    return session.execute(newcomers.limit(1)).first() is not None


def has_course(session: Session, course: str | None) -> bool:
    return course is not None and session.scalar(select(Course.id).where(Course.code == course)) is not None


@dataclass(frozen=True, slots=True)
class Judged:
    """A row of the roster with what the rule says of it."""

    row: RosterRow
    verdict: Verdict

    @property
    def excluded_because(self) -> str | None:
        return self.row.absence if self.verdict == Verdict.EXCUSED else None


def judged_roster(session: Session, rule: AudienceRule, day: date, *, purpose: str, course: str | None) -> Iterator[Judged]:
    """The whole roster of a day under a rule; of a course's test only those in the course. Three statements for any number of people."""
    rows = roster(session, day)
    if purpose == Purpose.COURSE_TEST and course is not None:
        enrolled = enrolled_in(session, course)
        rows = [row for row in rows if row.person_id in enrolled]
    above = ancestors_on(session, day) if rule.agencies or rule.excepted else {}
    for row in rows:
        facts = Facts(row.group_code, above.get(row.agency_id, (row.agency_id,)), row.it_duty, row.absence)
        yield Judged(row, verdict_of(rule, facts))


def counted_roster(session: Session, rule: AudienceRule, day: date, *, purpose: str, course: str | None) -> Counted:
    """How many the rule names on a day, by verdict, group, reason and agency. People are counted by the database, by what the rule looks
    at, and judged together: two statements, and as many rows as there are kinds of people in agencies."""
    last = func.row_number().over(partition_by=Posting.person_id, order_by=(Posting.valid_from.desc(), Posting.id.desc()))
    posts = _posts_on(day).add_columns(last.label("place"))
    if purpose == Purpose.COURSE_TEST:
        enrolled = select(Enrolment.person_id).join(Course, Course.id == Enrolment.course_id).where(Course.code == course)
        posts = posts.where(Posting.person_id.in_(enrolled))
    one = posts.subquery()
    alike = (one.c.agency_id, one.c.agency_version_id, one.c.group_code, one.c.it_duty, one.c.absence)
    rows = session.execute(select(*alike, func.count()).where(one.c.place == 1).group_by(*alike)).all()
    above = ancestors_on(session, day) if rule.agencies or rule.excepted else {}
    found = Counted(Counter(), Counter(), Counter(), Counter())
    homeless = 0
    for agency, version, group, duty, absence, count in rows:
        verdict = verdict_of(rule, Facts(group, above.get(agency, (agency,)), duty, absence))
        found.by_verdict[verdict] += count
        if verdict == Verdict.EXPECTED:
            found.by_group[group] += count
            found.by_agency[agency] += count
        elif verdict == Verdict.EXCUSED:
            found.by_reason[absence or ""] += count
        homeless += count if verdict in LISTED and version is None else 0
    return Counted(found.by_verdict, found.by_group, found.by_reason, found.by_agency, homeless)


def facts_about(session: Session, person_id: UUID, day: date) -> Facts:
    """What is recorded about one person on a day. Two or three statements."""
    rows = roster(session, day, person_id)
    if not rows:
        later = select(func.min(Posting.valid_from)).where(Posting.person_id == person_id, Posting.is_primary, Posting.valid_from > day)
        return Facts(joined_on=session.scalar(later))
    row = rows[0]
    above = ancestors_on(session, day).get(row.agency_id, [row.agency_id])
    return Facts(row.group_code, above, row.it_duty, row.absence)


@dataclass(frozen=True, slots=True)
class Frozen:
    """How a person stands on a list that was frozen: on it (perhaps excluded since), or left out and why."""

    listed: bool
    excluded_because: str | None
    left_out_because: str | None
    changes: list[tuple[datetime, str | None, str | None, str]]


def frozen_standing(session: Session, round_id: UUID, activity: str, person_id: UUID) -> Frozen:
    """What the frozen list says about one person, with every change since: (when, before, after, evidence). Three statements."""
    row = session.execute(
        select(Expectation.id, Expectation.excluded_because).where(Expectation.activity == activity, Expectation.person_id == person_id)
    ).one_or_none()
    left_out = session.scalar(select(LeftOut.because).where(LeftOut.round_id == round_id, LeftOut.person_id == person_id))
    changes = (
        session.execute(
            select(
                ExpectationChange.changed_at,
                ExpectationChange.excluded_before,
                ExpectationChange.excluded_after,
                ExpectationChange.evidence,
            )
            .where(ExpectationChange.expectation_id == row.id)
            .order_by(ExpectationChange.changed_at, ExpectationChange.id)
        ).all()
        if row
        else []
    )
    return Frozen(
        row is not None,
        row.excluded_because if row else None,
        left_out,
        [(at, before, after, evidence) for at, before, after, evidence in changes],
    )


def left_out_counts(session: Session, round_id: UUID) -> dict[str, int]:
    """Who was outside the rule when the list was frozen: how many for each reason."""
    rows = session.execute(select(LeftOut.because, func.count()).where(LeftOut.round_id == round_id).group_by(LeftOut.because))
    return {because: count for because, count in rows}  # noqa: C416 - rows are no pairs to dict


def heads_by_agency(session: Session, activity: str) -> dict[UUID, int]:
    """How many are expected in each agency of a frozen list."""
    rows = session.execute(
        select(Expectation.agency_id, func.count())
        .where(Expectation.activity == activity, Expectation.excluded_because.is_(None))
        .group_by(Expectation.agency_id)
    )
    return {agency: count for agency, count in rows}  # noqa: C416 - rows are no pairs to dict


def group_counts(session: Session, activity: str) -> dict[str, int]:
    """How many are expected in each position group of a frozen list."""
    rows = session.execute(
        select(Expectation.group_code, func.count())
        .where(Expectation.activity == activity, Expectation.excluded_because.is_(None))
        .group_by(Expectation.group_code)
    )
    return {group: count for group, count in rows}  # noqa: C416 - rows are no pairs to dict


def group_names(session: Session) -> dict[str, str]:
    rows = session.execute(select(PositionGroup.code, PositionGroup.name_vi).order_by(PositionGroup.ordinal, PositionGroup.code))
    return {code: name for code, name in rows}  # noqa: C416 - rows are no pairs to dict


@dataclass(frozen=True, slots=True)
class ListedPerson:
    """A person of a frozen list. `proposed`: what their agency asks for, waiting (an empty reason: to be put on the list again)."""

    person_id: UUID
    staff_code: str
    full_name: str
    sort_key: str
    agency_name: str
    group_code: str
    excluded_because: str | None
    proposal_id: UUID | None
    proposed: str | None
    evidence: str | None


_LISTED = (
    Person.id,
    Person.staff_code,
    Person.full_name,
    Person.sort_key,
    AgencyVersion.name,
    Expectation.group_code,
    Expectation.excluded_because,
    ListProposal.id,
    ListProposal.because,
    ListProposal.evidence,
)


def _listed(round_: Any, scope: Scope) -> Select[*tuple[Any, ...]]:
    pending = and_(ListProposal.round_id == round_.id, ListProposal.person_id == Expectation.person_id, ListProposal.state == "pending")
    return (
        select(*_LISTED)
        .select_from(Expectation)
        .join(Person, Person.id == Expectation.person_id)
        .join(AgencyVersion, AgencyVersion.id == Expectation.agency_version_id)
        .outerjoin(ListProposal, pending)
        .where(Expectation.activity == round_.activity, within(Expectation.agency_id, scope, round_.cutoff_day))
    )


def list_page(
    session: Session,
    round_: Any,
    scope: Scope,
    *,
    words: Sequence[str] = (),
    only: str = "",
    after: tuple[str, UUID] | None = None,
    limit: int = 50,
) -> list[ListedPerson]:
    """People of a round's list within the scope on the cut-off day, by given name. `only`: `excluded` or `waiting`. One statement."""
    statement = _listed(round_, scope).order_by(Person.sort_key, Person.id).limit(limit)
    for word in words:
        statement = statement.where(Person.search_text.contains(word, autoescape=True))
    if only == "excluded":
        statement = statement.where(Expectation.excluded_because.is_not(None))
    elif only == "waiting":
        statement = statement.where(ListProposal.id.is_not(None))
    if after is not None:
        statement = statement.where(tuple_(Person.sort_key, Person.id) > tuple_(*after))
    return [ListedPerson(*row) for row in session.execute(statement)]


def listed_person(session: Session, round_: Any, scope: Scope, person_id: UUID) -> ListedPerson | None:
    """One person of a round's list, if within the scope."""
    row = session.execute(_listed(round_, scope).where(Expectation.person_id == person_id)).one_or_none()
    return ListedPerson(*row) if row else None


def people_by_code(session: Session, codes: Sequence[str]) -> dict[str, UUID]:
    """Persons by their staff codes."""
    found: dict[str, UUID] = {}
    for start in range(0, len(codes), 500):
        rows = session.execute(select(Person.staff_code, Person.id).where(is_listed(), Person.staff_code.in_(codes[start : start + 500])))
        found |= {code: person for code, person in rows}  # noqa: C416 - rows are no pairs to dict
    return found


def waiting_proposals(session: Session, round_id: UUID) -> int:
    """How many proposals about a round's list wait for the department."""
    waiting = select(func.count()).select_from(ListProposal).where(ListProposal.state == "pending", ListProposal.round_id == round_id)
    return session.scalar(waiting) or 0


def all_waiting_proposals(session: Session, scope: Scope, at: datetime) -> int:
    """How many wait in all rounds, for those who decide; nobody with a narrower scope does."""
    if not isinstance(scope, Everywhere):
        return 0
    return session.scalar(select(func.count()).select_from(ListProposal).where(ListProposal.state == "pending")) or 0


def agency_heads(counts: Mapping[UUID, int], above: Mapping[UUID, Sequence[UUID]]) -> dict[UUID, int]:
    """Heads of each agency with all below it."""
    sums: Counter[UUID] = Counter()
    for agency, count in counts.items():
        for one in above.get(agency, (agency,)):
            sums[one] += count
    return dict(sums)
