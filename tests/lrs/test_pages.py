"""/manage/xapi: what arrives, what is late, what a statement says, for those entitled."""

from __future__ import annotations

import base64
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, update

from lms.kit.actors import Role
from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.outbox import OutboxEntry, emit
from tests.factories import grant, make_agency, make_person
from tests.lrs.making import Store, new_id, statement, voiding

Signer = Callable[[str], FlaskClient]


@pytest.fixture
def people(database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        grant(session, make_person(session, agency=agency, login="quantri"), Role.DEPARTMENT)
        grant(session, make_person(session, agency=agency, login="hethong"), Role.SYSTEM)
        grant(session, make_person(session, agency=agency, login="hocvien"), Role.LEARNER)


@pytest.mark.usefixtures("people")
def test_learners_do_not_get_in(sign_in: Signer) -> None:
    assert sign_in("hocvien").get("/manage/xapi/").status_code == 403


@pytest.mark.usefixtures("people")
def test_the_overview_counts_by_verb_and_shows_the_newest(sign_in: Signer, store: Store) -> None:
    store.post([statement() for _ in range(3)])
    store.stored(verb={"id": "urn:da-mo"})
    page = sign_in("quantri").get("/manage/xapi/").text
    assert "http://adlnet.gov/expapi/verbs/completed" in page
    assert "urn:da-mo" in page
    assert page.count("Nền tảng") == 4
    assert "Gửi phát biểu ra kho ngoài" in page


@pytest.mark.usefixtures("people")
def test_the_overview_asks_no_more_for_more(sign_in: Signer, store: Store, database: Database) -> None:
    client = sign_in("quantri")

    def asked() -> int:
        seen: list[str] = []

        def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
            seen.append(text)

        for engine in database.engines:
            event.listen(engine, "before_cursor_execute", note)
        client.get("/manage/xapi/")
        for engine in database.engines:
            event.remove(engine, "before_cursor_execute", note)
        return len(seen)

    store.post([statement()])
    few = asked()
    store.post([statement() for _ in range(60)])
    assert asked() == few


@pytest.mark.usefixtures("people")
def test_statements_page_by_page(sign_in: Signer, store: Store) -> None:
    ids = store.post([statement(id=new_id()) for _ in range(30)]).json[::-1]
    client = sign_in("quantri")
    first = client.get("/manage/xapi/statements").text
    assert all((one in first) == (index < 25) for index, one in enumerate(ids))
    after = first.partition("?after=")[2].partition('"')[0]
    second = client.get(f"/manage/xapi/statements?after={after}").text
    assert all((one in second) == (index >= 25) for index, one in enumerate(ids))
    assert client.get("/manage/xapi/statements?after=x").status_code == 404


@pytest.mark.usefixtures("people")
def test_a_statement_is_shown_as_it_is_voided_or_not(sign_in: Signer, store: Store) -> None:
    one = store.stored(result={"response": "<script>alert(1)</script>"})
    client = sign_in("quantri")
    page = client.get(f"/manage/xapi/statements/{one}").text
    assert one in page
    assert "<script>alert" not in page
    store.post(voiding(one))
    assert "đã bị hủy" in client.get(f"/manage/xapi/statements/{one}").text
    assert client.get(f"/manage/xapi/statements/{new_id()}").status_code == 404


@pytest.mark.usefixtures("people")
def test_statements_of_every_kind_have_a_line(sign_in: Signer, store: Store) -> None:
    group = {"objectType": "Group", "member": [{"mbox": "mailto:a@e.vn"}]}
    store.post(
        [
            statement(actor=group, object={"objectType": "StatementRef", "id": new_id()}),
            statement(actor={"openid": "https://a.vn"}, object=group, verb={"id": "https://e.vn/verbs/noi"}),
            statement(object={"objectType": "SubStatement", **statement()}),
        ]
    )
    page = sign_in("quantri").get("/manage/xapi/statements")
    assert page.status_code == 200
    assert "Nhóm 1 người" in page.text


@pytest.mark.usefixtures("people")
def test_what_was_set_aside_is_shown_with_its_reason_and_can_be_tried_again(app: Flask, sign_in: Signer, database: Database) -> None:
    with database.transaction() as session:
        emit(session, "quizzes.attempt", {}, now())
        session.flush()
        session.execute(update(OutboxEntry).values(set_aside_at=now(), tries=5, error="không có lượt làm bài này"))
    with database.reading() as session:
        entry_id = session.query(OutboxEntry.id).scalar()
    assert "không có lượt làm bài này" in sign_in("quantri").get("/manage/xapi/").text
    assert sign_in("quantri").post(f"/manage/xapi/outbox/{entry_id}/retry").status_code == 403
    client = sign_in("hethong")
    assert client.post(f"/manage/xapi/outbox/{entry_id}/retry", follow_redirects=True).status_code == 200
    assert "không có lượt làm bài này" not in client.get("/manage/xapi/").text


@pytest.mark.usefixtures("people")
def test_statements_are_found_by_who_what_and_when(sign_in: Signer, store: Store) -> None:
    one = store.stored()
    other = store.stored(actor={"mbox": "mailto:binh@EXAMPLE.vn"}, verb={"id": "urn:da-mo"})
    client = sign_in("quantri")
    for query, found in (
        ({"verb": "urn:da-mo"}, [other]),
        ({"agent": "binh@example.vn"}, [other]),
        ({"agent": "https://hoc.example.vn cb-001"}, [one]),
        ({"agent": "cb-001"}, []),
        ({"since": "01/01/2020", "until": "01/01/2099"}, [one, other]),
        ({"until": "01/01/2020"}, []),
        ({"registration": "x"}, []),
        ({"since": "32/13/2020"}, []),
        ({"activity": "https://hoc.example.vn/courses/CB1", "verb": "urn:da-mo"}, [other]),
    ):
        page = client.get("/manage/xapi/statements", query_string=query)
        assert page.status_code == 200
        assert [one in page.text, other in page.text] == [one in found, other in found], query


@pytest.mark.usefixtures("people")
def test_a_key_is_given_shown_once_and_taken_back(app: Flask, sign_in: Signer) -> None:
    client = sign_in("hethong")
    given = {"label": "Cổng", "scopes": ["all/read"], "requests_per_minute": "60", "max_kilobytes": "64"}
    page = client.post("/manage/xapi/credentials", data=given)
    assert page.status_code == 201
    shown = [page.text.partition(f">{name}<")[2].split("<dd")[1] for name in ("Khóa", "Mật khẩu")]
    key, secret = (one.partition(">")[2].partition("<")[0].strip() for one in shown)
    outside = Store(app.test_client(), key, secret)
    assert outside.get().status_code == 200
    assert secret not in client.get("/manage/xapi/credentials").text
    assert client.post(f"/manage/xapi/credentials/{key}/revoke", follow_redirects=True).status_code == 200
    assert outside.get().status_code == 401
    assert client.post("/manage/xapi/credentials", data={"label": "", "scopes": []}).status_code == 422
    assert sign_in("quantri").post("/manage/xapi/credentials", data={"label": "x", "scopes": ["all"]}).status_code == 403


@pytest.mark.usefixtures("people")
def test_a_store_outside_is_added_paused_sent_to_again_and_removed(sign_in: Signer) -> None:
    client = sign_in("hethong")
    given = {"name": "ioc", "endpoint": "https://ioc.example.vn/xapi", "username": "k", "password": "bi-mat", "version": "1.0.3"}
    assert client.post("/manage/xapi/forwarding", data={**given, "agency": "khong-co"}).status_code == 422
    assert client.post("/manage/xapi/forwarding", data=given).status_code == 303
    page = client.get("/manage/xapi/forwarding").text
    assert "https://ioc.example.vn/xapi/" in page
    assert "bi-mat" not in page
    for act in ("pause", "resume", "retry", "replay"):
        assert client.post(f"/manage/xapi/forwarding/ioc/{act}", data={"since": "01/01/2020"}).status_code == 303
    assert sign_in("quantri").get("/manage/xapi/forwarding").status_code == 200
    assert sign_in("quantri").post("/manage/xapi/forwarding/ioc/remove").status_code == 403
    assert client.post("/manage/xapi/forwarding/ioc/remove").status_code == 303
    assert "Không có kho nhận" in client.post("/manage/xapi/forwarding/ioc/remove", follow_redirects=True).text


@pytest.mark.usefixtures("people")
def test_content_gets_a_key_for_whoever_is_signed_in(app: Flask, sign_in: Signer) -> None:
    response = sign_in("hocvien").post("/manage/xapi/content-token")
    assert response.status_code == 200
    key, _colon, secret = base64.b64decode(response.json["auth-token"]).decode().partition(":")
    content = Store(app.test_client(), key, secret)
    assert content.post(statement(actor=response.json["actor"])).status_code == 200
    assert content.post(statement()).status_code == 403


@pytest.mark.usefixtures("people")
def test_the_overview_shows_one_verb_by_day(sign_in: Signer, store: Store) -> None:
    store.stored(verb={"id": "urn:da-mo"})
    page = sign_in("quantri").get("/manage/xapi/?days=30&verb=urn:da-mo")
    assert page.status_code == 200
    assert "Chỉ urn:da-mo" in page.text
    assert sign_in("quantri").get("/manage/xapi/?days=x").status_code == 200
