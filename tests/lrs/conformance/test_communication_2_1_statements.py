"""Communication 2.1, Data 2.3 and 2.5, IEEE 9274.1.1 4.1.6.1: storing statements, and finding them again."""

from __future__ import annotations

import json
from email.utils import parsedate_to_datetime
from itertools import product
from typing import Any

import pytest

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.operations import store_statements
from lms.lrs.rules.reading import from_values
from lms.lrs.rules.versions import Version
from tests.lrs.conformance.conftest import speaking
from tests.lrs.conformance.parts import GROUP, IDENTIFIERS, UUID_TEXT, within
from tests.lrs.conformance.test_data_2_4_9_authority import PAIR
from tests.lrs.making import AN, BINH, COURSE, VERB, Store, new_id, statement, voiding

CHI, DUNG = {"mbox": "mailto:chi@example.vn"}, {"mbox": "mailto:dung@example.vn"}
FILTERS: dict[str, str] = {
    "agent": json.dumps(AN),
    "verb": VERB,
    "activity": COURSE,
    "registration": UUID_TEXT,
    "related_activities": "true",
    "related_agents": "true",
    "since": "2012-06-01T19:09:13.245Z",
    "until": "2012-06-01T19:09:13.245Z",
    "limit": "1",
    "ascending": "true",
}
PARAMETERS = {**FILTERS, "statementId": UUID_TEXT, "voidedStatementId": UUID_TEXT, "format": "ids", "attachments": "true"}
BAD: dict[str, list[str]] = {
    "agent": ["", "An", "[]", "null", "7", "{}", json.dumps({"name": "An"}), json.dumps({**AN, **BINH}), json.dumps(GROUP), "{"],
    "verb": ["", "completed", "//x"],
    "activity": ["", "CB1", "a b:c"],
    "registration": ["", "1", UUID_TEXT[:-1]],
    "related_activities": ["", "1", "yes", "TRUE"],
    "related_agents": ["", "0", "null"],
    "since": ["", "yesterday", "2008-09-15", "2008-09-15T15:53:00-00:00"],
    "until": ["", "1", "2008-13-15T15:53:00Z"],
    "limit": ["", "-1", "1.5", "x", "１", "0x1", "1e3", " 1"],
    "ascending": ["", "1", "asc"],
    "statementId": ["", "x", UUID_TEXT + "0", f"{{{UUID_TEXT}}}"],
    "voidedStatementId": ["", "x"],
    "format": ["", "Exact", "id", "json"],
    "attachments": ["", "1", "none"],
}


