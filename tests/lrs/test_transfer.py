"""A store's statements go to a file, one a line, and come from one."""

from __future__ import annotations

import json
from datetime import timedelta
from hashlib import sha256
from pathlib import Path
from typing import Any

import pytest
import time_machine
from click.testing import CliRunner, Result
from flask import Flask
from sqlalchemy import delete

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.cli import xapi
from lms.lrs.models import Content, ContentPiece, Document, Statement, StatementContent, StatementId, StatementTerm
from tests.lrs.attaching import TEXT, attachment, part, parts_of, post, signature
from tests.lrs.making import Store, new_id, statement, voiding
from tests.lrs.signing import sign


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "statements.ndjson"


def run(app: Flask, *arguments: str) -> Result:
    with app.app_context(), time_machine.travel(now() + timedelta(seconds=5), tick=False):
        return CliRunner().invoke(xapi, list(arguments))


def counts(result: Result) -> dict[str, object]:
    assert result.exit_code in (0, 1), result.output
    return dict(json.loads(result.stdout.splitlines()[-1]))


def lines(file: Path) -> list[str]:
    return [json.loads(line)["id"] for line in file.read_text().splitlines()]


def test_everything_goes_out_in_order_as_it_is_kept(app: Flask, store: Store, file: Path) -> None:
    ids = store.post([statement(id=new_id()) for _ in range(7)]).json
    void = store.post(voiding(ids[2], id=new_id())).json
    broken = json.dumps(statement(id=new_id()), indent=1)
    store.post(broken)
    assert counts(run(app, "export", str(file))) == {"statements": 9, "contents": 0, "documents": 0, "resumed": False}
    assert lines(file) == [*ids, *void, json.loads(broken)["id"]]
    assert file.read_bytes().splitlines()[0] == store.get(statementId=ids[0]).data


