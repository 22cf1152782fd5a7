"""Communication 2.5: what all statements together say of an activity."""

from __future__ import annotations

import itertools
import json
from typing import Any

import pytest
from flask import Flask
from hypothesis import given
from hypothesis import strategies as st
from sqlalchemy import event, select
from werkzeug.test import TestResponse

from lms.kit.db import Database
from lms.lrs.models import ActivityDefinition
from lms.lrs.rules.activities import MAX_WORDINGS, activity_object, definition_texts, definitions_in, merged_definition
from tests.lrs.conformance.documents import VERSIONS
from tests.lrs.making import AN, BINH, COURSE, VERB, Store, make_credential, new_id, statement

CHOICE = {
    "interactionType": "choice",
    "correctResponsesPattern": ["a"],
    "choices": [{"id": "a", "description": {"vi": "Đúng"}}, {"id": "b"}],
}


def ask(store: Store, activity: str = COURSE, version: str = "1.0.3", method: str = "GET") -> TestResponse:
    return store.open(method, "activities", query_string={"activityId": activity}, headers={"X-Experience-API-Version": version})


def told(store: Store, definition: dict[str, Any] | None, activity: str = COURSE) -> None:
    target = {"id": activity} if definition is None else {"id": activity, "definition": definition}
    assert store.post(statement(object=target)).status_code == 200


@pytest.mark.parametrize("version", VERSIONS)
class TestGet:
    def test_the_complete_activity_as_a_statement_defined_it(self, store: Store, version: str) -> None:
        target = {
            "objectType": "Activity",
            "id": COURSE,
            "definition": {
                "name": {"vi": "Nền tảng"},
                "description": {"vi": "Khóa đầu"},
                "type": "http://adlnet.gov/expapi/activities/cmi.interaction",
                "moreInfo": "https://hoc.example.vn/them",
                "extensions": {"https://e.vn/x": {"a": [1, None]}},
                **CHOICE,
            },
        }
        store.post(statement(object=target))
        response = ask(store, version=version)
        assert (response.status_code, response.json) == (200, target)
        assert response.headers["X-Experience-API-Version"] == version
        assert response.headers["ETag"]

    def test_an_unknown_activity_is_answered_with_its_id(self, store: Store, version: str) -> None:
        response = ask(store, "https://e.vn/chua-ai-noi-den", version)
        assert (response.status_code, response.json) == (200, {"objectType": "Activity", "id": "https://e.vn/chua-ai-noi-den"})

    def test_every_language_of_every_statement(self, store: Store, version: str) -> None:
        one = statement(object={"id": COURSE, "definition": {"name": {"en-US": "example meeting"}}})
        two = statement(object={"id": COURSE, "definition": {"name": {"fr-FR": "réunion"}}})
        store.post([one, two])
        assert ask(store, version=version).json["definition"]["name"] == {"en-US": "example meeting", "fr-FR": "réunion"}

    @pytest.mark.parametrize("activity", ["1", "true", '{"key":"value"}', "khong-phai-iri", ""])
    def test_400_for_what_is_no_iri(self, store: Store, version: str, activity: str) -> None:
        assert ask(store, activity, version).status_code == 400

    @pytest.mark.parametrize("query", ["", "ActivityId=https://e.vn/x", "activityId=https://e.vn/x&foo=1", "activityId=a:b&activityId=a:b"])
    def test_400_without_its_parameter_or_with_others(self, store: Store, version: str, query: str) -> None:
        response = store.open("GET", "activities", query_string=query, headers={"X-Experience-API-Version": version})
        assert response.status_code == 400

    def test_head_answers_as_get_without_a_body(self, store: Store, version: str) -> None:
        got, head = ask(store, version=version), ask(store, version=version, method="HEAD")
        assert (head.status_code, head.data, head.headers["ETag"]) == (200, b"", got.headers["ETag"])

    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_405_for_what_would_write_even_without_a_credential(self, app: Flask, store: Store, version: str, method: str) -> None:
        assert ask(store, version=version, method=method).status_code == 405
        response = app.test_client().open("/xapi/activities?activityId=a:b", method=method, headers={"X-Experience-API-Version": version})
        assert response.status_code == 405


