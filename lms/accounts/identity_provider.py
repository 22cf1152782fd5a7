"""The province's identity provider (OpenID Connect): where to send people, and what to believe of what comes back.

Authorization code with PKCE, state and nonce. What the provider publishes about itself is kept for an hour; nothing waits for it longer
than five seconds.
"""

from __future__ import annotations

import secrets
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import requests
from authlib.common.errors import AuthlibBaseError
from authlib.integrations.requests_client import OAuth2Session
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError

from lms.config import Settings

TIMEOUT = 5  # seconds, for each question to the provider, until its last byte
LARGEST = 256 * 1024  # bytes of an answer
AWAY = 10  # seconds in which nobody waits again for a provider that did not answer: they would hold all threads of the service
KEPT = 3600  # seconds
LEEWAY = 60  # seconds two clocks may differ
SUBJECT_LENGTH = 255  # as the standard has it
SCOPE = "openid profile"
ALGORITHMS = ["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"]  # none that one secret both signs and checks with
_ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class ProviderAwayError(Exception):
    """The provider does not answer, or not with what the standard asks of it: trying again later may help."""


class TokenRefusedError(Exception):
    """The provider answered, and its answer proves nothing; the text says why, for the record."""


@dataclass(frozen=True, slots=True)
class Handshake:
    """What one sign-in is recognised by when it comes back."""

    state: str
    nonce: str
    verifier: str

    @classmethod
    def fresh(cls) -> Handshake:
        return cls(secrets.token_urlsafe(32), secrets.token_urlsafe(32), secrets.token_urlsafe(48))


@dataclass(frozen=True, slots=True)
class Subject:
    """Whom the provider vouches for. `name`: the claim that holds a staff code or login name here, None where it has none."""

    issuer: str
    subject: str
    name: str | None
    strong: bool


class _Careful(HTTPAdapter):
    """Reads an answer whole before anybody sees it, and gives up on one that is too large or comes too slowly."""

    def send(self, request: requests.PreparedRequest, *given: Any, **options: Any) -> requests.Response:
        until = time.monotonic() + TIMEOUT
        answer = super().send(request, *given, **{**options, "stream": True, "timeout": TIMEOUT})
        content = bytearray()
        try:
            # read1 gives what has come; read would wait for as much as was asked for, however slowly it drips.
            while piece := answer.raw.read1(16 * 1024, decode_content=True):
                content += piece
                if len(content) > LARGEST:
                    raise requests.ConnectionError(f"more than {LARGEST} bytes")
                if time.monotonic() > until:
                    raise requests.Timeout(f"not finished after {TIMEOUT} s")
        except HTTPError as error:
            raise requests.ConnectionError(str(error)) from error
        finally:
            answer.close()
        answer._content, answer._content_consumed = bytes(content), True  # type: ignore[attr-defined]
        return answer


def _carefully(client: requests.Session) -> None:
    """Have a client read with care, and follow nobody elsewhere: the standard's answers come from the address that was asked."""
    for scheme in ("https://", "http://"):
        client.mount(scheme, _Careful())
    client.max_redirects = 0


