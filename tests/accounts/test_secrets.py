"""Personal numbers cannot be read without the service's key."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from lms.kit.secrets import CannotUnsealError, Vault

VAULT = Vault("a-secret-key-for-tests-only-0123456789")
OTHER = Vault("another-secret-key-for-tests-only-0123")


@given(st.text())
def test_what_is_sealed_comes_back(text: str) -> None:
    sealed = VAULT.seal(text)
    assert VAULT.unseal(sealed) == text
    assert VAULT.seal(text) != sealed


def test_another_key_opens_nothing() -> None:
    with pytest.raises(CannotUnsealError, match="LMS_SECRET_KEY"):
        OTHER.unseal(VAULT.seal("019085000123"))


@given(st.binary(max_size=60))
def test_bytes_we_did_not_seal_are_refused(junk: bytes) -> None:
    with pytest.raises(CannotUnsealError):
        VAULT.unseal(junk)


def test_a_fingerprint_finds_the_same_number_under_the_same_key_only() -> None:
    assert VAULT.fingerprint("019085000123") == VAULT.fingerprint("019085000123")
    assert VAULT.fingerprint("019085000123") != OTHER.fingerprint("019085000123")
    assert "019085000123" not in VAULT.fingerprint("019085000123")
