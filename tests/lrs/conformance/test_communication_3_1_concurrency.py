"""Communication 3.1: tags and preconditions, by resource and version."""

from __future__ import annotations

import json
from collections import Counter
from threading import Barrier, Thread

import pytest
from flask import Flask

from tests.lrs.conformance.documents import ACTIVITY_PROFILE, DOCUMENT, PROFILES, RESOURCES, STATE, VERSIONS, Documents, Resource
from tests.lrs.making import Store

WRONG = '"1111111111111111111111111111111111111111"'
CHANGED = {"diem": 9}


@pytest.fixture(params=[(param.values[0], version) for param in RESOURCES for version in VERSIONS], ids=str)
def documents(request: pytest.FixtureRequest, store: Store) -> Documents:
    resource, version = request.param
    return Documents(store, resource, version)


@pytest.fixture(params=PROFILES)
def profiles(request: pytest.FixtureRequest, store: Store) -> Documents:
    return Documents(store, request.param)


def tag(documents: Documents) -> str:
    return str(documents.get().headers["ETag"])


class TestIfMatch:
    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_the_present_tag_lets_a_write_through(self, documents: Documents, method: str) -> None:
        documents.post(DOCUMENT)
        before = tag(documents)
        assert documents.send(method, documents.resource.place(), CHANGED, If_Match=before).status_code == 204
        assert documents.get().json["diem"] == 9
        assert tag(documents) != before

    def test_the_present_tag_lets_a_deletion_through(self, documents: Documents) -> None:
        documents.post(DOCUMENT)
        assert documents.delete(If_Match=tag(documents)).status_code == 204
        assert documents.get().status_code == 404

    @pytest.mark.parametrize("header", [WRONG, "1234", "", '"a", "b"', "W/{tag}"])
    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_412_and_nothing_written_for_another(self, documents: Documents, method: str, header: str) -> None:
        documents.post(DOCUMENT)
        header = header.replace("{tag}", tag(documents))
        response = documents.send(method, documents.resource.place(), CHANGED, If_Match=header)
        assert response.status_code == 412
        assert response.json["error"]["message"]
        assert documents.get().json == DOCUMENT

    @pytest.mark.parametrize("header", ["*", "{tag}", '"x", {tag}', "{bare}"])
    def test_an_asterisk_a_list_and_a_tag_without_quotes_are_understood(self, documents: Documents, header: str) -> None:
        documents.post(DOCUMENT)
        header = header.replace("{tag}", tag(documents)).replace("{bare}", tag(documents).strip('"'))
        assert documents.put(CHANGED, If_Match=header).status_code == 204

    @pytest.mark.parametrize("header", ["*", WRONG])
    @pytest.mark.parametrize("method", ["PUT", "POST", "DELETE"])
    def test_412_where_there_is_no_document(self, documents: Documents, method: str, header: str) -> None:
        assert documents.send(method, documents.resource.place(), CHANGED, If_Match=header).status_code == 412
        assert documents.get().status_code == 404


class TestIfNoneMatch:
    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_an_asterisk_lets_what_is_new_through(self, documents: Documents, method: str) -> None:
        assert documents.send(method, documents.resource.place(), DOCUMENT, If_None_Match="*").status_code == 204
        assert documents.get().json == DOCUMENT

    @pytest.mark.parametrize("header", ["*", "{tag}", "W/{tag}"])
    @pytest.mark.parametrize("method", ["PUT", "POST"])
    def test_412_and_nothing_written_where_there_is_one(self, documents: Documents, method: str, header: str) -> None:
        documents.post(DOCUMENT)
        header = header.replace("{tag}", tag(documents))
        assert documents.send(method, documents.resource.place(), CHANGED, If_None_Match=header).status_code == 412
        assert documents.get().json == DOCUMENT