class TestStoring:
    """2.1.1, 2.1.2"""

    def test_put_answers_without_content_and_post_with_the_ids_in_order(self, lrs: Store) -> None:
        one = new_id()
        put = lrs.put(one, statement())
        assert (put.status_code, put.data) == (204, b"")
        ids = [new_id(), new_id(), new_id()]
        posted = lrs.post([statement(id=ids[0]), statement(), statement(id=ids[1]), statement(id=ids[2])])
        assert posted.status_code == 200
        assert [posted.json[0], *posted.json[2:]] == ids
        assert lrs.ids(ascending="true") == [one, *posted.json]

    def test_put_needs_its_id_and_no_other_parameter(self, lrs: Store) -> None:
        for query in ({}, {"StatementId": UUID_TEXT}, {"statementId": UUID_TEXT, "agent": json.dumps(AN)}, {"statementId": "x"}):
            assert lrs.open("PUT", body=statement(), query_string=query).status_code == 400
        assert lrs.put(new_id(), [statement()]).status_code == 400
        assert lrs.put(UUID_TEXT, statement(id=new_id())).status_code == 400
        assert lrs.put(UUID_TEXT.upper(), statement(id=UUID_TEXT)).status_code == 204
        assert lrs.ids() == [UUID_TEXT]

    def test_a_known_id_changes_nothing_whatever_comes_with_it(self, lrs: Store) -> None:
        one = lrs.stored(id=new_id())
        before = lrs.get(statementId=one).data
        other = statement(verb={"id": "urn:other"})
        assert lrs.put(one, other).status_code == 409
        assert lrs.post({**other, "id": one}).status_code == 409
        assert lrs.put(one, statement()).status_code == 204
        assert lrs.post(statement(id=one)).json == [one]
        assert lrs.get(statementId=one).data == before

    def test_one_bad_statement_stores_none_of_its_batch(self, lrs: Store) -> None:
        one = lrs.stored(id=new_id())
        good = [statement(id=new_id()) for _ in range(3)]
        for last, status in (
            (statement(verb={"id": "x"}), 400),
            (statement(id=one, verb={"id": "urn:other"}), 409),
            (statement(id=good[0]["id"]), 400),
            (7, 400),
        ):
            response = lrs.post([*good, last])
            assert response.status_code == status
            assert response.json["error"]["message"]
            assert lrs.ids() == [one]
            assert lrs.ids(agent=AN) == [one]

    def test_ten_thousand_statements_are_stored_whole_or_not_at_all(self, lrs: Store, version: Version) -> None:
        small = statement(actor=BINH, verb={"id": "urn:v"}, object={"id": "urn:a"})
        assert lrs.post([small] * 10_000 + [{**small, "verb": {}}]).status_code == 400
        assert lrs.ids() == []
        assert len(lrs.post([small] * 10_000).json) == 10_000

    def test_no_statements_at_all_are_stored_without_complaint(self, lrs: Store) -> None:
        response = lrs.post([])
        assert (response.status_code, response.json) == (200, [])

    @pytest.mark.parametrize(
        ("first", "second", "same_in_1", "same_in_2"),
        [
            ({"timestamp": "2026-11-22T09:21:07Z"}, {"timestamp": "2026-11-22T16:21:07.000+07:00"}, True, True),
            ({"timestamp": "2026-11-22T09:21:07Z"}, {"timestamp": "2026-11-22T09:21:08Z"}, False, True),
            ({"result": {"duration": "PT1.237S"}}, {"result": {"duration": "PT1.23S"}}, True, True),
            ({"result": {"duration": "PT1.239S"}}, {"result": {"duration": "PT1.24S"}}, False, False),
            ({"result": {"duration": "PT1M"}}, {"result": {"duration": "PT60S"}}, False, True),
            ({"result": {"duration": "P1W"}}, {"result": {"duration": "P7D"}}, False, True),
            ({"result": {"duration": "P1M"}}, {"result": {"duration": "P30D"}}, False, False),
            ({"actor": {**AN, "name": "AN"}}, {"actor": {**AN, "name": "an"}}, False, True),
            ({"verb": {"id": VERB}}, {"verb": {"id": VERB, "display": {"vi": "x"}}}, True, True),
            ({"object": {"id": COURSE}}, {"object": {"id": COURSE, "definition": {"name": {"vi": "x"}}}}, True, True),
            ({"object": {"id": COURSE}}, {"object": {"id": COURSE, "objectType": "Activity"}}, True, True),
            ({"actor": GROUP}, {"actor": {**GROUP, "member": [BINH, AN]}}, True, True),
            ({"actor": AN}, {"actor": BINH}, False, False),
            ({"result": {"success": True}}, {"result": {"success": False}}, False, False),
            ({"context": {"platform": "A"}}, {"context": {"platform": "B"}}, False, False),
            ({}, {"authority": BINH, "stored": "2020-01-01T00:00:00Z", "version": "1.0.1"}, True, True),
        ],
    )
    def test_when_a_statement_is_the_same(
        self, lrs: Store, version: Version, first: dict[str, Any], second: dict[str, Any], same_in_1: bool, same_in_2: bool
    ) -> None:
        one = lrs.stored(id=new_id(), **first)
        same = same_in_1 if version is Version.V1 else same_in_2
        assert lrs.put(one, statement(**second)).status_code == (204 if same else 409)


