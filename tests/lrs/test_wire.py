"""The record store as it is met over a line: connections that are kept, bodies in chunks, early refusals, writers in several processes."""

from __future__ import annotations

import json
import runpy
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from socket import socketpair
from threading import Barrier, Thread
from types import SimpleNamespace
from typing import Any
from urllib.parse import quote, urlencode

import pytest

from bench.processes import ROOT
from lms.config import Settings
from lms.kit.db import Database
from lms.lrs.guard import MAX_BODY
from lms.lrs.rules.attachments import MAX_REQUEST
from lms.lrs.rules.documents import MAX_DOCUMENT
from tests.lrs.attaching import BOUNDARY, attachment, first_part, part
from tests.lrs.attaching import END as LAST
from tests.lrs.making import AN, make_credential, new_id, statement
from tests.lrs.served import Connection, Served

ONE = "statements?limit=1"
AGENT = f"agents?agent={quote(json.dumps(AN))}"
MIXED = f"multipart/mixed; boundary={BOUNDARY}"
WRITERS = 50
KEPT = 32 * 1024  # octets of an unread body behind which a connection still goes on


@pytest.fixture(scope="module")
def served(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    place = tmp_path_factory.mktemp("served")
    path = place / "lms.db"
    path.write_bytes(sqlite_template.read_bytes())
    database = Database(f"sqlite:///{path}")
    make_credential(database)
    database.dispose()
    with Served(f"sqlite:///{path}", place / "var") as server:
        yield server


@pytest.fixture
def line(served: Served) -> Iterator[Connection]:
    with served.connection() as connection:
        yield connection


def profile() -> str:
    return f"activities/profile?activityId=urn:a&profileId={new_id()}"


def chunks(body: bytes, size: int) -> bytes:
    pieces = (body[at : at + size] for at in range(0, len(body), size))
    return b"".join(b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces) + b"0\r\n\r\n"


def parted() -> bytes:
    return first_part(statement(attachments=[attachment()])) + part() + LAST


def test_one_connection_serves_what_succeeds_and_what_is_refused(line: Connection) -> None:
    one = new_id()
    place = f"statements?statementId={one}"
    asked: list[tuple[int, tuple[Any, ...], dict[str, Any]]] = [
        (200, ("GET", "about"), {"Authorization": None}),
        (204, ("PUT", place, statement()), {}),
        (200, ("GET", place), {}),
        (200, ("HEAD", place), {}),
        (409, ("PUT", place, statement(verb={"id": "urn:other"})), {}),
        (400, ("POST", "statements", statement(verb={"id": "no IRI"})), {}),
        (400, ("POST", "statements", b"{"), {}),
        (400, ("POST", "statements", statement()), {"Content_Type": "text/plain"}),
        (400, ("POST", "statements?foo=1", statement()), {}),
        (400, ("POST", "statements", statement()), {"X_Experience_API_Version": None}),
        (401, ("POST", "statements", statement()), {"Authorization": "Basic:dGh1OnRodQ=="}),
        (401, ("POST", "statements", statement()), {"Authorization": None}),
        (404, ("POST", "nothing/here", statement()), {}),
        (405, ("POST", "agents", statement()), {}),
        (405, ("DELETE", place), {"Authorization": None}),
        (401, ("POST", "statements", b" " * KEPT), {"Authorization": None}),
        (200, ("GET", ONE), {}),
    ]
    for status, request, headers in asked:
        answer = line.ask(*request, **headers)
        assert answer.status == status, request[:2]
        assert answer.headers["x-experience-api-version"] == "1.0.3"
        assert status < 400 or request[0] == "HEAD" or answer.json["error"]["message"]


def test_requests_sent_at_once_are_answered_in_turn(line: Connection) -> None:
    for path in (ONE, "about", "statements?foo=1", ONE):
        line.begin("GET", path)
    assert [line.answer().status for _each in range(4)] == [200, 200, 400, 200]


@pytest.mark.parametrize(
    "path", ["about", ONE, "statements?statementId=x", "activities?activityId=urn:a", AGENT, "activities/profile?activityId=urn:a", "no"]
)
def test_head_is_get_without_the_body_to_the_length(line: Connection, path: str) -> None:
    line.ask("POST", body=statement())
    got, head = line.ask("GET", path), line.ask("HEAD", path)
    varying = {"date", "x-request-id", "x-experience-api-consistent-through"}
    assert {key: value for key, value in head.headers.items() if key not in varying} == {
        key: value for key, value in got.headers.items() if key not in varying
    }
    assert int(head.headers["content-length"]) == len(got.body)
    assert line.ask("GET", ONE).status == 200


@pytest.mark.parametrize("size", [1, 7, 100_000])
def test_a_body_may_come_in_chunks(line: Connection, size: int) -> None:
    for path, kind, body, status in (
        ("statements", "application/json", json.dumps(statement()).encode(), 200),
        ("statements", MIXED, parted(), 200),
        (profile(), "text/plain", b"abc" * 5, 204),
    ):
        line.begin("POST", path, Transfer_Encoding="chunked", Content_Type=kind)
        line.send(chunks(body, size))
        assert line.answer().status == status
    assert line.ask("GET", ONE).status == 200


def test_a_form_of_the_alternate_syntax_may_come_in_chunks(line: Connection) -> None:
    one = new_id()
    line.begin("POST", "statements?method=PUT", Transfer_Encoding="chunked", Content_Type="application/x-www-form-urlencoded")
    line.send(chunks(urlencode({"statementId": one, "content": json.dumps(statement())}).encode(), 50))
    assert line.answer().status == 204
    line.begin("POST", "statements?method=GET", Transfer_Encoding="chunked", Content_Type="application/x-www-form-urlencoded")
    line.send(chunks(urlencode({"statementId": one}).encode(), 50))
    assert line.answer().json["id"] == one


@pytest.mark.parametrize(
    ("path", "kind", "most"),
    [("statements", "application/json", MAX_BODY), ("profile", "text/plain", MAX_DOCUMENT), ("statements", MIXED, MAX_REQUEST)],
)
def test_more_than_is_taken_is_refused_in_chunks_too_and_never_cut_short(served: Served, path: str, kind: str, most: int) -> None:
    place = profile() if path == "profile" else path
    with served.connection() as line:
        line.begin("POST", place, Transfer_Encoding="chunked", Content_Type=kind)
        with suppress(OSError):  # the server may close before all is sent
            line.send(chunks(b" " * (most + 1), 1024 * 1024))
        assert line.answer().status == 413
    with served.connection() as line:
        assert place == path or line.ask("GET", place).status == 404


@pytest.mark.parametrize("kind", ["application/json", MIXED])
@pytest.mark.parametrize("method", ["POST", "PUT"])
def test_a_hundred_megabytes_are_refused_before_one_of_them_is_sent(line: Connection, kind: str, method: str) -> None:
    path = "statements" if method == "POST" else f"statements?statementId={new_id()}"
    line.begin(method, path, Content_Length=100 * 1024 * 1024, Content_Type=kind)
    assert line.answer().status == 413


def test_who_sends_them_all_the_same_is_cut_off(line: Connection) -> None:
    line.begin("POST", "statements", Content_Length=100 * 1024 * 1024, Content_Type="application/json")
    sent = 0
    with suppress(OSError):
        while sent < 100 * 1024 * 1024:
            line.send(b" " * 65536)
            sent += 65536
    assert sent < 50 * 1024 * 1024


@pytest.mark.parametrize(("changes", "status"), [({}, 200), ({"Authorization": None}, 401), ({"Content_Type": "text/plain"}, 400)])
def test_a_client_that_waits_for_leave_to_send_is_answered(line: Connection, changes: dict[str, Any], status: int) -> None:
    body = json.dumps(statement()).encode()
    line.begin(
        "POST", "statements", **{"Expect": "100-continue", "Content_Type": "application/json", "Content_Length": len(body), **changes}
    )
    first = line.answer()
    if first.status == 100:
        line.send(body)
        first = line.answer()
    assert first.status == status
    assert line.ask("GET", ONE).status == 200


def test_a_body_that_comes_slowly_is_waited_for_while_others_are_served(served: Served, line: Connection) -> None:
    body = json.dumps(statement()).encode()
    line.begin("POST", "statements", Content_Length=len(body), Content_Type="application/json")
    for at in range(0, len(body), 40):
        line.send(body[at : at + 40])
        with served.connection() as other:
            assert other.ask("GET", ONE).status == 200
    assert line.answer().status == 200


@pytest.mark.parametrize("kind", ["application/json", MIXED])
def test_a_body_cut_off_stores_nothing(served: Served, line: Connection, kind: str) -> None:
    one = new_id()
    whole = statement(id=one) if kind != MIXED else statement(id=one, attachments=[attachment()])
    body = json.dumps(whole).encode() if kind != MIXED else first_part(whole) + part() + LAST
    line.begin("POST", "statements", Content_Length=len(body), Content_Type=kind)
    line.send(body[:-12])
    line.end()
    assert line.answer().status == 400
    with served.connection() as other:
        assert other.ask("GET", f"statements?statementId={one}").status == 404


def test_a_document_cut_off_is_not_taken_for_the_whole(served: Served, line: Connection) -> None:
    place = profile()
    line.begin("POST", place, Content_Length=500, Content_Type="text/plain")
    line.send(b"half of")
    line.end()
    assert line.answer().status == 400
    with served.connection() as other:
        assert other.ask("GET", place).status == 404


def test_who_stops_sending_is_given_up() -> None:
    """Waited for by a thread of few: `gunicorn.conf.py`."""
    config = runpy.run_path(str(ROOT / "gunicorn.conf.py"))
    here, there = socketpair()
    with here, there:
        config["pre_request"](None, SimpleNamespace(unreader=SimpleNamespace(sock=here)))
        assert here.gettimeout() == config["stalled"]


def test_more_is_followed_from_the_host(line: Connection) -> None:
    ids = [line.ask("POST", body=statement(verb={"id": "urn:paged"})).json[0] for _each in range(3)]
    found, path = [], "statements?verb=urn:paged&limit=2&ascending=true"
    while path:
        page = line.ask("GET", path).json
        found += [one["id"] for one in page["statements"]]
        assert not page["more"] or page["more"].startswith("/xapi/statements?")
        path = page["more"].removeprefix("/xapi/")
    assert found == ids


def test_an_address_may_be_long_but_not_endless(line: Connection) -> None:
    assert line.ask("GET", f"statements?verb=urn:{'x' * 7000}").status == 200
    with suppress(OSError):
        assert line.ask("GET", f"statements?verb=urn:{'x' * 20000}").status in (400, 414)


def test_what_is_current_is_never_later_than_the_answers_own_clock(line: Connection) -> None:
    """Clients wait by these headers until they may read what they wrote."""
    before = time.time()
    stored = line.ask("POST", body=statement())
    for answer in (stored, line.ask("GET", ONE), line.ask("GET", "statements?LIMIT=1")):
        assert answer.headers["date"].endswith(" GMT")
        assert answer.headers["x-experience-api-consistent-through"] >= time.strftime("%Y-%m-%dT%H:%M", time.gmtime(before - 60))


@pytest.fixture
def in_two_processes(settings: Settings, database: Database) -> Iterator[Served]:
    make_credential(database)
    with Served(settings.database_url, settings.data_dir, processes=2) as server:
        yield server


def race(served: Served, path: str, round_: int, **headers: str) -> tuple[Counter[int], list[int]]:
    """Fifty PUTs at once, each of something new: how many answered what, and which writers were told that they won."""
    barrier, answers = Barrier(WRITERS), dict[int, int]()

    def write(number: int) -> None:
        with served.connection("2.0.0") as line:
            barrier.wait()
            answers[number] = line.ask("PUT", path, {"writer": number, "round": round_}, **headers).status

    threads = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return Counter(answers.values()), [number for number, status in answers.items() if status == 204]


def test_of_fifty_writers_at_several_processes_one_wins(in_two_processes: Served) -> None:
    for path in (profile(), f"activities/state?activityId=urn:a&stateId=s&agent={quote(json.dumps(AN))}"):
        answers, winners = race(in_two_processes, path, 1, If_None_Match="*")
        assert answers == {204: 1, 412: WRITERS - 1}
        with in_two_processes.connection("2.0.0") as line:
            kept = line.ask("GET", path)
        assert kept.json == {"writer": winners[0], "round": 1}
        answers, winners = race(in_two_processes, path, 2, If_Match=kept.headers["etag"])
        assert answers == {204: 1, 412: WRITERS - 1}
        with in_two_processes.connection("2.0.0") as line:
            assert line.ask("GET", path).json == {"writer": winners[0], "round": 2}


def test_of_fifty_writers_of_one_statement_all_are_told_the_same(in_two_processes: Served) -> None:
    one = new_id()
    barrier, statuses = Barrier(WRITERS), list[int]()

    def write(number: int) -> None:
        with in_two_processes.connection() as line:
            barrier.wait()
            body = statement(verb={"id": f"urn:v{number % 2}"})
            statuses.append(line.ask("PUT", f"statements?statementId={one}", body).status)

    threads = [Thread(target=write, args=(number,)) for number in range(WRITERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Counter(statuses) == {204: WRITERS // 2, 409: WRITERS // 2}
