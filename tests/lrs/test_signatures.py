"""Data 2.6: what makes the signature of a statement acceptable."""

from __future__ import annotations

import base64
import json
from datetime import timedelta
from hashlib import sha256
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.clock import now
from lms.lrs.rules.faults import StatementFault
from lms.lrs.rules.reading import Received, read_one
from lms.lrs.rules.signatures import check_signature
from lms.lrs.rules.versions import Version
from tests.lrs.making import AN, BINH, new_id, statement
from tests.lrs.signing import EXAMPLE, EXAMPLE_CHAIN, EXAMPLE_SHA2, base64url, example_jws, holder, rsa_key, sign

PATH = "statement.attachments[0]"


def received(values: dict[str, Any], version: Version = Version.V1) -> Received:
    return read_one(json.dumps(values).encode(), version)


def check(jws: bytes, values: dict[str, Any], version: Version = Version.V1) -> None:
    check_signature(jws, received(values, version), PATH, now())


def refused(jws: bytes, values: dict[str, Any]) -> str:
    with pytest.raises(StatementFault) as refusal:
        check(jws, values)
    assert refusal.value.field == PATH
    return str(refusal.value)


class TestForm:
    @pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
    @pytest.mark.parametrize("version", list(Version))
    def test_the_three_algorithms_of_the_standard(self, algorithm: str, version: Version) -> None:
        check(sign(statement(), algorithm=algorithm), statement(), version)

    @pytest.mark.parametrize("algorithm", ["HS256", "none", "PS256", "ES256", "rs256", "RS1", ""])
    def test_any_other_is_refused(self, algorithm: str) -> None:
        refused(sign(statement(), algorithm=algorithm), statement())

    @pytest.mark.parametrize("algorithm", [None, 1, [], {}, ["RS256"], {"RS256": 1}])
    def test_an_algorithm_that_is_no_text_is_refused(self, algorithm: Any) -> None:
        header = base64url(json.dumps({"alg": algorithm}).encode())
        refused(b".".join((header, base64url(json.dumps(statement()).encode()), b"AAAA")), statement())

    @pytest.mark.parametrize(
        "jws",
        [
            b"",
            b"..",
            b"a.b",
            b"a.b.c.d",
            b"{}",
            b"\xff.\xff.\xff",
            b"eyJhbGciOiJSUzI1NiJ9.e30.AAAA\n",
            b"eyJhbGciOiJSUzI1NiJ9.e30.AAAA=",
            b"eyJhbGciOiJSUzI1NiJ9.e30.A",  # no number of octets is so long in base64
            b"W10.e30.AAAA",  # a header that is an array
            b"e30.e30.AAAA",  # one without an algorithm
            b'{"payload":"e30","signatures":[]}',
        ],
    )
    def test_what_is_no_compact_jws_is_refused(self, jws: bytes) -> None:
        refused(jws, statement())

    def test_a_header_that_asks_for_more_than_is_understood_is_refused(self) -> None:
        refused(sign(statement(), crit=["b64"], b64=False), statement())

    @given(st.binary(max_size=200) | st.lists(st.binary(max_size=60).map(base64url), min_size=3, max_size=3).map(b".".join))
    def test_any_octets_are_refused_and_break_nothing(self, jws: bytes) -> None:
        refused(jws, statement())


class TestPayload:
    def test_must_be_json(self) -> None:
        refused(sign(json.dumps(statement()).replace('"', "'", 1).encode()), statement())

    @pytest.mark.parametrize("payload", [b"[]", b"null", b"{}", b'"text"', b"\xff", b"", b'{"actor":{"mbox":"mailto:a@b.vn"}}'])
    def test_must_be_a_statement(self, payload: bytes) -> None:
        refused(sign(payload), statement())

    def test_must_say_the_same(self) -> None:
        assert "khác" in refused(sign(statement(actor=BINH)), statement(actor=AN))

    def test_must_have_the_same_id_where_both_have_one(self) -> None:
        one = new_id()
        check(sign(statement(id=one)), statement(id=one.upper()))
        check(sign(statement()), statement(id=one))
        refused(sign(statement(id=one)), statement(id=new_id()))

    def test_may_be_spelled_otherwise(self) -> None:
        spelled = statement(timestamp="2026-11-22T09:00:00.000+07:00", version="1.0.0")
        check(sign(json.dumps(dict(reversed(spelled.items())), indent=3).encode()), statement(timestamp="2026-11-22T02:00:00Z"))

    def test_does_not_have_the_attachments_that_came_after(self) -> None:
        signed = {"usageType": "https://e.vn/bai", "display": {}, "contentType": "a/b", "length": 1, "sha2": "0" * 64}
        check(sign(statement()), statement(attachments=[signed]))
        check(sign(statement(attachments=[signed])), statement())