class TestWhereDefinitionsAreFound:
    def test_in_context_activities_and_substatements(self, store: Store) -> None:
        defined = [{"id": f"{COURSE}/{number}", "definition": {"name": {"vi": str(number)}}} for number in range(4)]
        inner = {
            "objectType": "SubStatement",
            "actor": BINH,
            "verb": {"id": VERB},
            "object": defined[2],
            "context": {"contextActivities": {"category": [defined[3]]}},
        }
        store.post(statement(object=inner, context={"contextActivities": {"parent": defined[0], "other": [defined[1]]}}))
        for entry in defined:
            assert ask(store, entry["id"]).json == {"objectType": "Activity", **entry}

    def test_not_in_a_statement_that_is_refused(self, store: Store) -> None:
        bad = statement(verb={"id": "khong phai iri"})
        assert store.post([statement(), bad]).status_code == 400
        conflict = store.stored()
        assert store.post(
            [statement(object={"id": f"{COURSE}/2", "definition": {"name": {"vi": "x"}}}), statement(id=conflict, actor=BINH)]
        )
        assert "definition" not in ask(store, f"{COURSE}/2").json

    def test_not_in_those_of_a_credential_that_may_not_define(self, app: Flask, database: Database, store: Store) -> None:
        make_credential(database, "statements/write", key="ghi")
        writer = Store(app.test_client(), key="ghi")
        told(writer, {"name": {"vi": "Tên khác"}})
        assert "definition" not in ask(store).json
        make_credential(database, "statements/write", "define", key="dat-ten")
        told(Store(app.test_client(), key="dat-ten"), {"name": {"vi": "Tên"}})
        assert ask(store).json["definition"] == {"name": {"vi": "Tên"}}


class TestMerging:
    def test_later_values_replace_and_maps_grow(self, store: Store) -> None:
        told(store, {"name": {"vi": "Cũ", "en": "Old"}, "type": "https://e.vn/a", "extensions": {"https://e.vn/x": 1}})
        told(store, None)
        told(store, {"name": {"vi": "Mới"}, "type": "https://e.vn/b", "extensions": {"https://e.vn/y": None}})
        assert ask(store).json["definition"] == {
            "name": {"vi": "Mới", "en": "Old"},
            "type": "https://e.vn/b",
            "extensions": {"https://e.vn/x": 1, "https://e.vn/y": None},
        }

    def test_parts_of_an_interaction_are_collected_by_their_id(self, store: Store) -> None:
        told(store, CHOICE)
        more = [{"id": "c"}, {"id": "a", "description": {"en": "Right"}}]
        told(store, {"interactionType": "choice", "correctResponsesPattern": ["a[,]c"], "choices": more})
        definition = ask(store).json["definition"]
        assert definition["choices"] == [{"id": "a", "description": {"vi": "Đúng", "en": "Right"}}, {"id": "b"}, {"id": "c"}]
        assert definition["correctResponsesPattern"] == ["a[,]c"]

    def test_another_kind_of_interaction_has_none_of_the_former_parts(self, store: Store) -> None:
        told(store, CHOICE)
        told(store, {"interactionType": "likert", "scale": [{"id": "1"}]})
        assert ask(store).json["definition"] == {"interactionType": "likert", "scale": [{"id": "1"}]}

    def test_numbers_keep_their_digits(self, store: Store) -> None:
        body = json.dumps(statement(object={"id": COURSE, "definition": {"extensions": {"https://e.vn/x": "SO"}}}))
        store.post(body.replace('"SO"', "1.5000000000000000000001"))
        assert b'{"https://e.vn/x":1.5000000000000000000001}' in ask(store).data

    def test_of_endless_wordings_the_latest_are_put_together(self, store: Store) -> None:
        statements = []
        for number in range(MAX_WORDINGS + 3):
            wording = {"name": {"vi": str(number)}, "extensions": {f"https://e.vn/{number}": number}}
            statements.append(statement(object={"id": COURSE, "definition": wording}))
        store.post(statements)
        definition = ask(store).json["definition"]
        assert definition["name"] == {"vi": str(MAX_WORDINGS + 2)}
        assert set(definition["extensions"].values()) == set(range(3, MAX_WORDINGS + 3))

    def test_the_outcome_hangs_on_nothing_but_the_order_of_wordings(self) -> None:
        texts = [json.dumps(entry) for entry in ({"name": {"vi": "1"}}, {"name": {"en": "2"}}, {"type": "https://e.vn/t"})]
        assert (
            len({json.dumps(json.loads(merged_definition(order) or b""), sort_keys=True) for order in itertools.permutations(texts)}) == 1
        )
        assert merged_definition([*texts, *texts]) == merged_definition(texts)


