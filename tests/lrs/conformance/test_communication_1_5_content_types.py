"""Communication 1.5: JSON alone, or multipart/mixed with the contents of attachments; in both versions of the standard."""

from __future__ import annotations

import json
from hashlib import sha224, sha384, sha512
from io import BytesIO
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import func, select

from lms.kit.db import Database
from lms.lrs.models import Content, ContentPiece, Statement, StatementContent
from lms.lrs.rules import attachments as limits
from tests.lrs.attaching import (
    BOUNDARY,
    END,
    OTHER,
    TEXT,
    attachment,
    body,
    first_part,
    mixed,
    part,
    parts_of,
    post,
    statements_of,
)
from tests.lrs.making import BINH, Store, make_credential, new_id, statement, voiding

URL = "http://over.there.com/file.txt"


@pytest.fixture(params=["1.0.3", "2.0.0"])
def store(store: Store, request: pytest.FixtureRequest) -> Store:
    store.headers["X-Experience-API-Version"] = request.param
    return store


def kept(database: Database) -> tuple[int, int, int, int]:
    """How many statements, contents, pieces, and statements with contents."""
    with database.reading() as session:
        statements, contents, pieces, brought = (
            session.execute(select(func.count()).select_from(model)).scalar_one()
            for model in (Statement, Content, ContentPiece, StatementContent)
        )
    return statements, contents, pieces, brought


NOTHING = (0, 0, 0, 0)


class TestJson:
    """1.5.1"""

    def test_accepts_statements_without_attachments(self, store: Store) -> None:
        assert store.post([statement(), statement(attachments=[])]).status_code == 200

    def test_accepts_attachments_that_all_have_an_address(self, store: Store) -> None:
        assert store.post([statement(attachments=[attachment(fileUrl=URL), attachment(OTHER, fileUrl=URL)])]).status_code == 200
        assert store.put(new_id(), statement(attachments=[attachment(fileUrl=URL)])).status_code == 204

    def test_refuses_attachments_of_which_one_has_none(self, store: Store, database: Database) -> None:
        response = store.post(statement(attachments=[attachment(fileUrl=URL), attachment(OTHER)]))
        assert (response.status_code, response.json["error"]["field"]) == (400, "statement.attachments[1].fileUrl")
        assert kept(database) == NOTHING

    def test_a_hash_alone_brings_no_content_though_the_store_has_it(self, store: Store, database: Database) -> None:
        post(store, statement(attachments=[attachment()]), part())
        assert store.post(statement(attachments=[attachment()])).status_code == 400
        make_credential(database, "statements/write", "statements/read/mine", key="khac")
        other = Store(store.client, key="khac")
        stored = other.post(statement(attachments=[attachment(fileUrl=URL)])).json[0]
        assert len(parts_of(other.get(statementId=stored, attachments="true"))) == 1


class TestTypeOfTheRequest:
    @pytest.mark.parametrize("kind", ["multipart/form-data", "multipart/related", "multipart/mixed2", "multipart", "text/plain"])
    def test_no_other_type_is_accepted(self, store: Store, database: Database, kind: str) -> None:
        sent = body(statement(attachments=[attachment()]), part())
        assert store.post(sent, headers=mixed(kind=kind)).status_code == 400
        assert store.put(new_id(), sent, headers=mixed(kind=kind)).status_code == 400
        assert store.post(json.dumps(statement(attachments=[attachment(fileUrl=URL)])), headers=mixed(kind=kind)).status_code == 400
        assert kept(database) == NOTHING

    @pytest.mark.parametrize(
        "kind", ["multipart/mixed", "multipart/mixed;", "multipart/mixed; boundary=", "multipart/mixed; charset=utf-8"]
    )
    def test_a_boundary_must_be_named(self, store: Store, database: Database, kind: str) -> None:
        sent = body(statement(attachments=[attachment()]), part())
        response = store.post(sent, headers={"Content-Type": kind})
        assert (response.status_code, response.json["error"]["code"]) == (400, "invalid_boundary")
        assert kept(database) == NOTHING

    def test_the_example_of_the_standard_with_its_boundary_of_all_characters(self, store: Store) -> None:
        boundary = "abcABC0123'()+_,-./:=?"
        sent = body(statement(attachments=[attachment(contentType="text/plain; charset=ascii")]), part())
        assert store.post(sent.replace(BOUNDARY.encode(), boundary.encode()), headers=mixed(f'"{boundary}"')).status_code == 200

    def test_type_and_parameter_are_the_same_in_any_case(self, store: Store) -> None:
        sent = body(statement(attachments=[attachment()]), part())
        assert store.post(sent, headers={"Content-Type": f"Multipart/MIXED; BOUNDARY={BOUNDARY}"}).status_code == 200