class TestWhatTheStoreSets:
    """Data 2.4.7–2.4.10, IEEE 9274.1.1 4.2.4.2 and 4.2.7"""

    def test_timestamp_is_stored_where_there_is_none(self, lrs: Store) -> None:
        got = lrs.get(statementId=lrs.stored()).json
        assert got["timestamp"] == got["stored"]
        assert got["stored"].endswith("Z")

    def test_moments_are_given_back_in_utc_in_2_0_and_as_they_came_in_1_0(self, lrs: Store, version: Version) -> None:
        sent = "2026-11-22T16:21:07.125456+07:00"
        whole = within(timestamp=sent)
        got = lrs.get(statementId=lrs.stored(timestamp=sent, object=whole["object"])).json
        expected = sent if version is Version.V1 else "2026-11-22T09:21:07.125456Z"
        assert got["timestamp"] == got["object"]["timestamp"] == expected

    def test_a_duration_and_numbers_come_back_as_they_were_written(self, lrs: Store) -> None:
        text = json.dumps(statement(result={"duration": "P1DT12H36M0.12567S"}))[:-1] + ',"context":{"extensions":{"urn:x":1.50e+0}}}'
        one = lrs.post(text).json[0]
        assert '"P1DT12H36M0.12567S"' in lrs.get(statementId=one).text
        assert "1.50e+0" in lrs.get(statementId=one).text

    def test_stored_and_authority_are_the_stores(self, lrs: Store) -> None:
        got = lrs.get(statementId=lrs.stored(stored="2001-01-01T00:00:00Z", authority=PAIR)).json
        assert got["stored"] > "2026"
        assert got["authority"]["account"]["name"] == "thu"

    def test_an_authority_of_two_is_found_by_each(self, lrs: Store, database: Database) -> None:
        with database.transaction() as session:
            (one,) = store_statements(session, from_values([statement()]), PAIR, now())
        assert lrs.get(statementId=str(one)).json["authority"] == PAIR
        for member in PAIR["member"]:
            assert lrs.ids(agent=member, related_agents="true") == [str(one)]
            assert lrs.ids(agent=member) == []
        ids = lrs.get(statementId=str(one), format="ids").json["authority"]
        assert ids == PAIR

    def test_single_context_activities_become_arrays(self, lrs: Store) -> None:
        around = {key: {"id": f"urn:{key}"} for key in ("parent", "grouping", "category", "other")}
        whole = within(context={"contextActivities": around})
        got = lrs.get(statementId=lrs.stored(object=whole["object"], context={"contextActivities": around})).json
        expected = {key: [one] for key, one in around.items()}
        assert got["context"]["contextActivities"] == got["object"]["context"]["contextActivities"] == expected

    def test_last_modified_is_the_latest_stored_that_is_given(self, lrs: Store) -> None:
        first, second = lrs.stored(), lrs.stored(verb={"id": "urn:v"})
        for query, newest in (({"statementId": first}, first), ({}, second), ({"ascending": "true"}, second), ({"verb": VERB}, first)):
            given = parsedate_to_datetime(lrs.get(**query).headers["Last-Modified"])
            stored = lrs.get(statementId=newest).json["stored"]
            assert given.isoformat()[:19] == stored[:19]
        assert "Last-Modified" not in lrs.get(verb="urn:nothing").headers


