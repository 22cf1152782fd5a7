"""Data 2.5, IEEE 9274.1.1 4.2.4.3: what a list of statements is, and how its further pages are had."""

from __future__ import annotations

from typing import Any
from urllib.parse import urljoin, urlsplit

import pytest

from lms.lrs.rules.parameters import MAX_PAGE
from tests.lrs.making import BINH, Store, new_id, statement, voiding

ENDPOINT = "http://localhost/xapi/"


def follow(lrs: Store, more: str, asked: str = "statements?limit=1") -> Any:
    """The next page, asked for as a client finds its address: against the address of the request it had."""
    address = urlsplit(urljoin(f"{ENDPOINT}{asked}", more))
    assert (address.scheme, address.netloc, address.fragment) == ("http", "localhost", "")
    response = lrs.open("GET", f"{address.path.removeprefix('/xapi/')}?{address.query}")
    assert response.status_code == 200, response.text
    return response.json


def test_a_list_has_statements_and_more_and_nothing_else_on_every_page(lrs: Store) -> None:
    ids = lrs.post([statement() for _ in range(3)]).json
    page, seen = lrs.get(limit="1").json, []
    for _page in range(3):
        assert page.keys() == {"statements", "more"}
        assert isinstance(page["statements"], list)
        seen += [one["id"] for one in page["statements"]]
        last, page = page, follow(lrs, page["more"]) if page["more"] else None
    assert (seen, last["more"], page) == (list(reversed(ids)), "", None)


def test_more_is_empty_where_all_is_given_and_only_there(lrs: Store) -> None:
    lrs.post([statement(), statement()])
    assert lrs.get().json["more"] == lrs.get(limit="2").json["more"] == lrs.get(limit="0").json["more"] == ""
    assert lrs.get(limit="1").json["more"]
    assert lrs.get(verb="urn:none").json == {"statements": [], "more": ""}
    assert lrs.get(limit="1", agent=BINH).json == {"statements": [], "more": ""}


def test_more_is_a_path_without_host_and_stays_short_and_true(lrs: Store) -> None:
    """2.5.s3: usable for a day at least; here for ever, for it says where to go on and nothing is kept for it."""
    first = lrs.post([statement() for _ in range(3)]).json
    asked = lrs.get(limit="1", ascending="false", format="ids", related_agents="true", agent={"mbox": "mailto:nobody@x.vn"}).json
    assert asked["more"] == ""
    more = lrs.get(limit="1", format="ids").json["more"]
    assert more.startswith("/xapi/statements?")
    assert len(more) < 200
    assert " " not in more
    late = lrs.stored()
    page = follow(lrs, more)
    assert [one["id"] for one in page["statements"]] == [first[1]]
    assert page["statements"][0]["verb"].keys() == {"id"}  # in the format that was asked for
    assert follow(lrs, more) == page
    assert late not in [one["id"] for one in follow(lrs, page["more"])["statements"]]


def test_what_was_voided_meanwhile_is_left_out_of_later_pages(lrs: Store) -> None:
    first, second, third = lrs.post([statement(), statement(), statement()]).json
    more = lrs.get(limit="1").json["more"]
    lrs.post(voiding(second))
    assert [one["id"] for one in follow(lrs, more)["statements"]] == [first]
    assert third in lrs.ids()


@pytest.mark.parametrize("limit", ["0", str(MAX_PAGE), str(MAX_PAGE + 1), "999999999999999999999"])
def test_a_store_may_give_fewer_at_once_than_are_asked_for_and_says_that_there_are_more(lrs: Store, limit: str) -> None:
    lrs.post([statement(id=new_id()) for _ in range(MAX_PAGE + 1)])
    page = lrs.get(limit=limit).json
    assert len(page["statements"]) == MAX_PAGE
    assert len(follow(lrs, page["more"])["statements"]) == 1