names = st.dictionaries(st.sampled_from(["vi", "en", "fr-FR"]), st.text(max_size=5), max_size=3)
wordings = st.fixed_dictionaries(
    {},
    optional={
        "name": names,
        "description": names,
        "type": st.sampled_from(["https://e.vn/a", "https://e.vn/b"]),
        "extensions": st.dictionaries(st.sampled_from(["https://e.vn/x", "https://e.vn/y"]), st.integers(), max_size=2),
    },
)


@given(st.lists(wordings, max_size=6))
def test_merging_is_what_adding_one_after_the_other_makes(given_wordings: list[dict[str, Any]]) -> None:
    expected: dict[str, Any] = {}
    for wording in given_wordings:
        for key, value in wording.items():
            expected[key] = {**expected.get(key, {}), **value} if isinstance(value, dict) else value
    found = json.loads(activity_object(COURSE, [json.dumps(wording) for wording in given_wordings]))
    assert found == {"objectType": "Activity", "id": COURSE} | ({"definition": expected} if expected else {})


@given(wordings, wordings)
def test_what_is_read_of_the_text_is_what_is_read_of_the_values(one: dict[str, Any], two: dict[str, Any]) -> None:
    inner = {"objectType": "SubStatement", "actor": AN, "verb": {"id": VERB}, "object": {"id": "a:a", "definition": one}}
    values = statement(object=inner, context={"contextActivities": {"other": {"id": "b:b", "definition": two}, "parent": [{"id": "c:c"}]}})
    found = [(activity, json.loads(text)) for activity, text in definition_texts(json.dumps(values))]
    assert found == [(activity, dict(definition)) for activity, definition in definitions_in(values)]


class TestStoring:
    def test_a_known_wording_costs_no_statement(self, store: Store, database: Database) -> None:
        for _again in range(2):
            store.post(statement())
        seen: list[str] = []

        def note(_connection: Any, _cursor: Any, sql: str, *_rest: Any) -> None:
            seen.append(sql)

        event.listen(database.engine, "before_cursor_execute", note)
        store.post(statement())
        event.remove(database.engine, "before_cursor_execute", note)
        assert seen
        assert not [sql for sql in seen if "xapi_activity_definition" in sql]

    def test_is_kept_once(self, store: Store, database: Database) -> None:
        store.post([statement() for _again in range(3)])
        store.post(statement())
        with database.reading() as session:
            assert len(session.execute(select(ActivityDefinition.digest)).all()) == 1

    def test_what_was_undone_is_not_believed_to_be_stored(self, store: Store) -> None:
        for _again in range(2):
            taken = store.stored(actor=BINH)
            fresh = statement(object={"id": f"{COURSE}/moi", "definition": {"name": {"vi": "Mới"}}})
            assert store.post([fresh, statement(id=taken)]).status_code == 409
        store.post(fresh)
        assert ask(store, f"{COURSE}/moi").json["definition"] == {"name": {"vi": "Mới"}}


def test_canonical_statements_carry_the_definition_all_of_them_make(store: Store) -> None:
    one = new_id()
    store.put(one, statement(object={"id": COURSE, "definition": {"name": {"vi": "Nền tảng"}}}))
    told(store, {"name": {"en": "Foundations"}, "type": "https://e.vn/t"})
    got = store.get(headers={"Accept-Language": "en"}, statementId=one, format="canonical").json
    assert got["object"]["definition"] == {"name": {"en": "Foundations"}, "type": "https://e.vn/t"}
    listed = store.get(headers={"Accept-Language": "en"}, format="canonical").json["statements"]
    assert {entry["object"]["definition"]["name"]["en"] for entry in listed} == {"Foundations"}
    assert store.get(statementId=one).json["object"]["definition"] == {"name": {"vi": "Nền tảng"}}