class TestCertificates:
    def test_a_signature_made_with_the_key_of_the_certificate(self) -> None:
        one = holder("signer")
        check(sign(statement(), chain=[one.certificate]), statement())

    @pytest.mark.parametrize("algorithm", ["RS256", "RS384", "RS512"])
    def test_a_chain_in_which_each_is_issued_by_the_next(self, algorithm: str) -> None:
        root = holder("root", key=ec.generate_private_key(ec.SECP256R1()))
        middle = holder("middle", root)
        check(
            sign(statement(), algorithm=algorithm, chain=[one.certificate for one in (holder("signer", middle), middle, root)]), statement()
        )

    def test_a_chain_without_its_root_is_enough(self) -> None:
        root = holder("root")
        check(sign(statement(), chain=[holder("signer", root).certificate]), statement())

    def test_a_signature_of_another_key_is_refused(self) -> None:
        assert "không khớp" in refused(sign(statement(), key=rsa_key("thief"), chain=[holder("signer").certificate]), statement())

    def test_a_signature_of_another_text_is_refused(self) -> None:
        header, _payload, signature = sign(statement(actor=BINH), chain=[holder("signer").certificate]).split(b".")
        refused(b".".join((header, base64url(json.dumps(statement()).encode()), signature)), statement())

    def test_a_chain_in_the_wrong_order_is_refused(self) -> None:
        root = holder("root")
        one = holder("signer", root)
        assert "cấp" in refused(sign(statement(), key=rsa_key("root"), chain=[root.certificate, one.certificate]), statement())

    def test_a_certificate_that_only_names_its_issuer_is_refused(self) -> None:
        forged = holder("signer", holder("root", key=rsa_key("thief")))
        refused(sign(statement(), chain=[forged.certificate, holder("root").certificate]), statement())

    def test_a_key_that_is_not_rsa_is_refused(self) -> None:
        one = holder("curve", key=ec.generate_private_key(ec.SECP256R1()))
        assert "RSA" in refused(sign(statement(), chain=[one.certificate]), statement())

    @pytest.mark.parametrize("x5c", [[], {}, "text", [1], [""], ["not base64"], ["AAAA"], [None], ["MIIB" * 50], ["ế"], ["AAAA"] * 11])
    def test_what_is_no_chain_is_refused(self, x5c: Any) -> None:
        refused(sign(statement(), x5c=x5c), statement())

    @given(st.integers(0, 500), st.integers(0, 255))
    def test_a_certificate_with_one_octet_changed_is_refused_and_breaks_nothing(self, at: int, octet: int) -> None:
        der = bytearray(base64.b64decode(EXAMPLE_CHAIN[0]))
        if der[at] == octet:
            return
        der[at] = octet
        text = [base64.b64encode(der).decode(), EXAMPLE_CHAIN[1]]
        with pytest.raises(StatementFault):
            check(sign(json.loads(EXAMPLE), x5c=text), json.loads(EXAMPLE))


class TestDatesOfCertificates:
    """Valid at some moment between what the statement tells of and now: otherwise it cannot have been used to sign."""

    def test_one_that_had_expired_before_is_refused(self) -> None:
        expired = holder("signer", start=now() - timedelta(days=30), end=now() - timedelta(days=20))
        told = (now() - timedelta(days=10)).isoformat()
        assert "hiệu lực" in refused(sign(statement(timestamp=told), chain=[expired.certificate]), statement(timestamp=told))
        refused(sign(statement(), chain=[expired.certificate]), statement())

    def test_one_that_has_expired_since_is_accepted(self) -> None:
        expired = holder("signer", start=now() - timedelta(days=30), end=now() - timedelta(days=20))
        told = (now() - timedelta(days=25)).isoformat()
        check(sign(statement(timestamp=told), chain=[expired.certificate]), statement(timestamp=told))

    def test_one_of_the_future_is_refused(self) -> None:
        future = holder("signer", start=now() + timedelta(days=1), end=now() + timedelta(days=2))
        told = (now() + timedelta(days=1)).isoformat()
        refused(sign(statement(), chain=[future.certificate]), statement())
        refused(sign(statement(timestamp=told), chain=[future.certificate]), statement(timestamp=told))

    def test_an_expired_issuer_is_refused(self) -> None:
        root = holder("root", start=now() - timedelta(days=30), end=now() - timedelta(days=20))
        refused(sign(statement(), chain=[holder("signer", root).certificate, root.certificate]), statement())


def test_the_example_of_the_standard_is_accepted() -> None:
    """Its certificate was made days after what it tells of, has expired since, has a key of 1024 bits, and was issued with SHA-1."""
    assert sha256(example_jws()).hexdigest() == EXAMPLE_SHA2
    check(example_jws(), json.loads(EXAMPLE))
