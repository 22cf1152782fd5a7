"""Personal numbers at rest: encrypted, and found again by a keyed fingerprint. The keys are derived from LMS_SECRET_KEY, so a copy
of the database alone shows neither an identity number nor a phone."""

from __future__ import annotations

import hmac
import os
from typing import cast

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.orm import Session

_VERSION = b"\x01"
_NONCE_BYTES = 12


class CannotUnsealError(Exception):
    """The value was sealed with another LMS_SECRET_KEY, or was changed since."""


class Vault:
    """Seals and recognises texts under keys derived from one secret."""

    def __init__(self, secret_key: str) -> None:
        self._cipher = AESGCM(_derived(secret_key, b"lms seal v1"))
        self._fingerprint_key = _derived(secret_key, b"lms fingerprint v1")
        self._root = _derived(secret_key, b"lms keys handed out v1").hex()

    def seal(self, text: str) -> bytes:
        """Encrypt; the same text gives different bytes each time."""
        return self.seal_bytes(text.encode())

    def unseal(self, sealed: bytes) -> str:
        """Decrypt what `seal` made. Raises CannotUnsealError."""
        return self.unseal_bytes(sealed).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        nonce = os.urandom(_NONCE_BYTES)
        return _VERSION + nonce + self._cipher.encrypt(nonce, content, _VERSION)

    def unseal_bytes(self, sealed: bytes) -> bytes:
        """Decrypt what `seal_bytes` made. Raises CannotUnsealError."""
        nonce, body = sealed[1 : 1 + _NONCE_BYTES], sealed[1 + _NONCE_BYTES :]
        try:
            return self._cipher.decrypt(nonce, body, sealed[:1])
        except (InvalidTag, ValueError) as error:
            raise CannotUnsealError("sealed with another LMS_SECRET_KEY: set the one this database was used with") from error

    def fingerprint(self, text: str) -> str:
        """The same for the same text, and of no use to one who lacks the key: 64 hexadecimal digits."""
        return hmac.digest(self._fingerprint_key, text.encode(), "sha256").hex()

    def key_for(self, purpose: str) -> bytes:
        """A key of its own for a purpose, 32 bytes, which may leave the server: it tells nothing of any other key."""
        return _derived(self._root, purpose.encode())


def vault_of(session: Session) -> Vault:
    """The vault that belongs to a session's database; the application puts it there."""
    return cast(Vault, session.info["vault"])


def _derived(secret_key: str, purpose: bytes) -> bytes:
    return HKDF(algorithm=SHA256(), length=32, salt=None, info=purpose).derive(secret_key.encode())
