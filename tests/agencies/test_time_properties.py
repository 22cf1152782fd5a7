"""The tree through time against a model too simple to be wrong, first as rules alone, then through the database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise
from typing import Any
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select
from sqlalchemy.orm import Session

from lms.accounts.models import Posting
from lms.agencies import operations, queries
from lms.agencies.models import AgencyCode, AgencyVersion
from lms.agencies.operations.stored_events import believed_events
from lms.agencies.rules.closure import FOREVER
from lms.agencies.rules.events import Change, Division, Event, Part, kind_of, links
from lms.agencies.rules.kinds import EventKind
from lms.agencies.rules.lineage import Passage, forward
from lms.agencies.rules.replay import Tree, replay
from lms.kit.actors import EVERYWHERE, SERVICE
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.kit.ids import uuid7
from tests.agencies.conftest import assert_closure_true
from tests.agencies.histories import DAYS, START, Snapshot, Step, change_of, founding_of, naive, steps
from tests.factories import make_person

# Without shrinking: an example takes a second or two.
IN_DATABASE = settings(
    max_examples=7,
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
MOMENT = datetime(2026, 1, 5, 2, 0, tzinfo=UTC)
ROOTS = (Step("establish", START, (0, 1, 0), "H55"), Step("establish", START, (0, 1, 1), "H55"), Step("establish", START, (1, 1, 1), "H55"))


def played(wishes: list[Step]) -> list[Event]:
    """The events of the wishes that are possible one after the other; the model agrees on which are."""
    events: list[Event] = []
    agencies: list[UUID] = [uuid7()]
    for number, wish in enumerate([*ROOTS, *wishes]):
        change = change_of(wish, agencies)
        event = Event(uuid7(), change.on, number, change.details)
        tree = replay([*events, event])
        assert bool(tree.faults) == (naive([*events, event]) is None), (change, tree.faults)
        if not tree.faults:
            events.append(event)
            agencies = [*tree.versions]
    return events


def snapshot(tree: Tree, day: date) -> Snapshot:
    return {
        agency: (version.name, version.parent, codes_on(tree, agency, day))
        for agency in tree.versions
        if (version := tree.on(agency, day)) is not None
    }


def codes_on(tree: Tree, agency: UUID, day: date) -> frozenset[tuple[str, str]]:
    return frozenset((span.scheme, span.code) for span in tree.codes.get(agency, ()) if span.valid_from <= day < span.valid_to)


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=25))
def test_the_tree_as_of_a_day_is_the_replay_of_what_happened_until_then(wishes: list[Step]) -> None:
    events = played(wishes)
    tree = replay(events)
    expected: Snapshot = {}
    evenings = naive(events)
    assert evenings is not None
    for day in DAYS:
        expected = evenings.get(day, expected)
        assert snapshot(tree, day) == expected
        assert snapshot(replay(event for event in events if event.on <= day), day) == expected


@settings(max_examples=200, deadline=None)
@given(st.lists(steps, max_size=25))
def test_a_life_has_no_gap_and_no_day_twice_and_one_parent_each_day(wishes: list[Step]) -> None:
    tree = replay(played(wishes))
    for own in tree.versions.values():
        assert own
        for version, later in pairwise(own):
            assert version.valid_from < version.valid_to == later.valid_from
        for version in own:
            for day in (version.valid_from, min(version.valid_to, FOREVER) - timedelta(days=1)):
                assert version.parent is None or tree.on(version.parent, day) is not None
    for day in DAYS:
        for agency in tree.versions:
            path: list[UUID] = []
            here: UUID | None = agency if tree.on(agency, day) else None
            while here is not None:
                assert here not in path
                path.append(here)
                version_then = tree.on(here, day)
                assert version_then is not None
                here = version_then.parent


@settings(max_examples=100, deadline=None)
@given(st.lists(steps, max_size=25))
def test_agencies_live_on_whole_unless_they_are_abolished(wishes: list[Step]) -> None:
    events = sorted(played(wishes), key=lambda event: event.order)
    tree = replay(events)
    passing = (EventKind.MERGE, EventKind.CONSOLIDATE, EventKind.SPLIT)
    passages = [
        Passage(event.id, tuple((link.predecessor, link.successor, link.share) for link in links(event.details)))  # type: ignore[misc]
        for event in events
        if kind_of(event.details) in passing
    ]
    for agency in tree.versions:
        held = forward(agency, passages)
        assert sum(reach.share or 0 for reach in held.values()) == pytest.approx(1)


@contextmanager
def scratch(database: Database) -> Iterator[Session]:
    """A transaction of which nothing is left."""
    with database.transaction() as session:
        yield session
        session.rollback()


class Diary:
    """Asks the same questions at each moment, and again later what was known then."""

    def __init__(self, session: Session) -> None:
        self.session = session
        self.at = MOMENT
        self.agencies: list[UUID] = [uuid7()]
        self.answers: list[tuple[datetime, list[UUID], Any]] = []

    def record(self, wish: Step) -> UUID | None:
        change = change_of(wish, self.agencies)
        self.at += timedelta(minutes=1)
        try:
            with self.session.begin_nested():
                event = operations.record_change(self.session, SERVICE, change, self.at)
        except DomainError:
            return None
        self.note()
        return event

    def try_to(self, do: Any, *arguments: Any) -> bool:
        self.at += timedelta(minutes=1)
        try:
            with self.session.begin_nested():
                do(self.session, SERVICE, *arguments, self.at)
        except DomainError:
            return False
        self.note()
        return True

    def note(self) -> None:
        self.agencies = (
            list(dict.fromkeys(self.session.scalars(select(AgencyVersion.agency_id).order_by(AgencyVersion.id)))) or self.agencies
        )
        self.answers.append((self.at, self.agencies, self.ask(None, self.agencies)))

    def ask(self, known: datetime | None, agencies: list[UUID]) -> Any:
        session = self.session
        return [
            (
                day,
                [
                    (depth, row.id, row.name, row.code, row.parent_id, row.valid_from, row.valid_to, row.children, row.below)
                    for depth, row in queries.whole_tree(session, day, EVERYWHERE, known)
                ],
                sorted(queries.ancestors_on(session, day, known).items()),
                [queries.subtree_count(session, agency, day, known) for agency in agencies[:2]],
                [sorted(queries.subtree_ids(session, agency, day, known)) for agency in agencies[:2]],
                [(row.id, row.name) for row in queries.search_agencies(session, "ten", day, EVERYWHERE, known=known)],
            )
            for day in (DAYS[2], DAYS[6], DAYS[-1])
        ]

    def check(self) -> None:
        """What is stored is the replay of what is believed; the closure is what climbing says."""
        events = believed_events(self.session).values()
        tree = replay(events)
        assert not tree.faults
        for model, values, spans in (
            (AgencyVersion, ("agency_id", "valid_from", "valid_to", "name", "parent_id", "legal_basis"), tree.versions),
            (AgencyCode, ("agency_id", "scheme", "code", "valid_from", "valid_to"), tree.codes),
        ):
            columns = [getattr(model, value) for value in values]
            stored = sorted(map(repr, self.session.execute(select(*columns).where(model.superseded_at.is_(None)))))
            names = [value.removesuffix("_id") for value in values]
            assert stored == sorted(repr(tuple(getattr(span, name) for name in names)) for own in spans.values() for span in own)
        assert_closure_true(self.session)
        for day in DAYS[::2]:
            above = queries.ancestors_on(self.session, day)
            assert set(above) == {agency for agency in tree.versions if tree.on(agency, day)}
            for agency, path in above.items():
                version = tree.on(agency, day)
                climbed = [agency]
                while version is not None and version.parent is not None:
                    climbed.append(version.parent)
                    version = tree.on(version.parent, day)
                assert path == climbed


@IN_DATABASE
@given(wishes=st.lists(steps, min_size=3, max_size=7), data=st.data())
def test_correcting_and_withdrawing_never_change_what_was_known(database: Database, wishes: list[Step], data: st.DataObject) -> None:
    with scratch(database) as session:
        diary = Diary(session)
        for root in ROOTS:
            diary.record(root)
        events = [event for wish in wishes if (event := diary.record(wish)) is not None]
        for event in data.draw(st.lists(st.sampled_from(events), max_size=3, unique=True)) if events else ():
            if data.draw(st.booleans()):
                diary.try_to(operations.withdraw_event, event)
            else:
                diary.try_to(operations.correct_event, event, change_of(data.draw(steps), diary.agencies))
            diary.check()
        for moment, agencies, answer in diary.answers:
            assert repr(diary.ask(moment, agencies)) == repr(answer)


@IN_DATABASE
@given(wishes=st.lists(steps, min_size=1, max_size=6), last=steps)
def test_withdrawing_is_the_inverse_of_recording(database: Database, wishes: list[Step], last: Step) -> None:
    with scratch(database) as session:
        diary = Diary(session)
        for wish in (*ROOTS, *wishes):
            diary.record(wish)
        agencies = diary.agencies
        before = diary.ask(None, agencies)
        event = diary.record(last)
        if event is not None:
            assert diary.try_to(operations.withdraw_event, event)
            assert repr(diary.ask(None, agencies)) == repr(before)
            diary.check()


@IN_DATABASE
@given(wishes=st.lists(steps, min_size=1, max_size=6))
def test_people_are_neither_lost_nor_doubled_when_agencies_merge(database: Database, wishes: list[Step]) -> None:
    with scratch(database) as session:
        diary = Diary(session)
        for root in ROOTS:
            diary.record(root)
        for number, agency in enumerate(diary.agencies * 2):
            make_person(session, agency=agency, login=f"nguoi{number}", valid_from=START)
        total = len(diary.agencies) * 2
        for wish in wishes:
            if wish.what not in {"abolish", "split", "split_off"}:
                diary.record(wish)
        for day in DAYS:
            there = {row.id for _, row in queries.whole_tree(session, day, EVERYWHERE)}
            posts = session.execute(
                select(Posting.agency_id, func.count())
                .where(Posting.is_primary, Posting.valid_from <= day, Posting.valid_to > day)
                .group_by(Posting.agency_id)
            ).all()
            assert sum(count for _, count in posts) == total
            assert {agency for agency, _ in posts} <= there


@IN_DATABASE
@given(wishes=st.lists(steps, min_size=1, max_size=6), placed=st.lists(st.integers(0, 2), min_size=12, max_size=12))
def test_people_are_neither_lost_nor_doubled_when_agencies_split(database: Database, wishes: list[Step], placed: list[int]) -> None:
    """Who belongs to an agency that ends goes on in its heir; who belongs to an agency below it stays there and comes, with it, below
    whichever part it was placed under."""
    with scratch(database) as session:
        diary = Diary(session)
        for wish in (*ROOTS, *ROOTS, *(wish for wish in wishes if wish.what in {"establish", "move", "rename"})):
            diary.record(wish)
        agencies = diary.agencies
        founded = {row.id for _, row in queries.whole_tree(session, START, EVERYWHERE)}  # nobody belongs to what is not there yet
        for number, agency in enumerate(one for one in agencies if one in founded):
            make_person(session, agency=agency, login=f"nguoi{number}", valid_from=START)
        for agency in agencies[:3]:
            _split_and_compare(session, diary, agency, placed)
        diary.check()


def _split_and_compare(session: Session, diary: Diary, agency: UUID, placed: list[int]) -> None:
    day = DAYS[-1]
    before = _people(session, day)
    below = [row.id for _, row in queries.whole_tree(session, day, EVERYWHERE) if row.parent_id == agency]
    parts = [founding_of(uuid7(), None, None) for _ in range(2)]
    places = [parts[0].agency, parts[1].agency, None]
    division = Division(
        agency=agency,
        parts=(Part(agency=parts[0].agency, founding=parts[0], share=0.3), Part(agency=parts[1].agency, founding=parts[1], share=0.6)),
        children={child: places[place] for child, place in zip(below, placed, strict=False) if place < 2},
    )
    event = operations.record_change(session, SERVICE, Change(day, division), diary.at)
    after = _people(session, day)
    heir = parts[1].agency
    assert after == {heir if one == agency else one: count for one, count in before.items()}
    assert _people(session, day - timedelta(days=1)).get(agency) == before.get(agency)  # until the day nothing is otherwise
    for part, foreseen in ((parts[0].agency, 0), (heir, before.get(agency, 0))):
        own = [child for child in below if division.children.get(child, heir) == part]
        within = sum(after.get(one, 0) for one in queries.subtree_ids(session, part, day))
        assert within == foreseen + sum(after.get(one, 0) for child in own for one in queries.subtree_ids(session, child, day))
    operations.withdraw_event(session, SERVICE, event, diary.at + timedelta(seconds=1))
    assert _people(session, day) == before
    operations.record_change(session, SERVICE, Change(day, division), diary.at + timedelta(seconds=2))
    diary.at += timedelta(seconds=3)


def _people(session: Session, day: date) -> dict[UUID, int]:
    """How many belong to each agency on a day; nobody to one that is not there."""
    rows = session.execute(
        select(Posting.agency_id, func.count())
        .where(Posting.is_primary, Posting.valid_from <= day, Posting.valid_to > day)
        .group_by(Posting.agency_id)
    )
    found = {row[0]: row[1] for row in rows}
    assert found.keys() <= {row.id for _, row in queries.whole_tree(session, day, EVERYWHERE)}
    return found