class TestPutWithoutEither:
    def test_1_0_3_a_profile_that_exists_is_a_conflict_with_its_remedy(self, profiles: Documents) -> None:
        profiles.post(DOCUMENT)
        response = profiles.put(CHANGED)
        assert response.status_code == 409
        assert "If-Match" in response.json["error"]["message"]
        assert profiles.get().json == DOCUMENT

    def test_1_0_3_a_new_profile_is_a_bad_request(self, profiles: Documents) -> None:
        response = profiles.put(DOCUMENT)
        assert response.status_code == 400
        assert "If-None-Match" in response.json["error"]["message"]
        assert profiles.get().status_code == 404

    def test_1_0_3_a_state_is_replaced(self, store: Store) -> None:
        states = Documents(store, STATE)
        assert states.put(DOCUMENT).status_code == 204
        assert states.put(CHANGED).status_code == 204
        assert states.get().json == CHANGED

    @pytest.mark.parametrize("resource", RESOURCES)
    def test_2_0_what_exists_is_a_conflict_states_too(self, store: Store, resource: Resource) -> None:
        documents = Documents(store, resource, "2.0.0")
        documents.post(DOCUMENT)
        response = documents.put(CHANGED)
        assert response.status_code == 409
        assert "If-Match" in response.json["error"]["message"]
        assert documents.get().json == DOCUMENT

    @pytest.mark.parametrize("resource", RESOURCES)
    def test_2_0_what_is_new_is_stored(self, store: Store, resource: Resource) -> None:
        assert Documents(store, resource, "2.0.0").put(DOCUMENT).status_code == 204


@pytest.mark.parametrize("version", VERSIONS)
def test_one_version_reads_what_the_other_wrote(store: Store, version: str) -> None:
    other = next(entry for entry in VERSIONS if entry != version)
    Documents(store, ACTIVITY_PROFILE, version).post(DOCUMENT)
    documents = Documents(store, ACTIVITY_PROFILE, other)
    assert documents.get().json == DOCUMENT
    assert documents.put(CHANGED, If_Match=tag(documents)).status_code == 204


def test_deleting_all_states_may_depend_on_the_list_seen(store: Store) -> None:
    states = Documents(store, STATE)
    states.post(id_="a")
    seen = states.send("GET", STATE.everything()).headers["ETag"]
    states.post(id_="b")
    assert states.send("DELETE", STATE.everything(), If_Match=seen).status_code == 412
    assert states.ids() == ["a", "b"]
    seen = states.send("GET", STATE.everything()).headers["ETag"]
    assert states.send("DELETE", STATE.everything(), If_Match=seen).status_code == 204
    assert states.ids() == []


WRITERS = 50


def race(app: Flask, store: Store, resource: Resource, **headers: str) -> tuple[Counter[int], list[int]]:
    """Fifty PUTs at once: how many answered what, and which writers were told that they won."""
    barrier, answers = Barrier(WRITERS), dict[int, int]()

    def write(number: int) -> None:
        mine = Store(app.test_client())
        mine.headers = store.headers
        barrier.wait()
        answers[number] = Documents(mine, resource, "2.0.0").put({"writer": number}, **headers).status_code

    threads = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers.values()), [number for number, status in answers.items() if status == 204]


def test_of_fifty_writers_with_one_tag_one_wins(app: Flask, store: Store) -> None:
    resource = ACTIVITY_PROFILE
    documents = Documents(store, resource)
    documents.post(DOCUMENT)
    answers, winners = race(app, store, resource, If_Match=tag(documents))
    assert answers == {204: 1, 412: WRITERS - 1}
    assert documents.get().json == {"writer": winners[0]}


def test_of_fifty_writers_of_what_is_new_one_wins(app: Flask, store: Store) -> None:
    answers, winners = race(app, store, STATE, If_None_Match="*")
    assert answers == {204: 1, 412: WRITERS - 1}
    assert Documents(store, STATE).get().json == {"writer": winners[0]}


def test_fifty_who_merge_at_once_lose_nothing(app: Flask, store: Store) -> None:
    states, barrier = Documents(store, STATE), Barrier(WRITERS)

    def merge(number: int) -> None:
        mine = Store(app.test_client())
        barrier.wait()
        assert Documents(mine, STATE).post(json.dumps({f"k{number}": number})).status_code == 204

    threads = [Thread(target=merge, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert states.get().json == {f"k{number}": number for number in range(WRITERS)}
