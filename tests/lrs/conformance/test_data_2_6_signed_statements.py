"""Data 2.6: signed statements, as they are sent. What makes a signature acceptable in each detail: tests/lrs/test_signatures.py."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from lms.kit.clock import now
from lms.kit.db import Database
from lms.lrs.models import Content, Statement
from tests.lrs.attaching import OTHER, attachment, body, mixed, part, parts_of, post, signature
from tests.lrs.making import BINH, Store, new_id, statement
from tests.lrs.signing import EXAMPLE, EXAMPLE_SHA2, example_jws, holder, rsa_key, sign


@pytest.fixture(params=["1.0.3", "2.0.0"])
def store(store: Store, request: pytest.FixtureRequest) -> Store:
    store.headers["X-Experience-API-Version"] = request.param
    return store


def signature_part(jws: bytes) -> bytes:
    return part(jws, Content_Type="application/octet-stream")


def send(store: Store, jws: bytes, values: dict[str, Any], **changes: Any) -> Any:
    return post(store, {**values, "attachments": [signature(jws, **changes)]}, signature_part(jws))


def stored(database: Database) -> tuple[int, int]:
    with database.reading() as session:
        statements, contents = (session.execute(select(func.count()).select_from(model)).scalar_one() for model in (Statement, Content))
    return statements, contents


@pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
def test_a_signed_statement_is_stored_and_its_signature_given_back_to_the_octet(store: Store, algorithm: str) -> None:
    values = statement(id=new_id())
    jws = sign(values, algorithm=algorithm)
    response = send(store, jws, values)
    assert response.status_code == 200
    assert parts_of(store.get(statementId=response.json[0], attachments="true"))[1][1] == jws


def test_put_is_checked_alike(store: Store) -> None:
    one = new_id()
    jws = sign(statement(id=one))

    def put(statement_id: str, values: dict[str, Any]) -> int:
        sent = body({**values, "attachments": [signature(jws)]}, signature_part(jws))
        return store.put(statement_id, sent, headers=mixed()).status_code

    assert put(one, statement(actor=BINH)) == 400
    assert put(new_id(), statement()) == 400  # what was signed has another id
    assert put(one, statement()) == 204


@pytest.mark.parametrize("algorithm", ["HS256", "none", "PS256"])
def test_another_algorithm_is_refused(store: Store, database: Database, algorithm: str) -> None:
    assert send(store, sign(statement(), algorithm=algorithm), statement()).status_code == 400
    assert stored(database) == (0, 0)


def test_a_payload_that_is_no_json_is_refused(store: Store, database: Database) -> None:
    response = send(store, sign(json.dumps(statement()).replace('"', "'", 1).encode()), statement())
    assert (response.status_code, response.json["error"]["field"]) == (400, "statement.attachments[0]")
    assert response.json["error"]["message"]
    assert stored(database) == (0, 0)


def test_a_payload_of_another_statement_is_refused(store: Store, database: Database) -> None:
    assert send(store, sign(statement(actor=BINH)), statement()).status_code == 400
    assert stored(database) == (0, 0)


@pytest.mark.parametrize("jws", [b"", b"no signature", b"a.b.c", b"{}"])
def test_what_is_no_signature_is_refused(store: Store, database: Database, jws: bytes) -> None:
    assert send(store, jws, statement()).status_code == 400
    assert stored(database) == (0, 0)


def test_a_signature_is_an_octet_stream(store: Store, database: Database) -> None:
    jws = sign(statement())
    values = {**statement(), "attachments": [signature(jws, contentType="text/plain; charset=ascii")]}
    assert post(store, values, part(jws, Content_Type="text/plain; charset=ascii")).status_code == 400
    assert stored(database) == (0, 0)


def test_a_signature_must_come_with_the_statement(store: Store, database: Database) -> None:
    values = statement(attachments=[signature(sign(statement()), fileUrl="https://e.vn/chu-ky")])
    assert store.post(values).status_code == 400
    assert post(store, values).status_code == 400
    assert stored(database) == (0, 0)


def test_certificates_are_checked(store: Store, database: Database) -> None:
    root = holder("root")
    one = holder("signer", root)
    chain = [one.certificate, root.certificate]
    expired = holder("signer", start=now() - timedelta(days=9), end=now() - timedelta(days=8)).certificate
    assert send(store, sign(statement(), key=rsa_key("thief"), chain=chain), statement()).status_code == 400
    assert send(store, sign(statement(), chain=chain[::-1]), statement()).status_code == 400
    assert send(store, sign(statement(), chain=[expired]), statement()).status_code == 400
    assert send(store, sign(statement(), x5c=["AAAA"]), statement()).status_code == 400
    assert stored(database) == (0, 0)
    assert send(store, sign(statement(), chain=chain), statement()).status_code == 200


def test_the_example_of_the_standard(store: Store) -> None:
    values = json.loads(EXAMPLE)
    assert send(store, example_jws(), values, length=4235, sha2=EXAMPLE_SHA2).json == [values["id"]]


def test_a_signed_statement_may_have_other_attachments_and_more_than_one_signature(store: Store) -> None:
    first, second = sign(statement()), sign(statement(), algorithm="RS512", key=rsa_key("second"))
    values = statement(attachments=[signature(first), attachment(OTHER), signature(second)])
    assert post(store, values, part(OTHER), signature_part(second), signature_part(first)).status_code == 200
    bad = sign(statement(actor=BINH))
    values = statement(attachments=[signature(first), signature(bad)])
    response = post(store, values, signature_part(first), signature_part(bad))
    assert (response.status_code, response.json["error"]["field"]) == (400, "statement.attachments[1]")


def test_one_bad_signature_refuses_the_batch(store: Store, database: Database) -> None:
    good, bad = sign(statement()), sign(statement(actor=BINH))
    batch = [statement(attachments=[signature(good)]), statement(attachments=[signature(bad)])]
    response = post(store, batch, signature_part(good), signature_part(bad))
    assert (response.status_code, response.json["error"]["field"]) == (400, "statements[1].attachments[0]")
    assert stored(database) == (0, 0)


def test_as_other_programs_write_it(store: Store) -> None:
    """Nothing after the colon of a header, an empty line before the first boundary, none after the last, a boundary of hyphens and
    underscores, a JWS header that names the algorithm alone."""
    boundary = "-------------__3f1c__123__456"
    values = statement(id=new_id(), result={"duration": "P1DT12H36M0.12S"})
    jws = sign(values)
    one = signature(jws)
    whole = json.dumps({**values, "attachments": [one]}).encode()
    sent = f"\r\n--{boundary}\r\nContent-Type:application/json\r\n\r\n".encode() + whole
    sent += f"\r\n--{boundary}\r\nContent-Type:application/octet-stream\r\nContent-Transfer-Encoding:binary\r\n".encode()
    sent += f"X-Experience-API-Hash:{one['sha2']}\r\n\r\n".encode() + jws + f"\r\n--{boundary}--".encode()
    assert store.post(sent, headers=mixed(boundary)).json == [values["id"]]


@pytest.mark.parametrize(("sent", "status"), [("P1DT12H36M0.1237S", 200), ("P1DT12H36M0.12S", 200), ("P1DT12H36M0.13S", 400)])
def test_what_a_duration_says_beyond_hundredths_is_not_held_against_its_signature(store: Store, sent: str, status: int) -> None:
    """4.6.s1.b5, IEEE 9274.1.1 4.2.7"""
    signed = statement(result={"duration": "P1DT12H36M0.12S"})
    response = send(store, sign(signed), statement(result={"duration": sent}))
    assert response.status_code == status
    if status == 200:
        assert store.get(statementId=response.json[0]).json["result"]["duration"] == sent


def test_a_signature_over_a_statement_whose_timestamp_the_store_set(store: Store) -> None:
    """2.3.1: what the store sets does not count, in either direction."""
    assert send(store, sign(statement()), statement(stored="2020-01-01T00:00:00Z", authority=BINH, version="1.0.0")).status_code == 200
    assert send(store, sign(statement(version="1.0.3", authority=BINH)), statement()).status_code == 200
