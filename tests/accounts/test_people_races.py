"""Two who act on one person at the same moment: one of them is told, and the person is where one of them put them."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import func, select

from lms.accounts import operations
from lms.accounts.models import Person, PersonApart, Posting, TransferRequest
from lms.accounts.operations import Wish
from lms.accounts.operations.roster_changes import still_standing
from lms.accounts.rules.transfers import Kind
from lms.kit.actors import SERVICE, NotFound, Role
from lms.kit.clock import now
from lms.kit.db import Database
from lms.kit.errors import DomainError
from tests.factories import grant, make_agency, make_person

SignInAs = Callable[[str], FlaskClient]
TODAY = now().date()


@dataclass(frozen=True)
class Place:
    health: UUID
    culture: UUID
    an: UUID
    twin: UUID
    request: UUID


@pytest.fixture
def place(database: Database) -> Place:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh")
        health, culture = make_agency(session, "Sở Y tế", parent=root), make_agency(session, "Sở Văn hóa", parent=root)
        grant(session, make_person(session, "Trần Thị Quản", agency=health, login="quantri"), Role.DEPARTMENT)
        an, twin = (make_person(session, "Nguyễn Thị Ánh", agency=health) for _ in range(2))
        wish = Wish(an, Kind.NOT_OURS, culture, TODAY + timedelta(days=1))
        return Place(health, culture, an, twin, operations.request_transfer(session, SERVICE, wish, today=TODAY, at=now()))


def at_once(*acts: Callable[[], object]) -> list[object]:
    """What each came to: its value, or the refusal it met. All begin together; anything else that is raised fails the test."""
    gate, results = threading.Barrier(len(acts)), list[object]([None] * len(acts))

    def run(index: int, act: Callable[[], object]) -> None:
        gate.wait()
        try:
            results[index] = act()
        except Exception as error:
            results[index] = error

    threads = [threading.Thread(target=run, args=pair) for pair in enumerate(acts)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    for result in results:
        assert not isinstance(result, Exception) or isinstance(result, DomainError | NotFound), repr(result)
    return results


def refusals(results: Sequence[object]) -> int:
    return sum(isinstance(result, Exception) for result in results)


def approve(database: Database, place: Place) -> Callable[[], object]:
    def act() -> object:
        with database.transaction() as session:
            session.get(TransferRequest, place.request)  # somebody has looked at it in this very transaction
            return operations.approve_transfer(session, SERVICE, place.request, today=TODAY, at=now())

    return act


def posts_of(database: Database, person: UUID) -> list[tuple[UUID, bool]]:
    with database.reading() as session:
        rows = session.execute(
            select(Posting.agency_id, Posting.is_primary).where(Posting.person_id == person).order_by(Posting.valid_from)
        )
        return [tuple(row) for row in rows]


def test_of_approvals_at_once_one_counts(place: Place, database: Database) -> None:
    assert refusals(at_once(*[approve(database, place)] * 4)) == 3
    assert posts_of(database, place.an) == [(place.health, True), (place.culture, True)]


def test_what_is_withdrawn_while_it_is_approved_is_one_or_the_other(place: Place, database: Database) -> None:
    def withdraw() -> None:
        with database.transaction() as session:
            session.get(TransferRequest, place.request)
            operations.withdraw_transfer(session, SERVICE, place.request, at=now())

    results = at_once(withdraw, approve(database, place))
    assert refusals(results) == 1
    with database.reading() as session:
        state = session.get_one(TransferRequest, place.request).state
    assert (state, len(posts_of(database, place.an))) in {("withdrawn", 1), ("approved", 2)}


def test_merging_while_a_transfer_is_approved_hangs_nobody_up(place: Place, database: Database) -> None:
    def merge() -> None:
        with database.transaction() as session:
            operations.merge_persons(session, SERVICE, place.twin, place.an, {}, at=now())

    at_once(merge, approve(database, place))
    with database.reading() as session:
        assert session.get_one(Person, place.an).merged_into_id == place.twin
        assert session.get_one(TransferRequest, place.request).state in ("approved", "closed")
        assert session.scalar(select(func.count()).where(Posting.person_id == place.an)) == 0


def test_of_merges_both_ways_at_once_one_counts(place: Place, database: Database) -> None:
    def merge(kept: UUID, absorbed: UUID) -> Callable[[], object]:
        def act() -> object:
            with database.transaction() as session:
                return operations.merge_persons(session, SERVICE, kept, absorbed, {}, at=now())

        return act

    assert refusals(at_once(merge(place.an, place.twin), merge(place.twin, place.an))) == 1
    with database.reading() as session:
        merged = session.execute(select(Person.id, Person.merged_into_id).where(Person.merged_into_id.is_not(None))).one()
        assert set(merged) == {place.an, place.twin}


def test_marks_at_once_are_one_mark(place: Place, database: Database) -> None:
    def mark() -> None:
        with database.transaction() as session:
            operations.mark_apart(session, SERVICE, place.an, place.twin, at=now())

    assert refusals(at_once(mark, mark, mark)) == 0
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(PersonApart)) == 1


def test_an_import_leaves_alone_who_is_merged_while_it_runs(place: Place, database: Database) -> None:
    planned = threading.Event()

    def merge() -> None:
        with database.transaction() as session:
            operations.merge_persons(session, SERVICE, place.twin, place.an, {}, at=now())
        planned.set()

    def write() -> set[UUID]:
        assert planned.wait(30)
        with database.transaction() as session:
            return still_standing(session, [place.an, place.twin])

    assert at_once(merge, write)[1] == {place.twin}


def test_of_pages_that_approve_at_once_one_does(place: Place, app: Flask, database: Database, sign_in: SignInAs) -> None:
    clients = [sign_in("quantri") for _ in range(3)]
    address = f"/manage/people/transfers/{place.request}/approve"
    tokens = [client.csrf_token() for client in clients]  # type: ignore[attr-defined]

    def press(client: FlaskClient, token: str) -> Callable[[], object]:
        return lambda: client.open(address, method="POST", headers={"X-CSRFToken": token}).status_code

    statuses = at_once(*[press(client, token) for client, token in zip(clients, tokens, strict=True)])
    assert statuses.count(303) == 1
    assert set(statuses) <= {303, 409, 422}
    assert posts_of(database, place.an) == [(place.health, True), (place.culture, True)]
