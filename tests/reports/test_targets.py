"""Targets of plans and resolutions: progress list by list, who is short and where, forecast, versions."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from datetime import date
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import select

from lms.kit.actors import SERVICE
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.errors import DomainError
from lms.reports.models import Target
from lms.reports.operations.targets import NewTarget, load_targets, set_target
from lms.reports.rules.targets import Aim, Count, forecast, rolled_up, span_on, steps
from lms.reports.target_pack import OWN_PACK, read_pack
from tests.reports.making import AT, Province, make_province

PASSED = NewTarget(
    code="ct",
    title="80% đạt trong năm",
    document_number="01-KH/BCĐTW",
    document_date=None,
    document_issuer="Ban Chỉ đạo",
    sentence="80% cán bộ",
    is_verified=False,
    indicator="passed",
    population={},
    wanted=8000,
    is_above=False,
    is_yearly=True,
    counted_from=date(2025, 1, 1),
    deadline=date(2026, 12, 31),
)


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT.replace(day=22), tick=False):
        yield


@pytest.fixture
def province(database: Database) -> Province:
    with database.transaction() as session:
        return make_province(session)


def _set(database: Database, **changes: object) -> UUID:
    with database.transaction() as session:
        return set_target(session, SERVICE, NewTarget(**{**{name: getattr(PASSED, name) for name in PASSED.__slots__}, **changes}), AT)  # type: ignore[arg-type]


def _walked(client: FlaskClient, address: str) -> int:
    walked = 0
    while address:
        page = client.get(address).get_data(as_text=True)
        walked += len(re.findall(r'<th role="rowheader"', page))
        following = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    return walked


def test_both_numbers_of_the_progress_open_to_lists_of_their_size(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    target, client = _set(database), sign_in("quantri")
    people = 22 + 10 + 8 + 5  # excluded people and those who manage are on staff too
    page = client.get(f"/targets/{target}").get_data(as_text=True)
    assert f"{15 + 10 + 4}" in page
    assert str(people) in page
    assert "Còn thiếu để đạt" in page
    for which, size in (("reached", 29), ("whole", people), ("missing", people - 29)):
        address = f"/targets/{target}/people?which={which}"
        assert f"{size} người" in client.get(address).get_data(as_text=True)
        assert _walked(client, address) == size


def test_those_short_are_told_by_agency_the_most_first(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    page = sign_in("quantri").get(f"/targets/{_set(database)}").get_data(as_text=True)
    table = page[page.index("Theo cơ quan") :]
    # 22 need 18 and have 15; 8 need 7 and have 4; 10 have all.
    assert table.index("Sở Nội vụ") < table.index("xã Ba Bể")
    assert table.index("HYPERLINK") < table.index("xã Ba Bể")


def test_a_reader_of_one_agency_sees_its_people_alone(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    target, client = _set(database), sign_in("xa")
    assert "10 người" in client.get(f"/targets/{target}/people?which=whole").get_data(as_text=True)
    assert client.get(f"/targets/{target}?agency={province.agencies['H55.1']}").status_code == 404
    assert client.get(f"/targets/{target}/people?agency={province.agencies['H55.1']}").status_code == 404
    assert client.get("/targets/new").status_code == 403


def test_a_population_rule_narrows_whom_it_is_about(database: Database, province: Province, sign_in: Callable[[str], FlaskClient]) -> None:
    narrow = {"blocks": ["xa_phuong"], "groups": ["N1"], "agencies": [str(province.agencies["H55.101"])]}
    target = _set(database, population=narrow)
    assert "5 người" in sign_in("quantri").get(f"/targets/{target}/people?which=whole").get_data(as_text=True)


def test_a_new_version_supersedes_and_the_old_one_stays(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    old, client = _set(database), sign_in("quantri")
    form = client.get(f"/targets/{old}/edit").get_data(as_text=True)
    assert 'value="80"' in form
    filled = {
        "title": "90% đạt",
        "document_number": "02-KH",
        "document_issuer": "Ban Chỉ đạo",
        "sentence": "90%",
        "indicator": "passed",
        "wanted": "90",
        "counted_from": "01/01/2026",
        "deadline": "31/12/2026",
    }
    assert client.post(f"/targets/{old}/edit", data={**filled, "wanted": "0"}).status_code == 422
    answer = client.post(f"/targets/{old}/edit", data=filled)
    assert answer.status_code == 303
    assert "bản cũ" in client.get(f"/targets/{old}").get_data(as_text=True)
    with database.reading() as session:
        versions = session.scalars(select(Target).order_by(Target.version)).all()
        assert [(one.version, one.wanted, one.superseded_at is None) for one in versions] == [(1, 8000, False), (2, 9000, True)]
        assert len(session.scalars(select(AuditEntry).where(AuditEntry.action == "reports.set_target")).all()) == 2
    listed = client.get("/targets/").get_data(as_text=True)
    assert "90% đạt" in listed
    assert "80% đạt trong năm" not in listed


def test_the_pack_is_loaded_once_and_says_what_is_not_verified(
    database: Database, province: Province, sign_in: Callable[[str], FlaskClient]
) -> None:
    pack = read_pack(OWN_PACK.read_text(encoding="utf-8"))
    for _ in range(2):
        with database.transaction() as session:
            load_targets(session, SERVICE, pack, AT)
    with database.reading() as session:
        assert len(session.scalars(select(Target)).all()) == len(pack) == 4
    client = sign_in("quantri")
    page = client.get("/targets/").get_data(as_text=True)
    assert "Chưa kiểm chứng" in page
    for href in sorted(set(re.findall(r'href="(/targets/[0-9a-f-]{36})"', page))):
        assert client.get(href).status_code == 200


@pytest.mark.parametrize("text", ["", "targets: 3", "targets:\n  - {code: a}", "[", "targets:\n  - x"])
def test_a_file_that_is_no_pack_is_refused(text: str) -> None:
    with pytest.raises(DomainError):
        read_pack(text)


@given(st.integers(0, 5000), st.integers(1, 10_000), st.booleans())
def test_what_is_needed_is_the_fewest_who_fulfil(whole: int, wanted: int, is_above: bool) -> None:
    needed = Aim(wanted, is_above).needed(whole)

    def fulfils(part: int) -> bool:
        return part * 10_000 > wanted * whole if is_above else part * 10_000 >= wanted * whole

    assert fulfils(needed) or needed == whole
    assert needed == 0 or not fulfils(needed - 1)


@given(st.lists(st.integers(0, 50), min_size=6, max_size=26), st.integers(0, 100), st.floats(0, 60))
def test_a_forecast_lies_between_today_and_all(gains: list[int], missing: int, remaining: float) -> None:
    reached = [sum(gains[: index + 1]) for index in range(len(gains))]
    now = Count(reached[-1], reached[-1] + missing)
    found = forecast(reached, now, remaining_steps=remaining)
    if sum(1 for gain in gains if gain) < 2:
        assert found is None
    else:
        assert found is not None
        assert now.part <= found.low <= found.middle <= found.high <= now.whole


def test_a_steady_count_is_foreseen_exactly_and_too_few_points_are_not() -> None:
    steady = forecast([10, 20, 30, 40, 50, 60], Count(60, 500), remaining_steps=10)
    assert steady is not None
    assert (steady.low, steady.middle, steady.high) == (160, 160, 160)
    assert forecast([10, 20, 30, 40, 50], Count(50, 500), remaining_steps=10) is None
    assert forecast([0, 0, 0, 0, 0, 60], Count(60, 500), remaining_steps=10) is None


def test_steps_are_a_week_or_more_and_at_most_26() -> None:
    assert steps(date(2026, 1, 1), date(2026, 1, 6)) == []
    assert len(steps(date(2026, 1, 1), date(2026, 3, 1))) == 8
    assert len(steps(date(2021, 1, 1), date(2026, 3, 1))) <= 26


def test_a_yearly_target_counts_the_year_of_the_day() -> None:
    span = span_on(date(2026, 11, 20), counted_from=date(2022, 3, 1), deadline=date(2030, 6, 30), is_yearly=True)
    assert (span.first, span.last) == (date(2026, 1, 1), date(2026, 12, 31))
    last = span_on(date(2031, 1, 1), counted_from=date(2022, 3, 1), deadline=date(2030, 6, 30), is_yearly=True)
    assert (last.first, last.last) == (date(2030, 1, 1), date(2030, 6, 30))


def test_counts_go_up_the_tree_once() -> None:
    root, left, right = (UUID(int=number) for number in range(3))
    sums = rolled_up({left: Count(1, 2), right: Count(3, 4), root: Count(0, 1)}, {left: root, right: root, root: None})
    assert sums == {root: Count(4, 7), left: Count(1, 2), right: Count(3, 4)}