class TestFirstPart:
    """1.5.2.s2.b2.b1"""

    @pytest.mark.parametrize("kind", [None, "text/plain", "application/jsonp", "multipart/mixed"])
    def test_must_be_json(self, store: Store, database: Database, kind: str | None) -> None:
        sent = first_part(statement(attachments=[attachment()]), kind) + part() + END
        assert store.post(sent, headers=mixed()).status_code == 400
        assert kept(database) == NOTHING

    def test_may_name_a_charset(self, store: Store) -> None:
        assert store.post(first_part(statement(), "Application/JSON; charset=UTF-8") + END, headers=mixed()).status_code == 200

    def test_has_all_statements(self, store: Store, database: Database) -> None:
        one = statement(attachments=[attachment()])
        assert store.post(first_part(one) + first_part(one) + part() + END, headers=mixed()).status_code == 400
        assert kept(database) == NOTHING

    def test_is_refused_for_what_is_wrong_with_a_statement_before_the_rest_is_read(self, store: Store, database: Database) -> None:
        response = post(store, [statement(attachments=[attachment()]), statement(verb={"id": "x"})], part())
        assert response.json["error"]["field"] == "statements[1].verb.id"
        assert kept(database) == NOTHING

    def test_of_another_boundary_is_preamble(self, store: Store, database: Database) -> None:
        sent = body(statement(attachments=[attachment()]), part())
        assert store.post(sent[len(BOUNDARY) + 4 :], headers=mixed()).status_code == 400
        joined = sent.replace(b"\r\n--" + BOUNDARY.encode() + b"\r\nContent-Type: text", b"\r\nContent-Type: text")
        assert store.post(joined, headers=mixed()).status_code == 400
        assert kept(database) == NOTHING


class TestZeroAttachments:
    """1.5.2.s3.b8 and b9: multipart/mixed need not carry any."""

    def test_statements_without_attachments(self, store: Store) -> None:
        assert post(store, [statement(), statement(attachments=[])]).status_code == 200

    def test_attachments_that_have_an_address(self, store: Store, database: Database) -> None:
        assert post(store, statement(attachments=[attachment(fileUrl=URL)])).status_code == 200
        assert kept(database) == (1, 0, 0, 0)

    def test_no_parts_at_all(self, store: Store) -> None:
        assert store.post(END, headers=mixed()).status_code == 400


class TestMatching:
    """1.5.2.s1.b4: by hash, and not any other way."""

    def test_put_keeps_the_octets(self, store: Store) -> None:
        one = new_id()
        octets = bytes(range(256)) * 3 + b"\r\n--" + BOUNDARY[:-1].encode() + b"\r\n"
        sent = body(statement(attachments=[attachment(octets, contentType="image/jpeg")]), part(octets, Content_Type="image/jpeg"))
        assert store.put(one, sent, headers=mixed()).status_code == 204
        first, second = parts_of(store.get(statementId=one, attachments="true"))
        assert json.loads(first[1])["id"] == one
        assert second[1] == octets

    @pytest.mark.parametrize("algorithm", [sha224, sha384, sha512])
    def test_any_hash_of_the_family(self, store: Store, algorithm: Any) -> None:
        sha2 = algorithm(TEXT).hexdigest()
        stored = post(store, statement(attachments=[attachment(sha2=sha2)]), part(X_Experience_API_Hash=sha2)).json[0]
        assert parts_of(store.get(statementId=stored, attachments="true"))[1][1] == TEXT

    def test_parts_may_come_in_any_order(self, store: Store) -> None:
        batch = [statement(attachments=[attachment()]), statement(attachments=[attachment(OTHER)])]
        ids = post(store, batch, part(OTHER), part(TEXT)).json
        assert [parts_of(store.get(statementId=one, attachments="true"))[1][1] for one in ids] == [TEXT, OTHER]

    def test_one_copy_serves_several_attachments_and_statements(self, store: Store, database: Database) -> None:
        batch = [statement(attachments=[attachment(), attachment(contentType="text/html")]), statement(attachments=[attachment()])]
        assert post(store, batch, part()).status_code == 200
        assert kept(database) == (2, 1, 1, 2)

    def test_a_second_copy_does_no_harm(self, store: Store, database: Database) -> None:
        assert post(store, statement(attachments=[attachment()]), part(), part()).status_code == 200
        assert kept(database) == (1, 1, 1, 1)

    def test_a_content_may_come_though_it_has_an_address(self, store: Store) -> None:
        stored = post(store, statement(attachments=[attachment(fileUrl=URL)]), part()).json[0]
        assert len(parts_of(store.get(statementId=stored, attachments="true"))) == 2

    def test_a_content_may_be_empty(self, store: Store, database: Database) -> None:
        stored = post(store, statement(attachments=[attachment(b"")]), part(b"")).json[0]
        assert parts_of(store.get(statementId=stored, attachments="true"))[1][1] == b""
        assert kept(database) == (1, 1, 0, 1)

    def test_a_hash_is_the_same_in_either_case(self, store: Store) -> None:
        upper = attachment()["sha2"].upper()
        assert post(store, statement(attachments=[attachment(sha2=upper)]), part()).status_code == 200
        stored = post(store, statement(attachments=[attachment(sha2=upper)]), part(X_Experience_API_Hash=upper)).json[0]
        assert parts_of(store.get(statementId=stored, attachments="true"))[1][0]["x-experience-api-hash"] == upper

    def test_the_length_a_statement_names_does_not_decide(self, store: Store) -> None:
        """As in the example of the standard (Appendix D), which is off by four."""
        assert post(store, statement(attachments=[attachment(length=4)]), part()).status_code == 200