def test_an_export_that_was_broken_off_is_gone_on_with(app: Flask, store: Store, file: Path) -> None:
    ids = store.post([statement(id=new_id()) for _ in range(6)]).json
    run(app, "export", str(file))
    whole = file.read_bytes()
    file.write_bytes(whole[: len(whole) // 2])
    assert counts(run(app, "export", str(file)))["resumed"] is True
    assert file.read_bytes() == whole
    file.write_bytes(whole[:40])  # not even one line
    run(app, "export", str(file))
    assert file.read_bytes() == whole
    more = store.stored()
    assert counts(run(app, "export", str(file)))["statements"] == 1
    assert lines(file) == [*ids, more]


def test_a_file_of_something_else_is_left_alone(app: Flask, store: Store, file: Path) -> None:
    file.write_text('{"id": "khác"}\n')
    assert run(app, "export", str(file)).exit_code != 0
    assert file.read_text() == '{"id": "khác"}\n'


def test_an_export_is_taken_in_by_another_store_and_again_without_effect(app: Flask, store: Store, file: Path) -> None:
    said = [statement(id=new_id(), authority={"mbox": "mailto:kho@khac.vn"}) for _ in range(4)]
    file.write_text("".join(json.dumps(one) + "\n" for one in said))
    for _ in range(2):
        assert counts(run(app, "import", str(file))) == {"read": 4, "refused": 0, "without_content": 0, "documents": 0}
        assert store.ids(ascending="true") == [one["id"] for one in said]
    assert store.get(statementId=said[0]["id"]).json["authority"]["mbox"] == "mailto:kho@khac.vn"


def test_a_source_may_answer_for_all_of_it(app: Flask, store: Store, file: Path) -> None:
    one = statement(id=new_id())
    file.write_text(json.dumps(one) + "\n")
    assert run(app, "import", str(file)).exit_code == 1
    assert store.ids() == []
    assert run(app, "import", str(file), "--source", "Kho cũ").exit_code == 0
    assert store.get(statementId=one["id"]).json["authority"]["name"] == "Kho cũ"


def test_lines_that_are_refused_are_named_and_the_others_stored(app: Flask, store: Store, file: Path) -> None:
    taken = new_id()
    store.post(statement(id=taken))
    good = [statement(id=new_id(), version="1.0.0"), statement(id=new_id(), version="2.0.0")]
    bad = ["{", "[]", '"x"', json.dumps(statement()), json.dumps({**statement(id=new_id()), "actor": 3})]
    other = json.dumps(statement(id=taken, verb={"id": "http://example.vn/other"}))
    text = [json.dumps(good[0]), *bad, "", other, json.dumps(good[1])]
    file.write_bytes("\n".join(text).encode() + b"\n\xff\n")
    assert counts(run(app, "import", str(file), "--source", "x", "--dry-run"))["refused"] == 6
    assert store.ids() == [taken]
    result = run(app, "import", str(file), "--source", "x")
    assert result.exit_code == 1
    assert counts(result) == {"read": 10, "refused": 7, "without_content": 0, "documents": 0}
    assert {line.split(":")[0] for line in result.stderr.splitlines() if line.startswith("Dòng")} == {
        f"Dòng {number}" for number in (2, 3, 4, 5, 6, 8, 10)
    }
    assert set(store.ids()) == {taken, *(one["id"] for one in good)}


def signed_statement() -> tuple[dict[str, Any], bytes]:
    bare = statement(id=new_id(), authority=SOURCE)
    jws = sign(bare)
    return {**bare, "attachments": [signature(jws)]}, jws


SOURCE = {"objectType": "Agent", "mbox": "mailto:kho@khac.vn"}
OCTETS = {"Content_Type": "application/octet-stream"}


def begin_anew(app: Flask, database: Database) -> None:
    """As a store that never saw any of it."""
    with database.transaction() as session:
        for model in (Statement, StatementId, StatementTerm, StatementContent, ContentPiece, Content, Document):
            session.execute(delete(model))


def test_what_was_attached_goes_out_beside_and_comes_in_again(app: Flask, database: Database, store: Store, file: Path) -> None:
    large = b"x" * (600 * 1024)
    both = statement(id=new_id(), attachments=[attachment(TEXT), attachment(large)])
    other = statement(id=new_id(), attachments=[attachment(TEXT)])
    signed, jws = signed_statement()
    assert post(store, both, part(TEXT), part(large)).status_code == 200
    assert post(store, other, part(TEXT)).status_code == 200
    assert post(store, signed, part(jws, **OCTETS)).status_code == 200
    before = [store.get(statementId=one["id"]).data for one in (both, other, signed)]
    assert counts(run(app, "export", str(file)))["contents"] == 3  # what came twice lies there once
    folder = file.with_name(f"{file.name}.attachments")
    assert {path.name for path in folder.iterdir()} == {sha256(content).hexdigest() for content in (TEXT, large, jws)}
    begin_anew(app, database)
    assert counts(run(app, "import", str(file)))["refused"] == 0
    assert store.ids(ascending="true") == [both["id"], other["id"], signed["id"]]
    assert {content for _headers, content in parts_of(store.get(statementId=both["id"], attachments="true"))[1:]} == {TEXT, large}
    assert [content for _headers, content in parts_of(store.get(statementId=signed["id"], attachments="true"))[1:]] == [jws]
    assert [without_stored(store.get(statementId=one["id"]).data) for one in (both, other, signed)] == [
        without_stored(one) for one in before
    ]


def without_stored(statement: bytes) -> dict[str, Any]:
    return {key: value for key, value in json.loads(statement).items() if key != "stored"}


def test_a_signature_that_does_not_hold_is_refused_and_one_that_did_not_come_is_told(app: Flask, store: Store, file: Path) -> None:
    (good, jws), (_other, wrong) = signed_statement(), signed_statement()
    bad = {**good, "id": new_id(), "attachments": [signature(wrong)]}
    lost = {**statement(id=new_id(), authority=SOURCE), "attachments": [signature(b"a.b.c"), attachment(TEXT)]}
    file.write_text("".join(json.dumps(one) + "\n" for one in (good, bad, lost)))
    folder = file.with_name(f"{file.name}.attachments")
    folder.mkdir()
    for content in (jws, wrong):
        (folder / sha256(content).hexdigest()).write_bytes(content)
    result = run(app, "import", str(file))
    assert counts(result) == {"read": 3, "refused": 1, "without_content": 1, "documents": 0}
    assert [line.split(":")[0] for line in result.stderr.splitlines() if line.startswith("Dòng")] == ["Dòng 2"]
    assert store.ids(ascending="true") == [good["id"], lost["id"]]


def test_a_file_in_the_folder_that_is_not_what_its_name_says_is_not_taken(app: Flask, store: Store, file: Path) -> None:
    one = statement(id=new_id(), authority=SOURCE, attachments=[attachment(TEXT)])
    file.write_text(json.dumps(one) + "\n")
    folder = file.with_name(f"{file.name}.attachments")
    folder.mkdir()
    (folder / sha256(TEXT).hexdigest()).write_bytes(b"something else")
    assert counts(run(app, "import", str(file)))["without_content"] == 1
    assert len(parts_of(store.get(statementId=one["id"], attachments="true"))) == 1


def of_learning_locker(one: dict[str, Any]) -> str:
    """A record as its database exports it: names of properties have no points."""
    return json.dumps({"_id": "5f2", "active": True, "voided": False, "statement": one}).replace("http://e.vn/x", "http://e&46;vn/x")


def of_a_list(*statements: dict[str, Any]) -> str:
    return json.dumps({"statements": list(statements), "more": "/xapi/statements?more=1"})


def test_lines_of_other_stores_are_taken_as_they_are(app: Flask, store: Store, file: Path) -> None:
    plain, learning_locker, *listed = (
        statement(id=new_id(), authority=SOURCE, stored="2020-01-01T00:00:00.000Z", context={"extensions": {"http://e.vn/x": 0.10}})
        for _ in range(6)
    )
    refers = statement(id=new_id(), authority=SOURCE, context={"statement": {"objectType": "StatementRef", "id": plain["id"]}})
    of_an_array = json.dumps(listed[2:])
    lines_ = [json.dumps(plain), of_learning_locker(learning_locker), of_a_list(*listed[:2]), of_an_array, json.dumps(refers)]
    file.write_text("\n".join(lines_) + "\n")
    assert counts(run(app, "import", str(file))) == {"read": 5, "refused": 0, "without_content": 0, "documents": 0}
    assert store.ids(ascending="true") == [one["id"] for one in (plain, learning_locker, *listed, refers)]
    for one in (plain, learning_locker, *listed):
        kept = store.get(statementId=one["id"])
        assert kept.json["context"]["extensions"] == {"http://e.vn/x": 0.10}
        assert not kept.json["stored"].startswith("2020")


def keep(store: Store, kind: str, content: bytes, content_type: str, **place: Any) -> dict[str, str]:
    query = {key: json.dumps(value) if isinstance(value, dict) else value for key, value in place.items()}
    headers = {"Content-Type": content_type, "If-None-Match": "*"}
    answer = store.open("PUT", kind, content, query_string=query, headers=headers)
    assert answer.status_code == 204, answer.text
    return query


STATE_OF_AN = {"activityId": "http://e.vn/a", "agent": {"mbox": "mailto:an@e.vn"}}


def test_documents_go_out_beside_and_come_in_where_nothing_is_in_their_place(
    app: Flask, database: Database, store: Store, file: Path
) -> None:
    registration = new_id()
    places: list[tuple[str, bytes, str, dict[str, Any]]] = [
        ("activities/state", b'{"x": 1.0}', "application/json", {**STATE_OF_AN, "stateId": "s"}),
        ("activities/state", b"\x00\xff", "application/octet-stream", {**STATE_OF_AN, "stateId": "s", "registration": registration}),
        ("activities/profile", "phần".encode(), "text/plain; charset=utf-8", {"activityId": "http://e.vn/a", "profileId": "p"}),
        ("agents/profile", b"[1]", "application/json", {"agent": {"mbox": "mailto:an@e.vn"}, "profileId": "p"}),
    ]
    kept = [(kind, content, keep(store, kind, content, type_, **place)) for kind, content, type_, place in places]
    before = [store.open("GET", kind, query_string=query) for kind, _content, query in kept]
    assert counts(run(app, "export", str(file)))["documents"] == 4
    begin_anew(app, database)
    kind, _content, query = kept[0]
    store.open("PUT", kind, b'{"newer": true}', query_string=query)
    assert counts(run(app, "import", str(file), "--dry-run"))["documents"] == 0
    done = run(app, "import", str(file))
    assert counts(done)["documents"] == 3, done.output
    assert counts(run(app, "import", str(file)))["documents"] == 0
    after = [store.open("GET", kind, query_string=query) for kind, _content, query in kept]
    assert after[0].json == {"newer": True}
    for then, again in zip(before[1:], after[1:], strict=True):
        assert (again.data, again.content_type) == (then.data, then.content_type)
        assert (again.headers["ETag"], again.headers["Last-Modified"]) == (then.headers["ETag"], then.headers["Last-Modified"])


GOOD_DOCUMENT = {
    "kind": "activity-profile",
    "activity": "http://e.vn/a",
    "id": "p",
    "contentType": "text/plain",
    "updated": "2026-11-22T00:00:00Z",
    "content": "eA==",
}


@pytest.mark.parametrize(
    "line",
    [
        "{",
        "[]",
        json.dumps({**GOOD_DOCUMENT, "kind": "state"}),  # without an agent
        json.dumps({**GOOD_DOCUMENT, "kind": "other"}),
        json.dumps({**GOOD_DOCUMENT, "updated": "2026-11-22T00:00:00"}),
        json.dumps({**GOOD_DOCUMENT, "kind": "agent-profile", "activity": None, "agent": {"x": 1}}),
        json.dumps({**GOOD_DOCUMENT, "contentType": "application/json", "content": "ew=="}),
        json.dumps({**GOOD_DOCUMENT, "more": 1}),
    ],
)
def test_a_line_that_is_no_document_is_told_and_the_others_are_taken(app: Flask, store: Store, file: Path, line: str) -> None:
    file.write_text("")
    file.with_name(f"{file.name}.documents").write_text(f"{line}\n{json.dumps(GOOD_DOCUMENT)}\n")
    result = run(app, "import", str(file))
    assert result.exit_code == 1
    assert counts(result) == {"read": 0, "refused": 0, "without_content": 0, "documents": 1, "documents_refused": 1}
    assert "dòng 1" in result.stderr