class IdentityProvider:
    """One provider, as the settings name it."""

    def __init__(self, settings: Settings) -> None:
        assert settings.oidc_issuer
        self.issuer = settings.oidc_issuer
        self._settings = settings
        self._lock = threading.Lock()
        self._kept: dict[str, tuple[float, dict[str, Any]]] = {}
        self._away_until = 0.0

    def address(self, handshake: Handshake, back: str) -> str:
        """Where to send a browser. Raises ProviderAwayError."""
        endpoint = str(self._about()["authorization_endpoint"])
        with self._client(back) as client:
            address, _state = client.create_authorization_url(
                endpoint, state=handshake.state, code_verifier=handshake.verifier, nonce=handshake.nonce
            )
        return str(address)

    def subject(self, code: str, handshake: Handshake, back: str) -> Subject:
        """Whom a returned code stands for. Raises ProviderAwayError, TokenRefusedError."""
        endpoint = str(self._about()["token_endpoint"])
        with self._client(back) as client:
            self._refuse_while_away()
            try:
                token = client.fetch_token(endpoint, code=code, code_verifier=handshake.verifier, timeout=TIMEOUT)
            except AuthlibBaseError as error:
                raise TokenRefusedError(f"code refused: {error.error}") from error
            except (requests.RequestException, ValueError) as error:
                raise self._away(error) from error
        identity = token.get("id_token")
        if not isinstance(identity, str):
            raise TokenRefusedError("no ID token")
        return self._believed(self._claims(identity, handshake.nonce))

    def sign_out_address(self, back: str) -> str | None:
        """Where people end their session at the provider, if it says so. Raises ProviderAwayError."""
        endpoint = self._about().get("end_session_endpoint")
        if not isinstance(endpoint, str):
            return None
        values = urlencode({"client_id": self._settings.oidc_client_id or "", "post_logout_redirect_uri": back})
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{values}"

    def _claims(self, identity: str, nonce: str) -> Mapping[str, Any]:
        for fresh in (False, True):  # a key we do not know may have come since we asked
            try:
                claims = jwt.decode(identity, KeySet.import_key_set(self._keys(fresh=fresh)), algorithms=ALGORITHMS).claims  # type: ignore[arg-type]
                break
            except (JoseError, ValueError) as error:
                if fresh:
                    raise TokenRefusedError(f"signature: {error}") from error
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY,
            iss={"essential": True, "value": self.issuer},
            sub={"essential": True},
            aud={"essential": True, "value": self._settings.oidc_client_id or ""},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except (JoseError, ValueError, TypeError) as error:
            raise TokenRefusedError(f"claims: {error}") from error
        audience, ours = claims["aud"], self._settings.oidc_client_id
        shared = isinstance(audience, list) and len(audience) > 1  # then the token must say for whom of them it was made
        if claims.get("azp", None if shared else ours) != ours:
            raise TokenRefusedError("claims: made for another service (azp)")
        if not isinstance(claims["sub"], str) or not 0 < len(claims["sub"]) <= SUBJECT_LENGTH:
            raise TokenRefusedError("claims: sub is no name")
        return claims

    def _believed(self, claims: Mapping[str, Any]) -> Subject:
        claim = self._settings.oidc_claim
        name = claims.get(claim)
        if not isinstance(name, str) or not name.strip() or (claim == "email" and claims.get("email_verified") is not True):
            name = None
        methods = claims.get("amr")
        return Subject(self.issuer, str(claims["sub"]), name, isinstance(methods, list) and "mfa" in methods)

    def _about(self) -> dict[str, Any]:
        about = self._asked(f"{self.issuer.rstrip('/')}/.well-known/openid-configuration", fresh=False)
        if about.get("issuer") != self.issuer:
            raise ProviderAwayError(f"says it is {about.get('issuer')!r}, LMS_OIDC_ISSUER says {self.issuer!r}")
        if any(not isinstance(about.get(name), str) for name in _ENDPOINTS):
            raise ProviderAwayError("does not name its endpoints")
        return about

    def _keys(self, *, fresh: bool) -> dict[str, Any]:
        return self._asked(str(self._about()["jwks_uri"]), fresh=fresh)

    def _asked(self, address: str, *, fresh: bool) -> dict[str, Any]:
        """What the provider publishes at an address."""
        with self._lock:
            kept = self._kept.get(address)
        if kept is not None and not fresh and time.monotonic() - kept[0] < KEPT:
            return kept[1]
        self._refuse_while_away()
        try:
            with requests.Session() as client:
                _carefully(client)
                answer = client.get(address, timeout=TIMEOUT, headers={"Accept": "application/json"})
            answer.raise_for_status()
            values = answer.json()
        except (requests.RequestException, ValueError) as error:
            raise self._away(error) from error
        if not isinstance(values, dict):
            raise ProviderAwayError(f"{address}: no object")
        with self._lock:
            self._kept[address] = (time.monotonic(), values)
        return values

    def _refuse_while_away(self) -> None:
        if time.monotonic() < self._away_until:
            raise ProviderAwayError("did not answer a moment ago")

    def _away(self, error: Exception) -> ProviderAwayError:
        self._away_until = time.monotonic() + AWAY
        return ProviderAwayError(str(error))

    def _client(self, back: str) -> OAuth2Session:
        client = OAuth2Session(
            self._settings.oidc_client_id,
            self._settings.oidc_client_secret,
            scope=f"{SCOPE} email" if self._settings.oidc_claim == "email" else SCOPE,
            redirect_uri=back,
            code_challenge_method="S256",
            token_endpoint_auth_method="client_secret_basic",  # noqa: S106  # the name of a method
        )
        _carefully(client)
        return client