class TestRefusedParts:
    """1.5.2.s2.b2 and s3.b5: nothing is stored of a request with a part that does not belong, or without one that does."""

    @pytest.mark.parametrize(
        "parts",
        [
            pytest.param([], id="a part is missing"),
            pytest.param([part(OTHER)], id="another part came instead"),
            pytest.param([part(), part(OTHER)], id="a part too many"),
            pytest.param([part(X_Experience_API_Hash=None)], id="no hash"),
            pytest.param([part(X_Experience_API_Hash="")], id="an empty hash"),
            pytest.param([part(X_Experience_API_Hash="x" * 64)], id="a hash that is none"),
            pytest.param([part(X_Experience_API_Hash=attachment(OTHER)["sha2"])], id="the hash of nothing declared"),
            pytest.param([part(OTHER, X_Experience_API_Hash=attachment()["sha2"])], id="a content of another hash"),
            pytest.param([part(TEXT + b"\r\n", X_Experience_API_Hash=attachment()["sha2"])], id="a content with a line more"),
            pytest.param([part(Content_Transfer_Encoding=None)], id="no encoding"),
            pytest.param([part(Content_Transfer_Encoding="base64")], id="another encoding"),
            pytest.param([part(Content_Transfer_Encoding="8bit")], id="an encoding that would do"),
            pytest.param([part(Content_Type="image/jpeg")], id="another type than declared"),
            pytest.param([part(Content_Length="26")], id="another length than declared"),
            pytest.param([part(Content_Length="x")], id="a length that is none"),
        ],
    )
    def test_is_refused(self, store: Store, database: Database, parts: list[bytes]) -> None:
        sent = body([statement(), statement(attachments=[attachment()])], *parts)
        response = store.post(sent, headers=mixed())
        assert response.status_code == 400
        assert response.json["error"]["message"]
        assert kept(database) == NOTHING

    def test_a_length_that_agrees_with_the_statement_and_not_with_the_content(self, store: Store, database: Database) -> None:
        assert post(store, statement(attachments=[attachment(length=4)]), part(Content_Length="4")).status_code == 400
        assert kept(database) == NOTHING

    def test_headers_that_agree_are_accepted(self, store: Store) -> None:
        one = part(Content_Type="Text/Plain; charset=utf-8", Content_Length="27", Content_Transfer_Encoding="BINARY")
        assert post(store, statement(attachments=[attachment()]), one).status_code == 200
        assert post(store, statement(attachments=[attachment()]), part(Content_Type=None)).status_code == 200

    def test_put_is_refused_alike(self, store: Store, database: Database) -> None:
        assert store.put(new_id(), body(statement(attachments=[attachment()])), headers=mixed()).status_code == 400
        assert store.put(new_id(), body([statement(attachments=[attachment()])], part()), headers=mixed()).status_code == 400
        assert kept(database) == NOTHING

    def test_a_message_names_the_part(self, store: Store) -> None:
        response = post(store, statement(attachments=[attachment(), attachment(OTHER)]), part(), part(OTHER, Content_Type="a/b"))
        assert response.json["error"] == {
            "code": "invalid_part",
            "field": "part[3]",
            "message": "Phần 3 của multipart/mixed có Content-Type khác với contentType của tệp đính kèm",
        }


