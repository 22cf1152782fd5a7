"""One-time codes of an authenticator application (TOTP, RFC 6238), and the codes for the day it is lost."""

from __future__ import annotations

import base64
import hmac
import secrets
from datetime import datetime

import pyotp

from lms.accounts.rules.tokens import CODE_ALPHABET

STEP_SECONDS = 30
DRIFT = 1  # steps a telephone's clock may be off, either way
SECRET_BYTES = 20
RECOVERY_CODES = 10
_RECOVERY_LENGTH = 12  # 12 × log2(23) = 54 bits, guessed five times in ten minutes


def secret_from(fingerprint: str) -> str:
    """The secret as it is typed (base32), made from at least 40 hexadecimal digits nobody can guess."""
    return base64.b32encode(bytes.fromhex(fingerprint)[:SECRET_BYTES]).decode()


def spaced(secret: str) -> str:
    """In groups of four, for typing."""
    return " ".join(secret[start : start + 4] for start in range(0, len(secret), 4))


def address(secret: str, *, account: str, issuer: str) -> str:
    """What the QR code says to the application."""
    return pyotp.TOTP(secret).provisioning_uri(name=account, issuer_name=issuer)


def matching_step(secret: str, typed: str, at: datetime) -> int | None:
    """The half-minute whose code was typed, or None. Every one that could match is compared, so that time tells nothing."""
    code = "".join(char for char in typed if char.isdecimal() and char.isascii())
    generator = pyotp.TOTP(secret)
    step, found = int(at.timestamp()) // STEP_SECONDS, None
    for candidate in range(step - DRIFT, step + DRIFT + 1):
        if hmac.compare_digest(generator.generate_otp(candidate).encode(), code.encode()):
            found = candidate
    return found


def new_recovery_codes() -> list[str]:
    """Ten codes as they are shown: three groups of four."""
    return [_recovery_code() for _ in range(RECOVERY_CODES)]


def _recovery_code() -> str:
    letters = "".join(secrets.choice(CODE_ALPHABET) for _ in range(_RECOVERY_LENGTH))
    return "-".join(letters[start : start + 4] for start in range(0, _RECOVERY_LENGTH, 4))
