"""The bank through the browser's eyes: finding, comparing, reviewing, changing many, pairs."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from uuid import UUID

import pytest
import time_machine
from flask.testing import FlaskClient
from sqlalchemy import event, select

from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.db import Database
from quizzes.models import Item, ItemVersion
from quizzes.operations import review
from quizzes.operations.bank import import_items, save_draft
from quizzes.operations.pairs import relate_items
from quizzes.queries.topics import topic_names
from tests.courses.making import publish
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, OPENS, QUARTER, draft, fill_bank, make_round

SignIn = Callable[[str], FlaskClient]
BANK = "/manage/questions"


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def people(database: Database) -> dict[str, Actor]:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        found = {}
        for login, name, role in (("tac", "Tác Giả Ẩn", Role.AUTHOR), ("duyet", "Phan Duyệt", Role.DEPARTMENT), ("hoc", "Học Viên", None)):
            person = make_person(session, name, agency=agency, login=login)
            if role:
                grant(session, person, role)
            found[login] = Actor(person, name, login)
        return found


@pytest.fixture
def bank(database: Database, people: dict[str, Actor]) -> None:
    with database.transaction() as session:
        fill_bank(session, 6)


def in_review(database: Database, author: Actor, number: int = 50, **changes: object) -> str:
    with database.transaction() as session:
        code = save_draft(session, author, replace(draft(number), **changes), AT).code  # type: ignore[arg-type]
        review.submit_for_review(session, author, code, 1, AT)
    return code


def test_items_are_found_by_everything_that_is_said_of_them(
    database: Database, bank: None, people: dict[str, Actor], sign_in: SignIn
) -> None:
    author = people["tac"]
    with database.transaction() as session:
        item = replace(draft(70, topic="CB2.4", level="VD"), tags=("chữ ký số",), purpose="exam", stem="Ký số là gì?")
        save_draft(session, author, item, AT)
        import_items(session, SERVICE, [draft(71, valid_to=AT.date() + timedelta(days=59))], "test", OPENS)
    client = sign_in("tac")
    found = {
        "q=ky+so": {"070"},
        "topic=CB2": {"070"},
        "topic=CB2.4&level=VD": {"070"},
        "level=VD&q=dan": set(),
        "state=draft": {"070"},
        "state=approved&kind=true_false": {"002", "005"},
        "tag=ch%E1%BB%AF+k%C3%BD+s%E1%BB%91": {"070"},
        "purpose=exam": {"070"},
        f"owner={author.person_id}": {"070"},
        "expiring=soon": {"071"},
        "expiring=past": set(),
        "state=retired": set(),
    }
    for query, codes in found.items():
        page = client.get(f"{BANK}?{query}").text
        assert set(re.findall(r"CB1-1-(\d{3}), ", page)) == codes, query


def test_topics_are_called_by_their_names(database: Database, bank: None, sign_in: SignIn, people: dict[str, Actor]) -> None:
    with database.transaction() as session:
        publish(session)
        names = topic_names(session)
        code = next(code for code in names if "." in code)
        import_items(session, SERVICE, [draft(80, topic=code)], "test", OPENS)
    client = sign_in("duyet")
    assert names[code] in client.get(BANK).text
    assert names[code] in client.get(f"{BANK}/CB1-1-080").text


def test_the_number_of_statements_does_not_grow_with_the_bank(database: Database, people: dict[str, Actor], sign_in: SignIn) -> None:
    client = sign_in("duyet")

    def cost(path: str) -> int:
        seen: list[str] = []

        def note(*args: object) -> None:
            seen.append(str(args[2]))

        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", note)
        assert client.get(path).status_code == 200
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    with database.transaction() as session:
        fill_bank(session, 3)
        save_draft(session, people["tac"], draft(90), AT)
        review.submit_for_review(session, people["tac"], "CB1-1-090", 1, AT)
    paths = (BANK, f"{BANK}/CB1-1-001", f"{BANK}/pairs", f"{BANK}/expiring", f"{BANK}/review")
    few = {path: cost(path) for path in paths}
    with database.transaction() as session:
        fill_bank(session, 60)
        for number in range(91, 99):
            save_draft(session, people["tac"], draft(number), AT)
            review.submit_for_review(session, people["tac"], f"CB1-1-{number:03d}", 1, AT)
    assert {path: cost(path) for path in paths} == few
    assert max(few.values()) <= 25


def test_a_page_of_fifty_leads_on_to_the_next(database: Database, people: dict[str, Actor], sign_in: SignIn) -> None:
    with database.transaction() as session:
        fill_bank(session, 120)
    client, seen, address = sign_in("duyet"), [], BANK
    for _ in range(3):
        page = client.get(address).text
        seen += re.findall(r'href="/manage/questions/(CB1-1-\d{3})\?version', page)
        more = re.search(r'href="([^"]*after=[^"]*)"', page)
        address = more[1].replace("&amp;", "&") if more else address
    assert seen == [f"CB1-1-{n:03d}" for n in range(1, 121)]


def test_who_reviews_never_sees_whose_item_it_is(database: Database, bank: None, people: dict[str, Actor], sign_in: SignIn) -> None:
    code = in_review(database, people["tac"])
    with database.transaction() as session:  # an approved item of the same owner, with a new version in review
        session.execute(Item.__table__.update().where(Item.code == "CB1-1-001").values(owner_id=people["tac"].person_id))  # type: ignore[attr-defined]
        save_draft(session, people["tac"], draft(1, "multiple_choice", stem="Mới?"), AT, base=1)
        review.submit_for_review(session, people["tac"], "CB1-1-001", 2, AT)
    client = sign_in("duyet")
    pages = [f"{BANK}/review", f"{BANK}/{code}", f"{BANK}/CB1-1-001", f"{BANK}/CB1-1-001?version=1", f"{BANK}/CB1-1-001/compare"]
    for path in pages:
        assert "Tác Giả Ẩn" not in client.get(path).text, path
    assert code not in client.get(f"{BANK}?owner={people['tac'].person_id}").text
    listed = client.get(f"{BANK}?q=cau+dan").text
    assert "Tác Giả Ẩn" not in listed.split("<table")[1].split("</table>")[0]
    assert "Tác Giả Ẩn" in sign_in("tac").get(f"{BANK}/{code}").text


def test_an_item_goes_from_its_author_to_the_reviewer_and_into_the_bank(
    database: Database, people: dict[str, Actor], sign_in: SignIn
) -> None:
    with database.transaction() as session:
        code = save_draft(session, people["tac"], draft(50, whys={}), AT).code
    author, reviewer = sign_in("tac"), sign_in("duyet")
    assert "thiếu lý do" in author.post(f"{BANK}/{code}/1/author", data={"step": "submit"}, follow_redirects=True).text
    with database.transaction() as session:
        save_draft(session, people["tac"], draft(50), AT, base=1)
    assert "Đã gửi thẩm định" in author.post(f"{BANK}/{code}/1/author", data={"step": "submit"}, follow_redirects=True).text
    assert author.post(f"{BANK}/{code}/1/decide", data={"decision": "approve"}).status_code == 403
    assert code in reviewer.get(f"{BANK}/review").text
    refused = reviewer.post(f"{BANK}/{code}/1/decide", data={"decision": "send_back"}, follow_redirects=True).text
    assert "Ghi nhận xét" in refused
    said = {"decision": "send_back", "remarks": "<script>alert(1)</script> Sai căn cứ"}
    assert "Đã trả lại" in reviewer.post(f"{BANK}/{code}/1/decide", data=said, follow_redirects=True).text
    page = author.get(f"{BANK}/{code}").text
    assert "&lt;script&gt;alert(1)&lt;/script&gt; Sai căn cứ" in page
    assert "Câu hỏi của tôi" in author.get("/").text
    author.post(f"{BANK}/{code}/1/author", data={"step": "submit"})
    assert "Đã duyệt" in reviewer.post(f"{BANK}/{code}/1/decide", data={"decision": "approve"}, follow_redirects=True).text
    assert "sang trạng thái khác" in reviewer.post(f"{BANK}/{code}/1/decide", data={"decision": "approve"}, follow_redirects=True).text
    with database.reading() as session:
        assert session.scalars(select(ItemVersion.state)).all() == ["approved"]


def test_two_versions_stand_side_by_side_word_by_word(database: Database, bank: None, people: dict[str, Actor], sign_in: SignIn) -> None:
    with database.transaction() as session:
        changed = draft(1, "multiple_choice", stem="Câu dẫn số 1 có chữ <b>to</b> in đậm?", legal_basis="Luật mới")
        save_draft(session, people["tac"], changed, AT, base=1)
    page = sign_in("tac").get(f"{BANK}/CB1-1-001/compare").text
    assert re.search(r"<ins><span[^>]*>[^<]*</span>[^<]*&lt;b", page)
    assert re.search(r"<del><span[^>]*>[^<]*</span>[^<]*không", page)
    assert "2 phần thay đổi" in page
    assert sign_in("tac").get(f"{BANK}/CB1-1-001/compare?old=1&new=9").status_code == 404


def test_many_items_are_shown_before_they_are_changed(database: Database, bank: None, people: dict[str, Actor], sign_in: SignIn) -> None:
    author, reviewer = sign_in("tac"), sign_in("duyet")
    chosen = {"item": ["CB1-1-001", "CB1-1-003"], "action": "tag", "tag": "An toàn"}
    page = author.post(f"{BANK}/bulk", data=chosen).text
    assert "CB1-1-003" in page
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    with database.reading() as session:
        assert session.scalars(select(Item.code).where(Item.id.in_(select(Item.id).where(Item.purpose == "exam")))).all() == []
    assert "Đã đổi 2 câu" in author.post(f"{BANK}/bulk/confirm", data=fields, follow_redirects=True).text
    assert "an toàn (2)" in author.get(BANK).text
    assert author.post(f"{BANK}/bulk", data={**chosen, "action": "retire", "reason": "x"}).status_code == 303
    assert author.post(f"{BANK}/bulk/confirm", data={**fields, "action": "retire"}).status_code == 403
    retiring = {"all_found": "1", "filter_tag": "an toàn", "action": "retire", "reason": "Bãi bỏ"}
    page = reviewer.post(f"{BANK}/bulk", data=retiring).text
    assert "CB1-1-001" in page
    assert "CB1-1-002" not in page
    fields = dict(re.findall(r'type="hidden" name="(\w+)" value="([^"]*)"', page))
    assert "Đã đổi 2 câu" in reviewer.post(f"{BANK}/bulk/confirm", data=fields, follow_redirects=True).text
    assert "Chưa chọn" in reviewer.post(f"{BANK}/bulk", data={"action": "retire", "reason": "x"}, follow_redirects=True).text


def test_an_item_says_where_it_was_used_what_reads_like_it_and_whom_it_must_not_meet(
    database: Database, people: dict[str, Actor], sign_in: SignIn
) -> None:
    with database.transaction() as session:
        fill_bank(session)
        make_round(session)
        import_items(session, SERVICE, [replace(draft(1, "multiple_choice"), code="CB1-1-099")], "test", OPENS)
        relate_items(session, people["tac"], ("CB1-1-001", "CB1-1-002"), "enemy", AT, reason="gợi ý")
    client = sign_in("duyet")
    page = client.get(f"{BANK}/CB1-1-001").text
    assert f"/manage/rounds/{QUARTER}/" in page
    assert "Trùng hoàn toàn" in page
    assert "không đặt chung một đề" in page
    pair = re.compile("CB1-1-001 – CB1-1-099|CB1-1-099 – CB1-1-001")
    assert pair.search(client.get(f"{BANK}/pairs").text)
    client.post(f"{BANK}/CB1-1-001/pairs", data={"other": "CB1-1-099", "relation": "distinct", "back": "pairs"})
    assert not pair.search(client.get(f"{BANK}/pairs").text)
    client.post(f"{BANK}/CB1-1-001/pairs/remove", data={"other": "CB1-1-002"})
    assert "(gợi ý)" not in client.get(f"{BANK}/CB1-1-001").text


def test_what_will_soon_end_is_told_to_its_owner_on_the_first_page(database: Database, people: dict[str, Actor], sign_in: SignIn) -> None:
    code = in_review(database, people["tac"], valid_to=AT.date() + timedelta(days=30))
    with database.transaction() as session:
        review.approve(session, people["duyet"], code, 1, AT)
    author = sign_in("tac")
    assert "1 câu tôi phụ trách hết hiệu lực" in author.get("/").text
    assert code in author.get(f"{BANK}/expiring").text
    assert code in sign_in("duyet").get(f"{BANK}/expiring").text


@pytest.mark.parametrize(
    "query",
    [
        "after=~~~",
        "after=x%00~1",
        "owner=not-an-id",
        "level=%3Cscript%3E",
        "state=everything",
        "kind=%00",
        "topic=%25_%25",
        "q=" + "a+" * 500,
        "q=%00%27%3B--",
        "expiring=never",
        "tag=%F0%9F%98%80",
        "purpose=" + "x" * 3000,
    ],
)
def test_a_filter_that_means_nothing_finds_nothing_or_everything_and_never_fails(
    query: str, bank: None, people: dict[str, Actor], sign_in: SignIn
) -> None:
    assert sign_in("duyet").get(f"{BANK}?{query}").status_code == (400 if "%00" in query else 200)


def test_a_script_in_a_question_is_shown_as_the_text_it_is(database: Database, people: dict[str, Actor], sign_in: SignIn) -> None:
    code = in_review(
        database,
        people["tac"],
        stem='<script>alert("x")</script><img src=x onerror=alert(1)>',
        explanation="</p><iframe src=//x>",
        tags=("<b>nhãn</b>",),
        legal_basis="<svg onload=alert(1)>",
    )
    client = sign_in("duyet")
    for path in (BANK, f"{BANK}/{code}", f"{BANK}/{code}/compare", f"{BANK}/review"):
        page = client.get(path).text
        assert "<script>alert" not in page
        assert "<img src=x" not in page
        assert "<iframe" not in page
        assert "<svg onload" not in page
        assert "<b>nhãn" not in page


def test_learners_see_nothing_of_the_bank(bank: None, people: dict[str, Actor], sign_in: SignIn) -> None:
    client = sign_in("hoc")
    for path in (BANK, f"{BANK}/CB1-1-001", f"{BANK}/review", f"{BANK}/pairs", f"{BANK}/expiring", f"{BANK}/CB1-1-001/compare"):
        assert client.get(path).status_code == 403
    assert client.post(f"{BANK}/bulk", data={}).status_code == 403


def test_nobody_named_in_an_address_is_found(bank: None, people: dict[str, Actor], sign_in: SignIn) -> None:
    client = sign_in("duyet")
    assert client.get(f"{BANK}/nope-1").status_code == 404
    assert client.get(f"{BANK}/CB1-1-001?version=7").status_code == 404
    assert client.get(f"{BANK}?owner={UUID(int=1)}").status_code == 200
