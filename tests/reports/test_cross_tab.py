"""Cross-tabs of the staff: margins are sums, every number opens to a list of its size, the workbook tells the same."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from html import unescape
from io import BytesIO
from uuid import UUID
from zipfile import ZipFile

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook
from sqlalchemy import event, update

from lms.accounts.models import Person
from lms.kit.actors import EVERYWHERE
from lms.kit.db import Database
from lms.reports.queries import crosstab as reads
from lms.reports.queries import nodes
from lms.reports.rules.crosstab import ALL, CrossTab, Dimension, Question
from tests.factories import make_people
from tests.reports.making import ACTIVITY, AT, Province, make_province

TODAY = AT.replace(day=22)
PAGE = "/manage/people/statistics/cross-tab/"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(TODAY, tick=False):
        yield


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        province = make_province(session)
        people = [people for some in province.people.values() for people in some]
        session.execute(update(Person).where(Person.id.in_(people[:7])).values(qualification="ĐH", it_major=True))
        session.execute(update(Person).where(Person.id.in_(people[5:12])).values(it_qualification="Chứng chỉ"))
        make_people(session, province.agencies["H55.1"], [{"it_duty": "full_time", "qualification": "=1+1"}] * 2)
    return province


@contextmanager
def _statements(database: Database) -> Iterator[list[str]]:
    seen: list[str] = []
    engines = (database.engine, database._reading_engine)

    def note(connection: object, cursor: object, statement: str, *rest: object) -> None:
        seen.append(statement)

    for engine in engines:
        event.listen(engine, "before_cursor_execute", note)
    yield seen
    for engine in engines:
        event.remove(engine, "before_cursor_execute", note)


@pytest.mark.parametrize("rows", list(Dimension))
def test_every_cell_and_margin_is_the_size_of_its_list(database: Database, province: Province, rows: Dimension) -> None:
    with database.reading() as session:
        tree, day = nodes(session, TODAY.date()), TODAY.date()
        branches = reads.branches_of(tree, [province.root])
        for columns in (None, Dimension.RESULT, Dimension.AGENCY, Dimension.QUALIFICATION):
            if columns == rows:
                continue
            question = Question(rows, columns)
            table = CrossTab.of(reads.counts(session, question, EVERYWHERE, day, branches=branches, activity=ACTIVITY), (), ())
            assert table.count(ALL, ALL) == 40 + 5 + 2
            for row in (*table.rows, ALL):
                assert table.count(row, ALL) == sum(table.count(row, column) for column in table.columns) or row is ALL
                for column in (*table.columns, ALL):
                    size = reads.count_people(session, question, EVERYWHERE, day, ACTIVITY, row=row, column=column or None)
                    assert size == table.count(row, column)


def test_every_number_of_the_page_opens_to_that_many_people(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    client = sign_in("quantri")
    page = client.get(f"{PAGE}?rows=agency&columns=result&only_it_duty=none").get_data(as_text=True)
    links = re.findall(r'<a href="(/manage/people/statistics/cross-tab/people[^"]*)">([0-9.]+)</a>', page)
    assert len(links) > 10
    for address, number in links:
        assert f"{number} người" in client.get(unescape(address)).get_data(as_text=True)


def test_the_page_asks_as_many_statements_whatever_it_shows(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    client = sign_in("quantri")
    client.get(PAGE)
    counts = []
    for question in ("rows=level", "rows=agency&columns=qualification", "rows=agency&columns=group"):
        with _statements(database) as seen:
            assert client.get(f"{PAGE}?{question}").status_code == 200
        counts.append(len(seen))
    assert len(set(counts)) == 1


def test_a_reader_of_one_agency_counts_its_people_alone(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    client = sign_in("xa")
    assert "10 người" in client.get(f"{PAGE}people?rows=level").get_data(as_text=True)
    other = province.agencies["H55.1"]
    assert "0 người" in client.get(f"{PAGE}people?rows=agency&row={other}").get_data(as_text=True)
    assert client.get(f"{PAGE}?rows=level&agency={other}").status_code == 404
    assert client.get(f"{PAGE}?rows=level&agency=x").status_code == 404
    assert client.get(f"{PAGE}people?rows=agency&row=x").status_code == 404


def test_the_workbook_tells_the_same_and_holds_no_formula(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    body = sign_in("quantri").get(f"{PAGE}table.xlsx?rows=qualification&columns=agency").data
    rows = CalamineWorkbook.from_filelike(BytesIO(body)).get_sheet_by_index(0).to_python(skip_empty_area=False)[5:]
    assert "=1+1" in [row[0] for row in rows]
    with ZipFile(BytesIO(body)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
    *inner, last = rows
    assert last[-1] == 47
    for column in range(1, len(last)):
        assert sum(_number(row[column]) for row in inner) == last[column]
    for row in rows:
        assert sum(map(_number, row[1:-1])) == row[-1]


def _number(value: object) -> float:
    assert isinstance(value, (int, float))
    return value


def test_a_view_is_ones_own_until_it_is_shared(database: Database, province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    mine, other = sign_in("quantri"), sign_in("xa")
    mine.post(f"{PAGE}views?rows=block&columns=group", data={"name": "Riêng"})
    assert mine.post(f"{PAGE}views?rows=block&columns=group", data={"name": " "}).status_code >= 400
    (address,) = re.findall(r'href="(/manage/people/statistics/cross-tab/views/[0-9a-f-]+)"', mine.get(PAGE).get_data(as_text=True))
    assert "rows=block" in mine.get(address).location
    assert other.get(address).status_code == 404
    mine.post(f"{PAGE}views?rows=block", data={"name": "Riêng", "shared": "1"})
    assert "rows=block" in other.get(address).location
    assert "dùng chung" in other.get(PAGE).get_data(as_text=True)
    assert other.post(f"{address}/drop").status_code == 404
    assert mine.post(f"{address}/drop").status_code == 303
    assert mine.get(address).status_code == 404


tables = st.lists(st.tuples(st.sampled_from("abcd"), st.sampled_from("wxyz"), st.integers(0, 12)), max_size=16)


@given(tables)
def test_no_line_gives_a_hidden_place_away(counts: list[tuple[str, str, int]]) -> None:
    table = CrossTab.of(counts, (), ())
    hidden = table.withheld(5)
    places = [(row, column) for row in (*table.rows, ALL) for column in (*table.columns, ALL)]
    assert all(place in hidden for place in places if 0 < table.count(*place) < 5)
    lines = [[(row, column) for column in (*table.columns, ALL)] for row in (*table.rows, ALL)]
    lines += [[(row, column) for row in (*table.rows, ALL)] for column in (*table.columns, ALL)]
    for line in lines:
        assert sum(place in hidden for place in line) != 1


@given(tables)
def test_margins_are_sums(counts: list[tuple[str, str, int]]) -> None:
    table = CrossTab.of(counts, "ba", "x")
    assert table.count(ALL, ALL) == sum(people for *_place, people in counts)
    assert sum(table.count(row, ALL) for row in table.rows) == sum(table.count(ALL, column) for column in table.columns)


def test_an_address_and_its_question_are_one() -> None:
    question = Question(Dimension.AGENCY, Dimension.RESULT, {Dimension.GROUP: "N1"}, str(UUID(int=1)), "2026-Q4")
    assert Question.from_arguments(question.as_arguments()) == question
    assert Question.from_arguments({"rows": "level", "columns": "level"}).columns is None
