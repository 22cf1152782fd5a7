"""Communication 3.2, Data 2.3, IEEE 9274.1.1 4.1.5: a request that is refused has changed nothing, for whatever reason it is refused."""

from __future__ import annotations

import json

from flask import Flask
from sqlalchemy import func, select

from lms.kit.db import Database
from lms.lrs.guard import MAX_BODY
from lms.lrs.models import (
    ActivityDefinition,
    Content,
    ContentPiece,
    Document,
    Statement,
    StatementContent,
    StatementId,
    StatementTerm,
)
from tests.lrs.attaching import OTHER, TEXT, attachment, body, mixed, part, post, signature
from tests.lrs.conformance.parts import UUID_TEXT
from tests.lrs.making import BINH, Store, make_credential, new_id, statement, voiding
from tests.lrs.signing import sign

EVERYTHING = (Statement, StatementId, StatementTerm, ActivityDefinition, Content, ContentPiece, StatementContent, Document)


def kept(database: Database) -> dict[str, int]:
    """How many rows of each kind there are, where there are any."""
    with database.reading() as session:
        counts = {model.__name__: session.execute(select(func.count()).select_from(model)).scalar_one() for model in EVERYTHING}
    return {name: count for name, count in counts.items() if count}


def test_nothing_is_kept_of_bodies_that_are_no_statements(lrs: Store, database: Database) -> None:
    text = json.dumps(statement(), ensure_ascii=False)
    for body_ in (
        b"",
        b"{",
        text.encode()[:-1],
        text.replace("Nền", '"').encode(),
        text.replace("Nền", "\ud800").encode("utf-8", "surrogatepass"),
        text.replace("Nền", "\\ud800").encode(),
        text.encode().replace("ề".encode(), b"\xff"),
        text.encode("utf-16"),
        text.replace('"Nền tảng"', "NaN").encode(),
        text.replace('"vi"', '"vi": "x", "vi"', 1).encode(),
        f"[{text},{text}".encode(),
        f"[{text},]".encode(),
        f"[{text},null]".encode(),
        f"[[{text}]]".encode(),
        text.replace('"Nền tảng"', "[" * 100_000).encode(),
    ):
        for response in (lrs.post(body_), lrs.put(new_id(), body_)):
            assert response.status_code == 400, body_[:60]
            assert response.json["error"]["message"]
    assert kept(database) == {}


def test_nothing_is_kept_of_requests_that_are_wrong_beside_the_statement(lrs: Store, app: Flask, database: Database) -> None:
    make_credential(database, "statements/read", key="doc")
    reader, stranger = Store(app.test_client(), key="doc"), Store(app.test_client(), key="khong-co")
    bare = Store(app.test_client())
    bare.headers.pop("X-Experience-API-Version")
    for response, status in (
        (lrs.post(statement(), query_string={"statementId": UUID_TEXT}), 400),
        (lrs.open("PUT", body=statement()), 400),
        (lrs.put(UUID_TEXT, statement(id=new_id())), 400),
        (lrs.put("x", statement()), 400),
        (lrs.post(statement(), headers={"Content-Type": "text/plain"}), 400),
        (lrs.post(statement(), headers={"X-Experience-API-Version": "0.95"}), 400),
        (bare.post(statement()), 400),
        (stranger.post(statement()), 401),
        (reader.post(statement()), 403),
        (lrs.open("DELETE", body=statement()), 405),
        (lrs.post(b"[" + b" " * MAX_BODY + b"]"), 413),
    ):
        assert response.status_code == status
    assert kept(database) == {}


def test_nothing_is_kept_of_a_batch_with_files_in_which_one_thing_is_wrong(lrs: Store, database: Database) -> None:
    taken = lrs.stored(id=new_id())
    before = kept(database)
    good, files = statement(object={"id": "urn:new", "definition": {"name": {"vi": "x"}}}, attachments=[attachment()]), part()
    signed = statement(id=new_id())
    for last, more, status in (
        (statement(verb={"id": "x"}), (), 400),
        (statement(id=taken, actor=BINH), (), 409),
        (statement(attachments=[attachment(OTHER)]), (), 400),
        (statement(attachments=[attachment(OTHER)]), (part(TEXT, X_Experience_API_Hash=attachment(OTHER)["sha2"]),), 400),
        (statement(attachments=[attachment(OTHER)]), (part(OTHER, Content_Transfer_Encoding=None),), 400),
        (statement(), (part(OTHER),), 400),
        ({**signed, "attachments": [signature(sign(statement(actor=BINH)))]}, (part(sign(statement(actor=BINH))),), 400),
        (statement(id=good.get("id", UUID_TEXT)), (), 400),
    ):
        batch = [{**good, "id": UUID_TEXT}, last]
        response = post(lrs, batch, files, *more)
        assert response.status_code == status, last
    whole = body(good, files)
    assert lrs.post(whole[: len(whole) // 2], headers=mixed()).status_code == 400
    assert kept(database) == before
    assert post(lrs, [{**good, "id": UUID_TEXT}, statement()], files).status_code == 200


def test_nothing_is_kept_of_voiding_what_one_may_not(lrs: Store, app: Flask, database: Database) -> None:
    """2.3.2.s2.b4: a source that may void its own statements alone is refused with 403, whether the target is another's or is not
    there to tell whose it is."""
    make_credential(database, "statements/write", "statements/read/mine", key="hep")
    narrow, theirs = Store(app.test_client(), key="hep"), lrs.stored()
    narrow.headers["X-Experience-API-Version"] = lrs.headers["X-Experience-API-Version"]
    before = kept(database)
    for target in (theirs, new_id()):
        assert narrow.post([statement(id=new_id()), voiding(target)]).status_code == 403
    assert kept(database) == before
    own = new_id()
    assert narrow.post([voiding(own), statement(id=own)]).status_code == 200
    assert narrow.get(voidedStatementId=own).status_code == 200
    assert lrs.get(statementId=theirs).status_code == 200