class TestParameters:
    """2.1.3, 3.2"""

    @pytest.mark.parametrize("name", PARAMETERS)
    def test_another_case_is_another_parameter(self, lrs: Store, name: str) -> None:
        for wrong in {name.upper(), name.capitalize(), name[0].upper() + name[1:], name.swapcase()} - {name}:
            assert lrs.open("GET", query_string={wrong: PARAMETERS[name]}).status_code == 400

    @pytest.mark.parametrize(("name", "given"), list(product(("statementId", "voidedStatementId"), FILTERS)))
    def test_an_id_goes_with_no_filter(self, lrs: Store, name: str, given: str) -> None:
        one = lrs.stored()
        assert lrs.open("GET", query_string={name: one, given: FILTERS[given]}).status_code == 400

    def test_an_id_goes_with_format_and_attachments_but_not_with_the_other_id(self, lrs: Store) -> None:
        one = lrs.stored()
        for kind in ("ids", "exact", "canonical"):
            for attachments in ("true", "false"):
                assert lrs.get(statementId=one, format=kind, attachments=attachments).status_code == 200
        assert lrs.get(statementId=one, voidedStatementId=one).status_code == 400
        lrs.post(voiding(one))
        for kind in ("ids", "exact", "canonical"):
            assert lrs.get(voidedStatementId=one, format=kind, attachments="true").status_code == 200

    @pytest.mark.parametrize("name", BAD)
    def test_a_malformed_value_is_refused(self, lrs: Store, name: str) -> None:
        for value in BAD[name]:
            assert lrs.open("GET", query_string={name: value}).status_code == 400, value

    def test_bytes_that_are_no_utf_8_are_refused(self, lrs: Store) -> None:
        for query in ("verb=urn:%FF", "activity=urn:%C0%AF", "agent=%7B%22mbox%22:%22mailto:%ED%A0%80@x.vn%22%7D", "verb=urn:%00"):
            assert lrs.open("GET", query_string=query).status_code == 400

    @pytest.mark.parametrize("name", FILTERS)
    def test_each_filter_alone_and_all_together(self, lrs: Store, name: str) -> None:
        assert lrs.open("GET", query_string={name: FILTERS[name]}).status_code == 200
        assert lrs.open("GET", query_string={**FILTERS, "format": "ids", "attachments": "false"}).status_code == 200

    def test_nothing_found_is_an_empty_list(self, lrs: Store) -> None:
        response = lrs.get(verb="http://adlnet.gov/expapi/non/existent")
        assert (response.status_code, response.json) == (200, {"statements": [], "more": ""})


