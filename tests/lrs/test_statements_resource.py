"""Communication 2.1 and 3: the statements resource as an outside program meets it."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from threading import Barrier, Thread
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
from flask import Flask
from sqlalchemy import event, func, select

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.guard import MAX_BODY
from lms.lrs.models import Statement, StatementTerm
from tests.lrs.making import AN, BINH, COURSE, VERB, Store, make_credential, new_id, statement, voiding

REF = "8f87ccde-bb56-4c2e-ab83-44982ef22df0"


def reference(target: str, **changes: Any) -> dict[str, Any]:
    return statement(actor=BINH, verb={"id": "https://e.vn/commented"}, object={"objectType": "StatementRef", "id": target}, **changes)


def count(database: Database) -> int:
    with database.reading() as session:
        return session.execute(select(func.count()).select_from(Statement)).scalar_one()


class TestPut:
    def test_stores_under_the_id_of_the_address(self, store: Store) -> None:
        one = new_id()
        response = store.put(one, statement())
        assert (response.status_code, response.data) == (204, b"")
        got = store.get(statementId=one).json
        assert got["id"] == one
        assert got["actor"] == AN

    def test_accepts_the_same_id_in_address_and_body(self, store: Store) -> None:
        one = new_id()
        assert store.put(one, statement(id=one.upper())).status_code == 204
        assert store.get(statementId=one).json["id"] == one.upper()

    def test_refuses_another_id_in_the_body(self, store: Store) -> None:
        assert store.put(new_id(), statement(id=new_id())).status_code == 400

    def test_refuses_without_an_id(self, store: Store) -> None:
        assert store.open("PUT", body=statement()).status_code == 400

    def test_refuses_an_array(self, store: Store) -> None:
        assert store.put(new_id(), [statement()]).status_code == 400

    def test_the_same_statement_again_changes_nothing(self, store: Store, database: Database) -> None:
        one = new_id()
        store.put(one, statement())
        before = store.get(statementId=one).data
        again = statement(id=one, version="1.0.2", verb={"id": VERB, "display": {"en": "completed"}})
        assert store.put(one, again).status_code == 204
        assert store.get(statementId=one).data == before
        assert count(database) == 1

    def test_a_different_statement_is_a_conflict_and_changes_nothing(self, store: Store) -> None:
        one = new_id()
        store.put(one, statement())
        before = store.get(statementId=one).data
        response = store.put(one, statement(actor=BINH))
        assert response.status_code == 409
        assert response.json["error"]["code"] == "statement_conflict"
        assert store.get(statementId=one).data == before


class TestPost:
    def test_answers_with_the_id_it_gave(self, store: Store) -> None:
        response = store.post(statement())
        assert response.status_code == 200
        assert UUID(response.json[0]).version == 4

    def test_stores_a_batch_and_answers_in_its_order(self, store: Store) -> None:
        wanted = [new_id() for _ in range(5)]
        response = store.post([statement(id=one) for one in wanted])
        assert response.json == wanted
        assert store.ids(ascending="true") == wanted
        assert store.ids() == wanted[::-1]

    def test_one_bad_statement_refuses_the_batch(self, store: Store, database: Database) -> None:
        response = store.post([statement(), statement(verb={"id": "x"})])
        assert response.status_code == 400
        assert response.json["error"]["field"] == "statements[1].verb.id"
        assert response.json["error"]["message"].startswith("statements[1].verb.id: ")
        assert count(database) == 0

    def test_a_conflict_of_the_last_one_refuses_the_batch(self, store: Store, database: Database) -> None:
        taken = store.stored(actor=BINH)
        assert store.post([statement(), statement(id=taken)]).status_code == 409
        assert count(database) == 1

    def test_the_same_id_twice_in_a_batch_is_refused(self, store: Store, database: Database) -> None:
        one = new_id()
        assert store.post([statement(id=one), statement(id=one)]).status_code == 400
        assert count(database) == 0

    def test_a_known_statement_in_a_batch_is_taken_as_it_is(self, store: Store, database: Database) -> None:
        known, fresh = store.stored(), new_id()
        assert store.post([statement(id=known), statement(id=fresh)]).json == [known, fresh]
        assert count(database) == 2

    @pytest.mark.parametrize("kind", ["text/plain", "multipart/form-data; boundary=x", "multipart/mixed; boundary=x", "application/xml"])
    def test_refuses_what_is_not_json_by_its_type(self, store: Store, kind: str) -> None:
        assert store.post(statement(), headers={"Content-Type": kind}).status_code == 400

    def test_accepts_a_charset(self, store: Store) -> None:
        assert store.post(statement(), headers={"Content-Type": "application/json; charset=UTF-8"}).status_code == 200

    def test_refuses_a_body_beyond_the_limit(self, store: Store, database: Database) -> None:
        response = store.post(b"[" + b" " * MAX_BODY + b"]")
        assert response.status_code == 413
        assert response.json["error"]["code"] == "too_large"
        assert response.headers["X-Experience-API-Version"] == "1.0.3"
        assert count(database) == 0

    def test_asks_the_database_as_often_for_a_hundred_as_for_one(self, store: Store, database: Database) -> None:
        def asked(body: Any) -> int:
            seen: list[str] = []

            def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
                seen.append(text)

            for engine in database.engines:
                event.listen(engine, "before_cursor_execute", note)
            assert store.post(body).status_code == 200
            for engine in database.engines:
                event.remove(engine, "before_cursor_execute", note)
            return len(seen)

        asked(statement())  # the first of the hour notes the use of the key
        assert asked([statement() for _ in range(100)]) == asked([statement(id=new_id())])


class TestTheStoreSets:
    def test_id_stored_timestamp_authority_and_version(self, store: Store) -> None:
        got = store.get(statementId=store.stored()).json
        assert got["timestamp"] == got["stored"]
        assert got["version"] == "1.0.0"
        assert got["authority"]["account"] == {"homePage": "http://127.0.0.1:8000/xapi/credentials", "name": "thu"}
        assert abs(datetime.fromisoformat(got["stored"]) - now()) < timedelta(minutes=1)

    def test_what_was_sent_as_timestamp_and_version_is_kept(self, store: Store) -> None:
        got = store.get(statementId=store.stored(timestamp="2030-01-01T07:00:00.5+07:00", version="1.0.2")).json
        assert (got["timestamp"], got["version"]) == ("2030-01-01T07:00:00.5+07:00", "1.0.2")

    def test_stored_and_authority_whatever_was_sent(self, store: Store) -> None:
        response = store.get(statementId=store.stored(stored="2001-01-01T00:00:00Z", authority=AN, result={"score": {"raw": 1.50}}))
        assert response.json["stored"] > "2026"
        assert response.json["authority"]["account"]["name"] == "thu"
        assert response.text.count('"stored"') == response.text.count('"authority"') == 1

    def test_nothing_else_not_even_a_digit(self, store: Store) -> None:
        text = (
            json.dumps(statement())[:-1]
            + ',"result": {"score": {"raw" : 1.50, "max":1E2}, "extensions":{"urn:x":[0.10, "\\u00e9", null]}}}'
        )
        got = store.get(statementId=store.post(text.encode()).json[0]).text
        assert got.endswith(text[1:])

    def test_context_activities_are_given_back_as_arrays(self, store: Store) -> None:
        context = {"contextActivities": {"parent": {"id": COURSE}, "other": [{"id": "urn:b"}]}}
        inner = {"objectType": "SubStatement", "actor": BINH, "verb": {"id": VERB}, "object": {"id": COURSE}, "context": context}
        got = store.get(statementId=store.stored(context=context, object=inner)).json
        for event_ in (got, got["object"]):
            assert event_["context"]["contextActivities"] == {"parent": [{"id": COURSE}], "other": [{"id": "urn:b"}]}


class TestHostileInput:
    def test_a_nought_character_in_a_name_is_kept(self, store: Store) -> None:
        agent = {"account": {"homePage": "https://e.vn", "name": "a\u0000b"}}
        one = store.stored(actor=agent, result={"response": "\u0000"})
        assert store.get(statementId=one).json["actor"] == agent
        assert store.ids(agent=agent) == [one]

    def test_names_longer_than_an_index_entry_are_found(self, store: Store) -> None:
        iri = "urn:" + "x" * 20_000
        one = store.stored(verb={"id": iri}, object={"id": iri})
        assert store.ids() == [one]

    def test_thousands_in_one_request_are_stored_whole(self, store: Store, database: Database) -> None:
        small = statement(actor=BINH, verb={"id": "urn:v"}, object={"id": "urn:a"})
        assert len(store.post([small] * 3000).json) == 3000
        assert count(database) == 3000


class TestVoiding:
    def test_a_voided_statement_is_found_under_its_other_name_only(self, store: Store) -> None:
        one = store.stored()
        void = store.post(voiding(one)).json[0]
        assert store.get(statementId=one).status_code == 404
        assert store.get(voidedStatementId=one).json["id"] == one
        assert store.get(voidedStatementId=void).status_code == 404
        assert store.ids() == [void]

    def test_a_voider_may_come_before_its_target(self, store: Store) -> None:
        one = new_id()
        assert store.post(voiding(one)).status_code == 200
        store.put(one, statement())
        assert store.get(voidedStatementId=one).status_code == 200
        assert store.get(statementId=one).status_code == 404

    @pytest.mark.parametrize("voider_first", [True, False])
    def test_voider_and_target_may_come_in_one_batch(self, store: Store, voider_first: bool) -> None:
        one = new_id()
        pair = [statement(id=one), voiding(one)]
        store.post(pair[::-1] if voider_first else pair)
        assert store.get(voidedStatementId=one).status_code == 200

    def test_a_voider_cannot_be_voided(self, store: Store) -> None:
        one = store.stored()
        void = store.post(voiding(one)).json[0]
        assert store.post(voiding(void)).status_code == 200
        assert store.get(statementId=void).status_code == 200

    def test_a_conflicting_voider_voids_nothing(self, store: Store) -> None:
        one, taken = store.stored(), store.stored()
        assert store.post(voiding(one, id=taken)).status_code == 409
        assert store.get(statementId=one).status_code == 200

    def test_a_key_without_all_voids_only_what_it_stored(self, store: Store, app: Flask, database: Database) -> None:
        make_credential(database, "statements/write", "statements/read/mine", key="hep")
        narrow = Store(app.test_client(), key="hep")
        theirs, own = store.stored(), narrow.stored()
        assert narrow.post(voiding(theirs)).status_code == 403
        assert narrow.post(voiding(new_id())).status_code == 403
        assert narrow.post(voiding(own)).status_code == 200
        assert store.get(statementId=theirs).status_code == 200


class TestReferences:
    """2.1.3: who refers to a statement is found by what that statement says, recursively; time and limit are its own."""

    def test_a_reference_is_found_by_its_target(self, store: Store) -> None:
        one = store.stored(context={"registration": REF, "contextActivities": {"parent": [{"id": "urn:p"}]}})
        ref = store.post(reference(one)).json[0]
        for filters in ({"agent": AN}, {"verb": VERB}, {"activity": COURSE}, {"registration": REF}):
            assert store.ids(**filters) == [ref, one]
        assert store.ids(activity="urn:p", related_activities="true") == [ref, one]
        assert store.ids(agent=BINH) == [ref]

    def test_also_when_the_target_comes_later_and_along_a_chain(self, store: Store) -> None:
        first, second, third = new_id(), new_id(), new_id()
        store.post(reference(second, id=third))
        store.post(reference(first, id=second))
        assert store.ids(agent=AN) == []
        store.put(first, statement())
        assert store.ids(agent=AN) == [first, second, third]

    def test_along_a_chain_within_one_batch_and_beyond(self, store: Store) -> None:
        first, second, third = store.stored(), new_id(), new_id()
        store.post([reference(second, id=third), reference(first, id=second)])
        assert set(store.ids(agent=AN)) == {first, second, third}

    def test_a_ring_of_references_ends(self, store: Store) -> None:
        first, second = new_id(), new_id()
        store.post(reference(second, id=first) | {"actor": AN})
        store.post(reference(first, id=second))
        assert set(store.ids(agent=AN)) == set(store.ids(agent=BINH)) == {first, second}

    def test_pointers_of_a_voided_statement_are_still_found_by_it(self, store: Store) -> None:
        one = store.stored()
        ref = store.post(reference(one)).json[0]
        void = store.post(voiding(one) | {"actor": BINH}).json[0]
        assert store.ids(agent=AN) == [void, ref]

    def test_a_statement_in_the_context_does_not_count(self, store: Store) -> None:
        one = store.stored()
        store.stored(actor=BINH, verb={"id": "urn:v"}, context={"statement": {"objectType": "StatementRef", "id": one}})
        assert store.ids(agent=AN) == [one]


class TestFilters:
    @pytest.mark.parametrize(
        "agent",
        [AN, BINH, {"mbox_sha1sum": "aB" * 20}, {"openid": "https://an.vn"}, {"objectType": "Group", "mbox": "mailto:g@e.vn"}],
    )
    def test_agent_by_each_identifier(self, store: Store, agent: dict[str, Any]) -> None:
        one = store.stored(actor=agent)
        store.stored(actor={"mbox": "mailto:khac@e.vn"})
        assert store.ids(agent=agent) == [one]

    def test_agent_as_object_and_as_member(self, store: Store) -> None:
        as_object = store.stored(actor=BINH, object=AN)
        as_member = store.stored(actor={"objectType": "Group", "member": [BINH, AN]})
        store.stored(actor=BINH, context={"instructor": AN})
        assert store.ids(agent=AN) == [as_member, as_object]

    def test_related_agents(self, store: Store) -> None:
        inner = {"objectType": "SubStatement", "actor": AN, "verb": {"id": VERB}, "object": {"id": COURSE}}
        wanted = [
            store.stored(actor=BINH, context={"instructor": AN}),
            store.stored(actor=BINH, context={"team": {"objectType": "Group", "member": [AN]}}),
            store.stored(actor=BINH, object=inner),
            store.stored(actor=BINH, object={**inner, "actor": BINH, "object": AN}),
        ]
        store.stored(actor=BINH)
        assert store.ids(agent=AN, related_agents="true") == wanted[::-1]
        authority = {"account": {"homePage": "http://127.0.0.1:8000/xapi/credentials", "name": "thu"}}
        assert len(store.ids(agent=authority, related_agents="true")) == 5
        assert store.ids(agent=authority) == []

    def test_activity_and_related_activities(self, store: Store) -> None:
        plain = store.stored(object={"id": "urn:a"})
        context = {"contextActivities": {"grouping": {"id": "urn:a"}}}
        around = store.stored(context=context)
        inner = {"objectType": "SubStatement", "actor": AN, "verb": {"id": VERB}, "object": {"id": COURSE}, "context": context}
        within = store.stored(object=inner)
        assert store.ids(activity="urn:a") == [plain]
        assert store.ids(activity="urn:a", related_activities="true") == [within, around, plain]

    def test_filters_together(self, store: Store) -> None:
        one = store.stored(context={"registration": REF})
        store.stored(actor=BINH, context={"registration": REF})
        store.stored()
        assert store.ids(agent=AN, verb=VERB, activity=COURSE, registration=REF.upper()) == [one]
        assert store.ids(agent=AN, verb="urn:none") == []

    def test_since_is_exclusive_and_until_inclusive(self, store: Store) -> None:
        one = store.stored()
        moment = store.get(statementId=one).json["stored"]
        before = (datetime.fromisoformat(moment) - timedelta(milliseconds=1)).isoformat()
        assert store.ids(since=moment) == []
        assert store.ids(until=moment) == [one]
        assert store.ids(since=before) == [one]
        assert store.ids(until=before) == []
        assert store.ids(since=moment[:-1] + "999Z") == []
        assert store.ids(since="0001-01-01T00:00:00Z", until="9999-12-31T23:59:59Z") == [one]


class TestPaging:
    @pytest.mark.parametrize("ascending", ["true", "false"])
    def test_more_leads_through_all_in_order(self, store: Store, ascending: str) -> None:
        wanted = store.post([statement(id=new_id()) for _ in range(7)]).json
        store.stored(actor=BINH)
        got: list[str] = []
        page = store.get(agent=AN, limit=3, ascending=ascending).json
        while True:
            got += [entry["id"] for entry in page["statements"]]
            if not page["more"]:
                break
            assert page["more"].startswith("/xapi/statements?")
            page = store.client.get(page["more"], headers=store.headers).json
        assert got == (wanted if ascending == "true" else wanted[::-1])

    def test_what_comes_meanwhile_does_not_shift_the_pages(self, store: Store) -> None:
        wanted = store.post([statement(id=new_id()) for _ in range(4)]).json
        page = store.get(limit=2).json
        store.stored()
        rest = store.client.get(page["more"], headers=store.headers).json
        assert [entry["id"] for entry in page["statements"] + rest["statements"]] == wanted[::-1]

    def test_a_full_page_with_nothing_behind_it_has_no_more(self, store: Store) -> None:
        store.post([statement(), statement()])
        assert store.get(limit=2).json["more"] == ""

    def test_limit_nought_is_as_many_as_the_store_gives(self, store: Store) -> None:
        store.post([statement() for _ in range(201)])
        page = store.get(limit=0).json
        assert len(page["statements"]) == 200
        assert parse_qs(urlsplit(page["more"]).query)["limit"] == ["0"]

    def test_a_filtered_page_is_two_queries_however_much_is_stored(self, store: Store, database: Database) -> None:
        def asked() -> int:
            seen: list[str] = []

            def note(_connection: object, _cursor: object, text: str, *_rest: object) -> None:
                seen.append(text)

            for engine in database.engines:
                event.listen(engine, "before_cursor_execute", note)
            store.ids(agent=AN, verb=VERB, activity=COURSE)
            for engine in database.engines:
                event.remove(engine, "before_cursor_execute", note)
            return len(seen)

        store.stored()
        few = asked()
        store.post([statement() for _ in range(150)])
        assert asked() == few


class TestFormats:
    def test_ids_leaves_only_what_identifies(self, store: Store) -> None:
        group = {"objectType": "Group", "name": "Tổ", "member": [AN]}
        one = store.stored(actor=group, context={"instructor": AN, "contextActivities": {"parent": {"id": "urn:p", "definition": {}}}})
        got = store.get(statementId=one, format="ids").json
        agent = {"objectType": "Agent", "account": AN["account"]}
        assert got["actor"] == {"objectType": "Group", "member": [agent]}
        assert got["verb"] == {"id": VERB}
        assert got["object"] == {"id": COURSE}
        assert got["context"] == {"instructor": agent, "contextActivities": {"parent": [{"id": "urn:p"}]}}

    @pytest.mark.parametrize(
        ("wish", "name"), [("en-GB, vi;q=0.5", {"en": "Foundations"}), ("fr, vi", {"vi": "Nền tảng"}), ("fr", {"vi": "Nền tảng"})]
    )
    def test_canonical_keeps_one_language_of_each_map(self, store: Store, wish: str, name: dict[str, str]) -> None:
        one = store.stored()
        got = store.get(statementId=one, format="canonical", headers={"Accept-Language": wish}).json
        assert got["object"]["definition"]["name"] == name
        assert got["verb"]["display"] == {"vi": "đã học xong"}

    def test_exact_ignores_the_language(self, store: Store) -> None:
        got = store.get(statementId=store.stored(), headers={"Accept-Language": "en"}).json
        assert set(got["object"]["definition"]["name"]) == {"vi", "en"}

    def test_with_attachments_the_answer_comes_in_parts(self, store: Store) -> None:
        response = store.get(statementId=store.stored(), attachments="true")
        boundary = response.content_type.removeprefix("multipart/mixed; boundary=")
        head, _, body = response.text.partition("\r\n\r\n")
        assert head == f"--{boundary}\r\nContent-Type: application/json"
        assert json.loads(body.removesuffix(f"\r\n--{boundary}--\r\n"))["actor"] == AN


class TestParameters:
    @pytest.mark.parametrize(
        "query",
        [
            {"StatementId": REF},
            {"foo": "1"},
            {"statementId": "x"},
            {"statementId": REF, "voidedStatementId": REF},
            {"statementId": REF, "agent": json.dumps(AN)},
            {"voidedStatementId": REF, "limit": "1"},
            {"agent": "An"},
            {"agent": "[]"},
            {"agent": json.dumps({"name": "An"})},
            {"agent": json.dumps({"objectType": "Group", "member": [AN]})},
            {"verb": "completed"},
            {"activity": "CB1"},
            {"registration": "1"},
            {"since": "yesterday"},
            {"until": "2008-09-15T15:53:00.601-00:00"},
            {"limit": "-1"},
            {"limit": "1.5"},
            {"format": "Exact"},
            {"ascending": "yes"},
            {"related_agents": "1"},
            {"attachments": "maybe"},
            {"cursor": "x"},
        ],
    )
    def test_a_wrong_one_is_refused(self, store: Store, query: dict[str, str]) -> None:
        response = store.get(**query)
        assert response.status_code == 400
        assert response.json["error"]["message"]

    def test_one_given_twice_is_refused(self, store: Store) -> None:
        assert store.open("GET", "statements?limit=1&limit=2").status_code == 400

    @pytest.mark.parametrize("method", ["POST", "PUT"])
    def test_unknown_ones_are_refused_when_writing(self, store: Store, method: str) -> None:
        assert store.open(method, f"statements?statementID={REF}", statement()).status_code == 400


class TestHead:
    def test_is_get_without_the_body(self, store: Store) -> None:
        one = store.stored()
        got, head = store.get(statementId=one), store.open("HEAD", query_string={"statementId": one})
        assert (head.status_code, head.data) == (200, b"")
        assert head.headers["Content-Length"] == got.headers["Content-Length"]
        assert store.open("HEAD", query_string={"statementId": REF}).status_code == 404


def test_two_writers_of_one_statement_store_it_once(app: Flask, store: Store, database: Database) -> None:
    one, barrier = new_id(), Barrier(6)
    results: list[int] = []

    def write(number: int) -> None:
        writer = Store(app.test_client())
        barrier.wait()
        results.append(writer.put(one, statement(actor=AN if number % 2 else BINH)).status_code)

    threads = [Thread(target=write, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(results) == [204] * 3 + [409] * 3
    assert count(database) == 1


def test_a_voider_and_its_target_at_one_moment_find_each_other(app: Flask, store: Store, database: Database) -> None:
    ids = [new_id() for _ in range(5)]
    barrier = Barrier(10)

    def write(body: dict[str, Any]) -> None:
        writer = Store(app.test_client())
        barrier.wait()
        assert writer.post(body).status_code == 200

    threads = [Thread(target=write, args=(body,)) for one in ids for body in (statement(id=one), voiding(one))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [store.get(voidedStatementId=one).status_code for one in ids] == [200] * 5


def test_every_statement_is_found_by_terms_of_its_own(store: Store, database: Database) -> None:
    store.stored()
    with database.reading() as session:
        assert session.execute(select(func.count()).select_from(StatementTerm)).scalar_one() == 6
