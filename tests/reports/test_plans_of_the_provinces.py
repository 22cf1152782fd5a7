"""The head-counts printed in the plans of Bến Tre (KH 4624/KH-UBND, 06/8/2021) and Bắc Kạn come out exactly, list by list."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import UTC, date, datetime

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from lms.kit.formats import share
from lms.reports.operations.targets import NewTarget, set_target
from tests.factories import grant, make_agency, make_people, make_person

# level, with IT qualification, all, share
BEN_TRE = (("tinh", 844, 947, "89,1%"), ("huyen", 776, 836, "92,8%"), ("dvsn", 441, 609, "72,4%"))


@pytest.fixture
def ben_tre(app: Flask, database: Database, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    """Bến Tre: 2.392 staff on three levels, 46 of them IT officers (30 chuyên trách, 16 kiêm nhiệm)."""
    with database.transaction() as session:
        province = make_agency(session, "Ủy ban nhân dân tỉnh Bến Tre", code="H08", level="province")
        duties = {"tinh": [("full_time", 23), ("concurrent", 9)], "huyen": [("full_time", 7), ("concurrent", 7)], "dvsn": []}
        degrees = iter(["Thạc sĩ"] * 2 + ["Đại học"] * 33 + ["Cao đẳng"] * 2 + ["Trung cấp"] * 9)
        for level, qualified, everyone, _share in BEN_TRE:
            agency = make_agency(session, f"Khối {level}", parent=province, code=f"H08.{level}", level=level)
            people = [{"it_duty": duty, "qualification": next(degrees)} for duty, number in duties[level] for _ in range(number)]
            people += [{} for _ in range(everyone - len(people))]
            for index, person in enumerate(people):
                person["it_qualification"] = "Chứng chỉ" if index < qualified else None
            make_people(session, agency, people)
        chief = make_person(session, "Trần Thị Bình", agency=make_agency(session, "Ngoài thống kê"), login="quantri")
        grant(session, chief, Role.DEPARTMENT, province)
    return sign_in("quantri")


def test_two_thousand_and_sixty_one_of_2392_is_86_2_per_cent_on_three_levels(ben_tre: FlaskClient) -> None:
    page = ben_tre.get("/manage/people/statistics/").get_data(as_text=True)
    assert "2.061" in page
    assert "2.392" in page
    assert "86,2%" in page
    for _level, part, whole, rate in BEN_TRE:
        assert share(part, whole) == rate
        assert rate in page


@pytest.mark.parametrize(
    ("arguments", "size"),
    [
        ("it_qualified=1", "2.061"),
        ("", "2.392"),
        ("level=tinh&it_qualified=1", "844"),
        ("level=tinh", "947"),
        ("level=huyen&it_qualified=1", "776"),
        ("level=huyen", "836"),
        ("level=dvsn&it_qualified=1", "441"),
        ("level=dvsn", "609"),
        ("it_staff=1", "46"),
        ("it_duty=full_time", "30"),
        ("it_duty=concurrent", "16"),
        ("it_duty=full_time&level=tinh", "23"),
        ("it_duty=concurrent&level=huyen", "7"),
        ("it_staff=1&qualification=Đại+học", "33"),
    ],
)
def test_every_number_opens_to_a_list_of_that_size(ben_tre: FlaskClient, arguments: str, size: str) -> None:
    page = ben_tre.get(f"/manage/people/statistics/people?{arguments}").get_data(as_text=True)
    assert f"{size} người" in page


def test_the_list_behind_a_number_can_be_walked_to_its_end(ben_tre: FlaskClient) -> None:
    walked, address = 0, "/manage/people/statistics/people?level=dvsn&it_qualified=0"
    while address:
        page = ben_tre.get(address).get_data(as_text=True)
        walked += len(re.findall(r'<th role="rowheader"', page))
        following = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = following[1].replace("&amp;", "&") if following else ""
    assert walked == 609 - 441


def test_bac_kan_has_forty_it_officers_by_qualification(app: Flask, database: Database, sign_in: Callable[[str], FlaskClient]) -> None:
    """05 thạc sĩ, 29 đại học, 04 cao đẳng, 02 không đúng chuyên ngành: 40 người."""
    degrees = {"Thạc sĩ": 5, "Đại học": 29, "Cao đẳng": 4, "Không đúng chuyên ngành": 2}
    with database.transaction() as session:
        province = make_agency(session, "Ủy ban nhân dân tỉnh Bắc Kạn", code="H03", level="tinh")
        make_people(session, province, [{"it_duty": "full_time", "qualification": name} for name, n in degrees.items() for _ in range(n)])
        chief = make_person(session, agency=make_agency(session, "Ngoài thống kê"), login="quantri")
        grant(session, chief, Role.DEPARTMENT, province)
    client = sign_in("quantri")
    page = client.get("/manage/people/statistics/").get_data(as_text=True)
    for name, number in degrees.items():
        assert re.search(rf"{name}.{{0,400}}>{number}</a>", page, re.S)
    assert "40 người" in client.get("/manage/people/statistics/people?it_staff=1").get_data(as_text=True)


def test_someone_without_a_manager_role_sees_no_statistics(database: Database, sign_in: Callable[[str], FlaskClient]) -> None:
    with database.transaction() as session:
        make_person(session, agency=make_agency(session, "Sở Nội vụ"), login="hocvien")
    assert sign_in("hocvien").get("/manage/people/statistics/").status_code == 403


def test_the_same_share_comes_out_as_a_target_level_by_level(ben_tre: FlaskClient, database: Database) -> None:
    with database.transaction() as session:
        targets = {
            level: set_target(session, SERVICE, _it_qualified(level), datetime(2021, 9, 1, tzinfo=UTC))
            for level in (None, *(level for level, *_rest in BEN_TRE))
        }
    page = ben_tre.get(f"/targets/{targets[None]}").get_data(as_text=True)
    assert all(text in page for text in ("2.061", "2.392", "86,2%", "Không dự báo được"))
    for level, part, whole, rate in BEN_TRE:
        page = ben_tre.get(f"/targets/{targets[level]}").get_data(as_text=True)
        assert all(text in page for text in (str(part), str(whole), rate))
    assert "331 người" in ben_tre.get(f"/targets/{targets[None]}/people?which=missing").get_data(as_text=True)


def _it_qualified(level: str | None) -> NewTarget:
    return NewTarget(
        code=f"ben-tre-{level}",
        title="Có trình độ tin học",
        document_number="4624/KH-UBND",
        document_date=date(2021, 8, 6),
        document_issuer="Ủy ban nhân dân tỉnh Bến Tre",
        sentence="…",
        is_verified=False,
        indicator="it_qualified",
        population={"levels": [level]} if level else {},
        wanted=10_000,
        is_above=False,
        is_yearly=False,
        counted_from=date(2021, 8, 6),
        deadline=date(9000, 12, 31),
    )
