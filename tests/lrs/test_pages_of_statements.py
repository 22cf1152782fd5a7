"""Pages of the statement resource: complete and in order however they are cut, and read for a bounded price."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import event

from lms.kit.actors import SERVICE
from lms.kit.db import Database
from lms.lrs import operations
from lms.lrs.queries import pages
from lms.lrs.queries.pages import statement_page
from lms.lrs.rules.parameters import Selection
from lms.lrs.rules.positions import first_position
from lms.lrs.rules.reading import from_values
from lms.lrs.rules.terms import TermKind, term
from tests.lrs.making import VOIDED, statement

pytestmark = pytest.mark.usefixtures("months_put_back")

BEGIN = datetime(2035, 11, 28, tzinfo=UTC)
A, B = ({"mbox": f"mailto:{name}@example.vn"} for name in "ab")
VERBS = [f"http://example.vn/verbs/{number}" for number in range(3)]
ACTIVITIES = [f"http://example.vn/activities/{number}" for number in range(4)]
KEYS = [
    (),
    *((term(TermKind.VERB, verb),) for verb in VERBS),
    (term(TermKind.VERB, VERBS[0]), term(TermKind.ACTIVITY, ACTIVITIES[0])),
    (term(TermKind.ACTIVITY, ACTIVITIES[1]), term(TermKind.VERB, VERBS[1])),
    (term(TermKind.AGENT, "mbox mailto:0@example.vn"), term(TermKind.ACTIVITY, ACTIVITIES[2]), term(TermKind.VERB, VERBS[2])),
    (term(TermKind.VERB, VERBS[0]), term(TermKind.VERB, VERBS[1])),  # never together
    (term(TermKind.VERB, "http://example.vn/never"), term(TermKind.VERB, VERBS[1])),
]


class Filled:
    """Forty statements at the turn of two months, some voided, of two authorities; `terms` by position as they were said."""

    def __init__(self, database: Database) -> None:
        self.chance = Random(3)
        self.said: dict[UUID, tuple[dict[str, Any], dict[str, Any]]] = {}
        with database.transaction() as session:
            operations.add_partitions(session, BEGIN)
            for number in range(40):
                authority = self.chance.choice([A, A, A, B])
                actor = {"mbox": f"mailto:{self.chance.randrange(2)}@example.vn"}
                values = statement(
                    id=str(UUID(int=number + 1)),
                    actor=actor,
                    verb={"id": self.chance.choice(VERBS)},
                    object={"id": self.chance.choice(ACTIVITIES)},
                )
                at = BEGIN + timedelta(hours=6 * (number // 3))  # three of one moment; the last days of November, the first of December
                operations.store_statements(session, from_values([values]), authority, at)
                self.said[UUID(int=number + 1)] = (values, authority)
            gone = [UUID(int=number + 1) for number in range(0, 40, 7)]
            for place in gone:
                voider = statement(verb={"id": VOIDED}, object={"objectType": "StatementRef", "id": str(place)}, actor=A)
                operations.store_statements(session, from_values([voider]), A, BEGIN + timedelta(days=40))
                self.said.pop(place)

    def expected(self, keys: tuple[UUID, ...], authority: dict[str, Any] | None) -> list[UUID]:
        def has(values: dict[str, Any]) -> set[UUID]:
            return {
                term(TermKind.VERB, values["verb"]["id"]),
                term(TermKind.ACTIVITY, values["object"]["id"]),
                term(TermKind.AGENT, f"mbox {values['actor']['mbox']}"),
            }

        return [place for place, (values, own) in self.said.items() if set(keys) <= has(values) and authority in (None, own)]


@pytest.fixture
def filled(database: Database) -> Filled:
    return Filled(database)


END = first_position(BEGIN + timedelta(days=30))  # before the voiders


def _all_pages(database: Database, selection: Selection, authority: dict[str, Any] | None) -> Iterator[UUID]:
    with database.reading() as session:
        while True:
            page = statement_page(session, selection, authority)
            assert len(page.statements) <= selection.limit
            yield from (found.id for found in page.statements)
            if page.last is None:
                return
            selection = Selection(
                selection.terms, selection.start, selection.end, ascending=selection.ascending, limit=selection.limit, cursor=page.last
            )


@pytest.mark.parametrize("authority", [None, A, B], ids=["all", "own", "own, rare"])
@pytest.mark.parametrize("ascending", [True, False])
@pytest.mark.parametrize("budget", [7, 4_000], ids=["ended early", "whole"])
def test_pages_of_every_size_bring_everything_once_in_order_across_months(
    database: Database, filled: Filled, ascending: bool, authority: dict[str, Any] | None, budget: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "BUDGET", budget)
    for keys in KEYS:
        expected = filled.expected(keys, authority)
        for limit in (1, 4, 50):
            found = list(_all_pages(database, Selection(keys, end=END, ascending=ascending, limit=limit), authority))
            order = sorted(found, key=lambda one: (one.int - 1) // 3, reverse=not ascending)
            assert sorted(found) == sorted(expected), (keys, limit)
            assert [(one.int - 1) // 3 for one in found] == [(one.int - 1) // 3 for one in order]


@pytest.mark.parametrize("ascending", [True, False])
def test_since_and_until_bound_every_page(database: Database, filled: Filled, ascending: bool) -> None:
    start, end = (first_position(BEGIN + timedelta(hours=hours)) for hours in (6 * 4, 6 * 9))
    for keys in KEYS:
        within = [one for one in filled.expected(keys, None) if 4 <= (one.int - 1) // 3 < 9]
        found = list(_all_pages(database, Selection(keys, start, end, ascending=ascending, limit=3), None))
        assert sorted(found) == sorted(within)


def test_a_page_is_full_where_there_is_enough_however_many_are_voided(database: Database, filled: Filled) -> None:
    with database.reading() as session:
        sizes = [len(statement_page(session, Selection(keys, end=END, limit=4)).statements) for keys in KEYS]
    assert sizes == [min(4, len(filled.expected(keys, None))) for keys in KEYS]


def test_a_page_that_takes_too_long_ends_early_and_says_where_to_go_on(
    database: Database, filled: Filled, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pages, "BUDGET", 10)
    with database.reading() as session:
        page = statement_page(session, Selection(KEYS[-2], end=END, limit=4))
    assert page.statements == []
    assert page.last is not None


def test_a_page_is_two_questions_and_two_more_where_some_are_voided(database: Database, filled: Filled) -> None:
    asked: list[str] = []
    with database.reading() as session:
        connection = session.connection()
        event.listen(connection, "before_cursor_execute", lambda *given: asked.append(given[2]))
        for keys in KEYS[:-2]:
            asked.clear()
            statement_page(session, Selection(keys, end=END, limit=3))
            assert len(asked) in (1, 2, 4), asked  # one where nothing was found, four where one of the first was voided


def test_places_of_one_moment_keep_one_order(database: Database) -> None:
    with database.transaction() as session:
        batch = from_values([statement() for _ in range(20)])
        given = operations.store_statements(session, batch, A, BEGIN)
    up = list(_all_pages(database, Selection(ascending=True, limit=3), None))
    down = list(_all_pages(database, Selection(limit=3), None))
    assert up == given
    assert down == given[::-1]
    with database.reading() as session:
        positions = [found.position for found in statement_page(session, Selection(ascending=True, limit=50)).statements]
    assert all(one < two for one, two in pairwise(positions))


def test_pages_go_on_where_a_month_was_taken_away(database: Database, filled: Filled) -> None:
    if database.is_sqlite:
        pytest.skip("SQLite has no partitions")
    keys = (term(TermKind.VERB, VERBS[0]),)
    with database.reading() as session:
        first = statement_page(session, Selection(keys, ascending=True, limit=2))
    with database.transaction() as session:
        operations.detach_partition(session, SERVICE, "2035-11", datetime(2036, 1, 5, tzinfo=UTC))
    left = [one for one in filled.expected(keys, None) if (one.int - 1) // 3 >= 12]  # 1 December and later
    for selection in (
        Selection(keys, end=END, ascending=True, limit=2),
        Selection(keys, end=END, ascending=True, limit=2, cursor=first.last),
    ):
        assert sorted(_all_pages(database, selection, None)) == sorted(left)
