"""The bar stays short for everyone; what else one may do is one page further, and nothing is shown that one may not open."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient

from lms.kit.actors import Role
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person

MOST_LINKS = 6
PROVINCE = "Ủy ban nhân dân tỉnh Thái Nguyên"
Browser = Callable[[Role], FlaskClient]


@pytest.fixture
def signed_in_as(database: Database, sign_in: Callable[[str], FlaskClient]) -> Browser:
    def someone(role: Role) -> FlaskClient:
        with database.transaction() as session:
            agency = make_agency(session, PROVINCE, kind="province", code="H55")
            person = make_person(session, "Nông Văn Dũng", agency=agency, login="dung")
            if role is not Role.LEARNER:
                grant(session, person, role, agency)
        return sign_in("dung")

    return someone


def page(client: FlaskClient, address: str) -> str:
    response = client.get(address)
    assert response.status_code == 200, address
    return response.get_data(as_text=True)


def bar(text: str) -> list[str]:
    return re.findall(r'<a class="nav__link" href="([^"]+)"', text.partition('class="nav__list"')[2].partition("</ul>")[0])


def entries(text: str) -> list[str]:
    return re.findall(r'<a class="task__title" href="([^"]+)"', text)


@pytest.mark.parametrize("role", list(Role))
def test_the_bar_is_short_and_every_link_of_it_opens(signed_in_as: Browser, role: Role) -> None:
    client = signed_in_as(role)
    links = bar(page(client, "/"))
    assert 1 < len(links) <= MOST_LINKS
    for address in links:
        page(client, address)


@pytest.mark.parametrize("role", [Role.FOCAL_POINT, Role.HEAD, Role.DEPARTMENT, Role.SYSTEM])
def test_the_managing_page_lists_what_its_reader_may_open_and_every_entry_leads_back(signed_in_as: Browser, role: Role) -> None:
    client = signed_in_as(role)
    listed = entries(page(client, "/manage/"))
    in_bar = bar(page(client, "/"))
    assert "/manage/" in in_bar
    assert len(listed) == len(set(listed)) >= 3
    for address in set(listed) - set(in_bar):
        text = page(client, address)
        assert 'href="/manage/" aria-current="true"' in text, address  # the bar says where this page belongs
        assert re.search(r'class="(back|breadcrumbs)', text), address


def test_a_focal_point_finds_the_slips(signed_in_as: Browser) -> None:
    assert "/manage/people/slips" in entries(page(signed_in_as(Role.FOCAL_POINT), "/manage/"))


def test_a_learner_has_nothing_to_manage(signed_in_as: Browser) -> None:
    client = signed_in_as(Role.LEARNER)
    assert not [address for address in bar(page(client, "/")) if address.startswith("/manage")]
    assert client.get("/manage/").status_code == 403


def test_who_manages_a_single_thing_finds_it_in_the_bar(signed_in_as: Browser) -> None:
    links = bar(page(signed_in_as(Role.AUTHOR), "/"))
    assert len([address for address in links if address.startswith("/manage/")]) == 1
    assert "/manage/" not in links


def test_every_page_bears_the_name_the_tree_gives_the_province(signed_in_as: Browser, app: Flask) -> None:
    signed_in_as(Role.LEARNER)
    assert PROVINCE in page(app.test_client(), "/sign-in")


def test_the_accessibility_statement_is_one_link_away_for_everyone(app: Flask) -> None:
    client = app.test_client()
    assert 'href="/accessibility"' in page(client, "/sign-in")
    assert "Tuyên bố khả năng tiếp cận" in page(client, "/accessibility")
