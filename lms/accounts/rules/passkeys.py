"""Passkeys (WebAuthn): what a browser is asked to sign, and whether what it answers is to be believed."""

from __future__ import annotations

import binascii
import ipaddress
import json
import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit
from uuid import UUID

import webauthn
from webauthn.helpers import base64url_to_bytes, bytes_to_base64url
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

NAME_LENGTH = 60
_WAIT = 120_000  # milliseconds a person has to find the finger
# What the parsers of made-up answers are known to stumble over, besides their own errors.
_MALFORMED = (WebAuthnException, ValueError, TypeError, KeyError, AttributeError, IndexError, binascii.Error)


class NotBelievedError(Exception):
    """An answer that proves nothing; the text says why, for the record, not for the page."""


@dataclass(frozen=True, slots=True)
class NewPasskey:
    credential_id: str
    public_key: bytes
    sign_count: int


def offered(base_url: str) -> bool:
    """Do browsers make passkeys for this address? They ask for https and a name (localhost serves for trying out)."""
    parts = urlsplit(base_url)
    host = parts.hostname or ""
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return host == "localhost" or parts.scheme == "https"
    return False


def site(base_url: str) -> str:
    """The name a passkey is bound to."""
    return urlsplit(base_url).hostname or ""


def new_challenge() -> str:
    return secrets.token_urlsafe(32)


def registration_options(
    base_url: str, challenge: str, *, system: str, person_id: UUID, account: str, full_name: str, known: Sequence[str]
) -> dict[str, Any]:
    """What `navigator.credentials.create` is asked: a key the machine finds by itself, used with finger, face or PIN."""
    options = webauthn.generate_registration_options(
        rp_id=site(base_url),
        rp_name=system,
        user_id=person_id.bytes,
        user_name=account,
        user_display_name=full_name,
        challenge=base64url_to_bytes(challenge),
        timeout=_WAIT,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED, user_verification=UserVerificationRequirement.REQUIRED
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=base64url_to_bytes(one)) for one in known],
    )
    return _plain(options)


def request_options(base_url: str, challenge: str) -> dict[str, Any]:
    """What `navigator.credentials.get` is asked: any key of this site, whoever's it is."""
    options = webauthn.generate_authentication_options(
        rp_id=site(base_url),
        challenge=base64url_to_bytes(challenge),
        timeout=_WAIT,
        user_verification=UserVerificationRequirement.REQUIRED,
    )
    return _plain(options)


def challenge_of(answer: Any) -> str:
    """The challenge an answer says it answers; empty for what is no answer."""
    try:
        challenge = json.loads(base64url_to_bytes(answer["response"]["clientDataJSON"]))["challenge"]
    except _MALFORMED:
        return ""
    return challenge if isinstance(challenge, str) else ""


def credential_of(answer: Any) -> str:
    """Which passkey an answer is of."""
    identifier = answer.get("id") if isinstance(answer, Mapping) else None
    return identifier if isinstance(identifier, str) else ""


def check_registration(answer: Any, challenge: str, base_url: str) -> NewPasskey:
    """The passkey a browser made. Raises NotBelievedError."""
    try:
        made = webauthn.verify_registration_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site(base_url),
            expected_origin=_origin(base_url),
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise NotBelievedError(str(error)) from error
    return NewPasskey(bytes_to_base64url(made.credential_id), made.credential_public_key, made.sign_count)


def check_answer(answer: Any, challenge: str, base_url: str, *, public_key: bytes, sign_count: int) -> int:
    """The passkey's new count, where its answer is right. Raises NotBelievedError; also where the count did not grow: a copy of the
    key is about."""
    try:
        proved = webauthn.verify_authentication_response(
            credential=answer,
            expected_challenge=base64url_to_bytes(challenge),
            expected_rp_id=site(base_url),
            expected_origin=_origin(base_url),
            credential_public_key=public_key,
            credential_current_sign_count=sign_count,
            require_user_verification=True,
        )
    except _MALFORMED as error:
        raise NotBelievedError(str(error)) from error
    return proved.new_sign_count


def _origin(base_url: str) -> str:
    parts = urlsplit(base_url)
    return f"{parts.scheme}://{parts.netloc}"


def _plain(options: Any) -> dict[str, Any]:
    values: dict[str, Any] = json.loads(webauthn.options_to_json(options))
    return values
