"""Secrets we hand out once and later only recognise: session tokens and activation codes. Kept as SHA-256, which is enough for
secrets this long; a slow hash would cost the whole province its sign-in morning."""

from __future__ import annotations

import hashlib
import re
import secrets
from datetime import timedelta

CODE_LIFETIME = timedelta(days=60)
# No letter or digit that is mistaken for another in print: 0/O, 1/I/L, 2/Z, 5/S, 8/B, U/V.
CODE_ALPHABET = "34679ACDEFGHJKMNPQRTWXY"
CODE_LENGTH = 16  # 16 × log2(23) = 72 bits
CODE_GROUP = 4

_HASH = re.compile(r"[0-9a-f]{64}")


def new_session_token() -> str:
    return secrets.token_urlsafe(32)


def new_activation_code() -> str:
    """A code as it is printed: four groups of four, at least 64 bits."""
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(CODE_LENGTH))
    return "-".join(letters[start : start + CODE_GROUP] for start in range(0, CODE_LENGTH, CODE_GROUP))


def typed_code(text: str) -> str:
    """What a person typed, without what people add or change: spaces, dashes, small letters."""
    return "".join(char for char in text.upper() if char.isalnum())


def token_hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()


def is_token_hash(text: str) -> bool:
    """Could this be what `token_hash` made of something?"""
    return _HASH.fullmatch(text) is not None


def code_hash(code: str) -> str:
    return token_hash(typed_code(code))