class TestFinding:
    """2.1.3"""

    @pytest.mark.parametrize("identifier", IDENTIFIERS.values(), ids=list(IDENTIFIERS))
    def test_people_by_each_identifier_wherever_they_are_named(self, lrs: Store, identifier: dict[str, Any]) -> None:
        agent, group = {"objectType": "Agent", **identifier}, {"objectType": "Group", "member": [BINH, identifier]}
        close = [
            lrs.stored(actor=agent),
            lrs.stored(actor=group),
            lrs.stored(actor=BINH, object=agent),
            lrs.stored(actor=BINH, object=group),
        ]
        wide = [
            lrs.stored(actor=BINH, context={"instructor": agent}),
            lrs.stored(actor=BINH, context={"team": group}),
            lrs.stored(actor=BINH, object=within(actor=agent)["object"]),
            lrs.stored(actor=BINH, object=within(object=agent)["object"]),
            lrs.stored(actor=BINH, object=within(context={"instructor": group, "team": group})["object"]),
        ]
        lrs.stored(actor=CHI)
        assert lrs.ids(agent={**identifier, "name": "khác"}, ascending="true") == close
        assert lrs.ids(agent=agent, related_agents="true", ascending="true") == close + wide

    def test_agents_and_groups_of_the_context_are_related(self, lrs: Store) -> None:
        new = speaking("2.0.0", lrs)
        agents = {"contextAgents": [{"objectType": "contextAgent", "agent": CHI}]}
        groups = {"contextGroups": [{"objectType": "contextGroup", "group": {"objectType": "Group", **DUNG, "member": [CHI]}}]}
        one, two, three = (
            new.stored(context=agents),
            new.stored(context=groups),
            new.stored(object=within(context=agents | groups)["object"]),
        )
        assert lrs.ids(agent=CHI, related_agents="true", ascending="true") == [one, two, three]
        assert lrs.ids(agent={"objectType": "Group", **DUNG}, related_agents="true", ascending="true") == [two, three]
        assert lrs.ids(agent=CHI) == []

    def test_activities_wherever_they_are_named(self, lrs: Store) -> None:
        course = {"id": "urn:course"}
        close = lrs.stored(object=course)
        kinds = ("parent", "grouping", "category", "other")
        wide = [lrs.stored(context={"contextActivities": {kind: [{"id": "urn:x"}, course]}}) for kind in kinds]
        wide += [lrs.stored(object=within(object=course)["object"])]
        wide += [lrs.stored(object=within(context={"contextActivities": {"other": course}})["object"])]
        assert lrs.ids(activity="urn:course") == [close]
        assert lrs.ids(activity="urn:course", related_activities="true", ascending="true") == [close, *wide]

    def test_registration_and_verb(self, lrs: Store) -> None:
        one = lrs.stored(context={"registration": UUID_TEXT.upper()}, verb={"id": "urn:v"})
        lrs.stored(object=within(context={"registration": UUID_TEXT}, verb={"id": "urn:v"})["object"])
        assert lrs.ids(registration=UUID_TEXT) == lrs.ids(verb="urn:v") == lrs.ids(verb="urn:v", registration=UUID_TEXT) == [one]

    def test_a_reference_is_found_by_all_but_time_and_sequence_of_its_target(self, lrs: Store) -> None:
        target = lrs.stored(
            actor=CHI, verb={"id": "urn:v"}, object={"id": "urn:a"}, context={"registration": UUID_TEXT, "instructor": DUNG}
        )
        since = lrs.get(statementId=target).json["stored"]
        one = lrs.stored(object={"objectType": "StatementRef", "id": target})
        two = lrs.stored(object={"objectType": "StatementRef", "id": one})
        lrs.stored(context={"statement": {"objectType": "StatementRef", "id": target}})
        for query in ({"agent": CHI}, {"verb": "urn:v"}, {"activity": "urn:a"}, {"registration": UUID_TEXT}):
            assert lrs.ids(**query) == [two, one, target]
            assert lrs.ids(**query, limit="1") == [two]
        assert lrs.ids(agent=DUNG, related_agents="true") == [two, one, target]
        assert set(lrs.ids(agent=CHI, since=since)) <= {two, one}
        lrs.post(voiding(target))
        assert lrs.ids(verb="urn:v")[1:] == [two, one]
        assert len(lrs.ids(verb="urn:v")) == 3  # the voider refers to it as well

    def test_newest_first_and_the_other_way_round(self, lrs: Store) -> None:
        ids = [lrs.stored() for _ in range(3)] + lrs.post([statement(), statement()]).json
        assert lrs.ids() == list(reversed(ids))
        assert lrs.ids(ascending="true") == ids
        assert lrs.ids(limit="0") == list(reversed(ids))

    def test_more_leads_through_all_pages_in_either_version(self, lrs: Store) -> None:
        ids = lrs.post([statement() for _ in range(7)]).json
        seen: list[str] = []
        page = lrs.get(limit="3", agent=AN, format="ids", ascending="true").json
        while True:
            seen += [entry["id"] for entry in page["statements"]]
            assert len(page["statements"]) <= 3
            if not page["more"]:
                break
            assert page["more"].startswith("/xapi/statements?")
            page = lrs.open("GET", page["more"].removeprefix("/xapi/")).json
        assert seen == ids


class TestVoiding:
    """Data 2.3.2, IEEE 9274.1.1 4.2.5"""

    def test_a_voided_statement_goes_by_its_other_name(self, lrs: Store) -> None:
        one = lrs.stored()
        assert lrs.get(voidedStatementId=one).status_code == 404
        voider = lrs.post(voiding(one)).json[0]
        assert lrs.get(statementId=one).status_code == 404
        assert lrs.get(voidedStatementId=one).json["id"] == one
        assert lrs.ids() == [voider]
        assert lrs.get(voidedStatementId=voider).status_code == 404

    def test_an_unknown_target_is_no_fault_and_is_voided_when_it_comes(self, lrs: Store) -> None:
        one = new_id()
        assert lrs.post(voiding(one)).status_code == 200
        lrs.post(statement(id=one))
        assert lrs.get(statementId=one).status_code == 404
        assert lrs.get(voidedStatementId=one).status_code == 200

    def test_a_voider_is_never_voided(self, lrs: Store) -> None:
        one = lrs.stored()
        voider = lrs.post(voiding(one)).json[0]
        assert lrs.post(voiding(voider)).status_code == 200
        assert lrs.get(statementId=voider).status_code == 200
        assert lrs.get(statementId=one).status_code == 404