class TestImmutability:
    """Communication 2.1.1.s2.b2: a known id changes nothing."""

    def test_a_conflict_keeps_no_content(self, store: Store, database: Database) -> None:
        taken = store.stored(actor=BINH)
        assert post(store, statement(id=taken, attachments=[attachment()]), part()).status_code == 409
        assert kept(database) == (1, 0, 0, 0)

    def test_the_same_statement_again_keeps_no_other_content(self, store: Store, database: Database) -> None:
        one = post(store, statement(attachments=[attachment()]), part()).json[0]
        assert post(store, statement(id=one, attachments=[attachment(OTHER)]), part(OTHER)).json == [one]
        assert [content for _headers, content in parts_of(store.get(statementId=one, attachments="true"))][1:] == [TEXT]
        assert kept(database) == (1, 1, 1, 1)


class TestAnswers:
    """1.5.2.s3.b1 and Communication 2.1.3: `attachments`."""

    @pytest.fixture
    def both(self, store: Store) -> list[str]:
        batch = [statement(attachments=[attachment(), attachment(OTHER, fileUrl=URL)]), statement(), statement(attachments=[attachment()])]
        return list(post(store, batch, part(OTHER), part()).json)

    @pytest.mark.parametrize("asked", [{}, {"attachments": "false"}])
    def test_json_unless_asked(self, store: Store, both: list[str], asked: dict[str, str]) -> None:
        assert store.get(**asked).mimetype == "application/json"
        one = store.get(statementId=both[0], **asked)
        assert one.mimetype == "application/json"
        assert one.json["attachments"] == [attachment(), attachment(OTHER, fileUrl=URL)]

    def test_a_list_has_each_content_once(self, store: Store, both: list[str]) -> None:
        found = parts_of(store.get(attachments="true", ascending="true"))
        assert [one["id"] for one in json.loads(found[0][1])["statements"]] == both
        assert [content for _headers, content in found[1:]] == [TEXT, OTHER]

    def test_each_part_has_the_headers_of_the_standard(self, store: Store, both: list[str]) -> None:
        for headers, content in parts_of(store.get(statementId=both[0], attachments="true"))[1:]:
            assert headers == {
                "content-type": "text/plain",
                "content-transfer-encoding": "binary",
                "x-experience-api-hash": attachment(content)["sha2"],
            }

    def test_what_is_given_back_can_be_sent_again(self, store: Store, both: list[str], database: Database) -> None:
        given = store.get(attachments="true")
        sent = given.data
        first = statements_of(given)["statements"]
        for one in first:
            one["id"] = new_id()
        start, end = sent.index(b"{"), sent.index(b"\r\n--", sent.index(b"{"))
        again = sent[:start] + json.dumps(first).encode() + sent[end:]
        assert store.post(again, headers={"Content-Type": given.headers["Content-Type"]}).status_code == 200
        assert kept(database) == (6, 2, 2, 6)

    @pytest.mark.parametrize("form", ["ids", "exact", "canonical"])
    def test_in_every_format(self, store: Store, both: list[str], form: str) -> None:
        assert len(parts_of(store.get(attachments="true", format=form))) == 3
        assert len(parts_of(store.get(statementId=both[2], attachments="true", format=form))) == 2

    def test_a_statement_without_attachments_is_one_part(self, store: Store, both: list[str]) -> None:
        assert len(parts_of(store.get(statementId=both[1], attachments="true"))) == 1

    def test_a_voided_statement_keeps_its_attachments(self, store: Store, both: list[str]) -> None:
        store.post(voiding(both[0]))
        assert len(parts_of(store.get(voidedStatementId=both[0], attachments="true"))) == 3
        assert store.get(voidedStatementId=both[0], attachments="false").mimetype == "application/json"
        assert [content for _headers, content in parts_of(store.get(attachments="true"))[1:]] == [TEXT]

    def test_more_goes_on_with_attachments(self, store: Store, both: list[str]) -> None:
        first = statements_of(store.get(attachments="true", limit="1", ascending="true"))
        second = store.client.get(first["more"], headers=store.headers)
        third = store.client.get(statements_of(second)["more"], headers=store.headers)
        assert [len(parts_of(second)), len(parts_of(third))] == [1, 2]

    def test_a_page_ends_before_it_brings_too_much(self, store: Store, both: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lms.lrs.api.multipart.MAX_ANSWER", len(TEXT) + len(OTHER) - 1)
        first = store.get(attachments="true", ascending="true")
        assert [one["id"] for one in statements_of(first)["statements"]] == both[:1]
        assert len(parts_of(first)) == 3
        second = store.client.get(statements_of(first)["more"], headers=store.headers)
        assert [one["id"] for one in statements_of(second)["statements"]] == both[1:]
        assert [content for _headers, content in parts_of(second)[1:]] == [TEXT]
        assert statements_of(second)["more"] == ""

    def test_an_empty_list_is_one_part(self, store: Store) -> None:
        assert statements_of(store.get(attachments="true"))["statements"] == []

    def test_head_has_the_headers_alone(self, store: Store, both: list[str]) -> None:
        got = store.get(statementId=both[0], attachments="true")
        head = store.open("HEAD", query_string={"statementId": both[0], "attachments": "true"})
        assert (head.status_code, head.data, head.content_length) == (200, b"", got.content_length)
        assert head.headers["Last-Modified"] == got.headers["Last-Modified"]

    def test_of_others_statements_nothing_is_given(self, store: Store, both: list[str], database: Database) -> None:
        make_credential(database, "statements/read/mine", key="khac")
        other = Store(store.client, key="khac")
        assert other.get(statementId=both[0], attachments="true").status_code == 404
        assert len(parts_of(other.get(attachments="true"))) == 1

    def test_a_missing_statement_is_no_multipart(self, store: Store) -> None:
        assert store.get(statementId=new_id(), attachments="true").status_code == 404

    @pytest.mark.parametrize("asked", ["yes", "1", "TRUE", ""])
    def test_the_parameter_is_true_or_false(self, store: Store, asked: str) -> None:
        assert store.get(attachments=asked).status_code == 400


class TestLimits:
    def test_a_body_of_a_hundred_megabytes_is_refused_before_it_is_read(self, store: Store) -> None:
        class Unread(BytesIO):
            def read(self, size: int | None = -1) -> bytes:
                raise AssertionError("was read")

        for kind in ("multipart/mixed; boundary=b", "application/json"):
            headers = {**store.headers, "Content-Type": kind}
            response = store.client.post(
                "/xapi/statements", headers=headers, input_stream=Unread(), environ_overrides={"CONTENT_LENGTH": "100000000"}
            )
            assert (response.status_code, response.json["error"]["code"]) == (413, "too_large")

    def test_a_content_may_not_be_too_great(self, store: Store, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("lms.lrs.api.multipart.MAX_CONTENT", 1000)
        octets = b"x" * 1001
        response = post(store, statement(attachments=[attachment(octets)]), part(octets))
        assert (response.status_code, response.json["error"]["code"]) == (413, "too_large")
        assert post(store, statement(attachments=[attachment(octets[1:])]), part(octets[1:])).status_code == 200
        assert kept(database) == (1, 1, 1, 1)

    def test_thousands_of_parts(self, store: Store, database: Database) -> None:
        many = [b"%d" % number for number in range(limits.MAX_PARTS + 1)]
        asked = statement(attachments=[attachment(one) for one in many])
        assert post(store, asked, *map(part, many)).status_code == 413
        assert kept(database) == NOTHING
        assert post(store, statement(attachments=[attachment(one) for one in many[1:]]), *map(part, many[1:])).status_code == 200
        assert kept(database) == (1, limits.MAX_PARTS, limits.MAX_PARTS, limits.MAX_PARTS)

    def test_a_great_content_is_kept_and_given_back_in_pieces(self, store: Store, database: Database) -> None:
        octets = bytes(range(251)) * 5000
        stored = post(store, statement(attachments=[attachment(octets)]), part(octets)).json[0]
        response = store.get(statementId=stored, attachments="true")
        assert kept(database) == (1, 1, 5, 1)
        assert octets in response.data


SHAPES = st.sampled_from(
    [
        b"\r\n",
        b"\n",
        b"\r",
        b"--",
        BOUNDARY.encode(),
        b"\r\n--" + BOUNDARY.encode(),
        END,
        b"{",
        b"}",
        b"\0",
        b"\xff",
        b": ",
        b"Content-Type",
    ]
)


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150, deadline=None)
@given(st.data())
def test_a_request_cut_and_mixed_anywhere_is_answered_and_stores_all_or_nothing(
    store: Store, database: Database, data: st.DataObject
) -> None:
    before = kept(database)
    whole = body(statement(attachments=[attachment()]), part())
    start = data.draw(st.integers(0, len(whole)))
    end = data.draw(st.integers(start, min(len(whole), start + data.draw(st.sampled_from([0, 1, 2, 50, 1000])))))
    put_in = b"".join(data.draw(st.lists(SHAPES, max_size=3)))
    response = store.post(whole[:start] + put_in + whole[end:], headers=mixed())
    assert response.status_code in (200, 400)
    if response.status_code == 400:
        assert response.json["error"]["message"]
        assert kept(database) == before
    else:
        (_headers, content) = parts_of(store.get(statementId=response.json[0], attachments="true"))[1]
        assert content == TEXT