class TestFormats:
    """2.1.3"""

    def test_ids_leaves_no_more_than_identifies_everywhere(self, lrs: Store) -> None:
        new = speaking("2.0.0", lrs)
        named = {"objectType": "Agent", "name": "Chi", **CHI}
        group = {"objectType": "Group", "name": "Tổ", "member": [named, {**DUNG, "name": "Dũng"}]}
        known = {"objectType": "Group", "name": "Tổ", **BINH, "member": [named]}
        activity = {"objectType": "Activity", "id": "urn:a", "definition": {"name": {"vi": "A"}}}
        context = {
            "instructor": group,
            "team": known,
            "contextActivities": {"parent": activity},
            "contextAgents": [{"objectType": "contextAgent", "agent": named, "relevantTypes": ["urn:t"]}],
            "contextGroups": [{"objectType": "contextGroup", "group": group}],
        }
        one = new.stored(actor=group, object=within(actor=known, object=activity, context=context)["object"], context=context)
        got = lrs.get(statementId=one, format="ids").json
        short_agent, short_known = {"objectType": "Agent", **CHI}, {"objectType": "Group", **BINH}
        short_group = {"objectType": "Group", "member": [short_agent, DUNG]}
        expected = {
            "instructor": short_group,
            "team": short_known,
            "contextActivities": {"parent": [{"id": "urn:a"}]},
            "contextAgents": [{"objectType": "contextAgent", "agent": short_agent, "relevantTypes": ["urn:t"]}],
            "contextGroups": [{"objectType": "contextGroup", "group": short_group}],
        }
        assert got["actor"] == short_group
        assert got["verb"] == {"id": VERB}
        assert got["object"] == {
            "objectType": "SubStatement",
            "actor": short_known,
            "verb": {"id": VERB},
            "object": {"id": "urn:a"},
            "context": expected,
        }
        assert got["context"] == expected
        assert "name" not in got["authority"]

    def test_canonical_chooses_the_language_of_each_map_by_itself(self, lrs: Store) -> None:
        verb = {"id": "urn:v", "display": {"en-GB": "attended", "en-US": "attended", "vi": "dự"}}
        definition = {
            "name": {"vi": "Một", "en-US": "One"},
            "description": {"fr": "Un"},
            "interactionType": "choice",
            "choices": [{"id": "a", "description": {"vi": "A", "en": "The A"}}, {"id": "b"}],
        }
        activity = {"id": "urn:canonical", "definition": definition}
        one = lrs.stored(verb=verb, object=activity, context={"contextActivities": {"category": [activity]}})
        got = lrs.get(statementId=one, format="canonical", headers={"Accept-Language": "en-GB, vi;q=0.5"}).json
        assert got["verb"]["display"] == {"en-GB": "attended"}
        for shown in (got["object"]["definition"], got["context"]["contextActivities"]["category"][0]["definition"]):
            assert shown["name"] == {"en-US": "One"}
            assert shown["description"] == {"fr": "Un"}
            assert shown["choices"][0]["description"] == {"en": "The A"}
        exact = lrs.get(statementId=one, headers={"Accept-Language": "en-GB"}).json
        assert (exact["verb"], exact["object"]["definition"]) == (verb, definition)

    def test_exact_is_what_came(self, lrs: Store) -> None:
        sent = statement(actor=GROUP, verb={"id": VERB}, result={"score": {"scaled": 0.6767676}, "extensions": {"urn:x": None}})
        got = lrs.get(statementId=lrs.post(sent).json[0], format="exact").json
        assert {key: got[key] for key in sent} == sent
