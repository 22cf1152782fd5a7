"""Single sign-on against a real OpenID Connect provider in this process."""

from __future__ import annotations

import time
import warnings
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit
from uuid import UUID

import pytest
import requests
import time_machine
from authlib.deprecate import AuthlibDeprecationWarning
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import select, update
from werkzeug.test import TestResponse

from lms.accounts import operations
from lms.accounts.identity_provider import Handshake, IdentityProvider, TokenRefusedError
from lms.accounts.models import Account, FederatedIdentity, SignIn, SignInStep
from lms.config import Settings
from lms.kit.actors import Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person

with warnings.catch_warnings():  # the provider is built on what Authlib will take away in its next but one version
    warnings.simplefilter("ignore", AuthlibDeprecationWarning)
    from oidc_provider_mock import User, run_server_in_thread

# The same at work: it says so each time it makes a token.
pytestmark = pytest.mark.filterwarnings("ignore:get_jwt_config\\(self, grant\\) is deprecated:DeprecationWarning")
PASSWORD = "ruộng bậc thang"


@pytest.fixture(scope="module")
def issuer() -> Iterator[str]:
    people = [
        User(sub="subject-1", claims={"preferred_username": "CB00016"}),
        User(sub="subject-2", claims={"preferred_username": "nobody-here"}),
        User(sub="subject-3", claims={"preferred_username": "chu"}),
    ]
    with run_server_in_thread(user_claims=people) as server:
        yield f"http://localhost:{server.server_port}"


@pytest.fixture
def settings(settings: Settings, issuer: str) -> Settings:
    return replace(
        settings, oidc_issuer=issuer, oidc_client_id="lms", oidc_client_secret="secret-of-the-lms", oidc_name="tài khoản công vụ"
    )


@pytest.fixture
def officer(database: Database) -> UUID:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        chief = make_person(session, "Triệu Thị Chủ", agency=agency, login="chu", password=PASSWORD)
        grant(session, chief, Role.DEPARTMENT)
        session.get_one(Account, chief).last_sign_in_at = now()
        session.get_one(Account, chief).password_set_at = now()
        return make_person(session, "Nông Văn Dũng", agency=agency, login="dung", staff_code="CB00016", password=PASSWORD)


def sent(client: FlaskClient, target: str = "") -> str:
    """Where the browser is sent when it asks for single sign-on."""
    response = client.get(f"/sign-in/single?next={target}")
    assert response.status_code == 302
    return str(response.location)


def agreed(address: str, subject: str) -> str:
    """The provider's page, filled in; the path and query it sends the browser back to."""
    back = requests.post(address, data={"sub": subject}, allow_redirects=False, timeout=5).headers["Location"]
    parts = urlsplit(back)
    return f"{parts.path}?{parts.query}"


def come_back(client: FlaskClient, subject: str, target: str = "") -> TestResponse:
    return client.get(agreed(sent(client, target), subject))


def refusals(database: Database) -> list[str]:
    with database.reading() as session:
        entries = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "accounts.refuse_single_sign_on"))
        return [entry["reason"] for entry in entries]


def test_the_staff_code_in_the_claim_lets_in_and_links(app: Flask, officer: UUID, database: Database, issuer: str) -> None:
    client = app.test_client()
    response = come_back(client, "subject-1", "/account")
    assert (response.status_code, response.location) == (303, "/account")
    assert "Nông Văn Dũng" in client.get("/account").text
    with database.reading() as session:
        linked = session.scalars(select(FederatedIdentity)).one()
        assert (linked.issuer, linked.subject, linked.person_id) == (issuer, "subject-1", officer)
        assert session.scalars(select(SignIn.method)).all() == ["single_sign_on"]
        assert session.scalars(select(SignInStep)).all() == []


def test_the_link_holds_when_the_code_changes(app: Flask, officer: UUID, database: Database) -> None:
    come_back(app.test_client(), "subject-1")
    with database.transaction() as session:
        session.execute(update(Account).where(Account.person_id == officer).values(login_name="dung.nv"))
    assert come_back(app.test_client(), "subject-1").location == "/"


def test_who_is_not_known_links_with_the_password_once(app: Flask, officer: UUID) -> None:
    client = app.test_client()
    assert come_back(client, "subject-2").location == "/sign-in/single/link"
    assert "chưa biết tài khoản đó là của ai" in client.get("/sign-in/single/link").text
    wrong = client.post("/sign-in/single/link", data={"login": "dung", "password": "sai"})
    assert wrong.status_code == 422
    assert client.post("/sign-in/single/link", data={"login": "dung", "password": PASSWORD}).location == "/"
    assert "Đã gắn" in client.get("/").text
    assert come_back(app.test_client(), "subject-2").location == "/"


def test_an_ordinary_sign_in_on_the_same_machine_links_nothing(app: Flask, officer: UUID, database: Database) -> None:
    """One asked for single sign-on and went away; the next person signs in with a password."""
    client = app.test_client()
    come_back(client, "subject-2")
    client.post("/sign-in", data={"login": "dung", "password": PASSWORD})
    with database.reading() as session:
        assert session.scalars(select(FederatedIdentity)).all() == []


def test_the_second_factor_is_asked_for_all_the_same(app: Flask, officer: UUID, database: Database) -> None:
    with database.transaction() as session:
        chief = session.scalars(select(Account.person_id).where(Account.login_name == "chu")).one()
        operations.confirm_authenticator(session, Actor(chief, "", ""), "GEZDGNBVGY3TQOJQ", 0, token_hash="", at=now())
    assert come_back(app.test_client(), "subject-3").location == "/sign-in/code"


def test_a_state_is_used_once(app: Flask, officer: UUID, database: Database) -> None:
    client = app.test_client()
    back = agreed(sent(client), "subject-1")
    with client.session_transaction() as cookie:
        kept = cookie["single"]
    assert client.get(back).status_code == 303
    other = app.test_client()
    with other.session_transaction() as cookie:
        cookie["single"] = kept
    response = other.get(back)
    assert response.status_code == 400
    assert "Chưa đăng nhập được" in response.text
    assert refusals(database) == ["state: used before, or older than ten minutes"]


def test_a_state_of_another_browser_is_refused(app: Flask, officer: UUID, database: Database) -> None:
    back = agreed(sent(app.test_client()), "subject-1")
    victim = app.test_client()
    assert victim.get(back).status_code == 400
    assert victim.get("/account").status_code == 302
    assert refusals(database) == ["state: not asked for by this browser"]


def test_a_state_is_good_for_ten_minutes(app: Flask, officer: UUID, database: Database) -> None:
    client = app.test_client()
    back = agreed(sent(client), "subject-1")
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert client.get(back).status_code == 400


@pytest.mark.parametrize("query", ["", "?error=access_denied", "?code=x", "?code=x&state=", "?state=x&code=%ff"])
def test_made_up_answers_are_clear_pages(app: Flask, officer: UUID, query: str) -> None:
    response = app.test_client().get(f"/sign-in/single/back{query}")
    assert response.status_code == 400
    assert "Về trang đăng nhập" in response.text


def test_who_says_no_at_the_provider_reads_why(app: Flask, officer: UUID, database: Database) -> None:
    client = app.test_client()
    state = parse_qs(urlsplit(sent(client)).query)["state"][0]
    assert client.get(f"/sign-in/single/back?error=access_denied&state={state}").status_code == 400
    assert refusals(database) == ["provider: access_denied"]


def test_a_made_up_code_is_refused(app: Flask, officer: UUID, database: Database) -> None:
    client = app.test_client()
    state = parse_qs(urlsplit(sent(client)).query)["state"][0]
    assert client.get(f"/sign-in/single/back?code=made-up&state={state}").status_code == 400
    assert refusals(database)[0].startswith("code refused")


def test_the_request_carries_what_the_standard_asks_for(app: Flask, officer: UUID) -> None:
    asked = parse_qs(urlsplit(sent(app.test_client())).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["response_type"] == ["code"]
    assert asked["redirect_uri"] == ["http://127.0.0.1:8000/sign-in/single/back"]
    assert len(asked["nonce"][0]) >= 32
    assert len(asked["state"][0]) >= 32


def test_a_provider_that_is_down_is_503_and_the_password_still_works(app: Flask, officer: UUID, settings: Settings) -> None:
    app.extensions["lms.settings"] = replace(settings, oidc_issuer="http://localhost:9")
    response = app.test_client().get("/sign-in/single")
    assert response.status_code == 503
    assert "không trả lời" in response.text
    assert app.test_client().post("/sign-in", data={"login": "dung", "password": PASSWORD}).status_code == 303


def test_closed_accounts_stay_closed(app: Flask, officer: UUID, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Account).where(Account.person_id == officer).values(disabled_at=now()))
    assert come_back(app.test_client(), "subject-1").status_code == 400


def test_leaving_offers_to_leave_the_provider_too(app: Flask, officer: UUID) -> None:
    client = app.test_client()
    come_back(client, "subject-1")
    left = client.post("/sign-out")
    assert "left=yes" in left.location
    assert "Đăng xuất tài khoản công vụ" in client.get(left.location).text
    assert client.get("/sign-in/single/leave").status_code == 302


def test_the_page_names_the_provider_only_where_there_is_one(app: Flask, settings: Settings) -> None:
    assert "Đăng nhập bằng tài khoản công vụ" in app.test_client().get("/sign-in").text
    app.extensions["lms.settings"] = replace(settings, oidc_issuer=None)
    assert "tài khoản công vụ" not in app.test_client().get("/sign-in").text
    for address in ("/sign-in/single", "/sign-in/single/back", "/sign-in/single/leave"):
        assert app.test_client().get(address).location == "/sign-in"


class TestTokens:
    """What an ID token must say, whoever's key signed it."""

    KEY = RSAKey.generate_key(2048, {"kid": "ours"})

    @pytest.fixture
    def provider(self, settings: Settings) -> IdentityProvider:
        provider = IdentityProvider(settings)
        base = str(settings.oidc_issuer)
        about = {name: f"{base}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        kept = time.monotonic() + 1000
        provider._kept = {
            f"{base}/.well-known/openid-configuration": (kept, {"issuer": base, **about}),
            about["jwks_uri"]: (kept, {"keys": [self.KEY.as_dict(private=False)]}),
        }
        return provider

    def claims(self, settings: Settings, **changed: Any) -> dict[str, Any]:
        at = int(time.time())
        right = {"iss": settings.oidc_issuer, "aud": "lms", "sub": "s", "nonce": "n", "iat": at, "exp": at + 60}
        return {name: value for name, value in {**right, **changed}.items() if value is not None}

    def read(self, provider: IdentityProvider, claims: dict[str, Any], key: RSAKey | None = None) -> Any:
        return provider._claims(jwt.encode({"alg": "RS256", "kid": "ours"}, claims, key or self.KEY), "n")

    def test_a_right_one_is_believed(self, provider: IdentityProvider, settings: Settings) -> None:
        assert self.read(provider, self.claims(settings))["sub"] == "s"
        assert self.read(provider, self.claims(settings, aud=["other", "lms"], azp="lms"))["sub"] == "s"

    @pytest.mark.parametrize(
        "changed",
        [
            {"exp": 1000}, {"exp": None}, {"iss": "https://evil.example"}, {"aud": "another-service"}, {"aud": None}, {"nonce": "other"},
            {"nonce": None}, {"sub": None}, {"azp": "another-service"}, {"iat": 4_000_000_000},
        ],
        ids=str,
    )  # fmt: skip
    def test_expired_and_foreign_ones_are_not(self, provider: IdentityProvider, settings: Settings, changed: dict[str, Any]) -> None:
        with pytest.raises(TokenRefusedError, match="claims"):
            self.read(provider, self.claims(settings, **changed))

    def test_one_signed_by_a_stranger_is_not(self, provider: IdentityProvider, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        asked = provider._asked
        monkeypatch.setattr(provider, "_asked", lambda address, *, fresh: asked(address, fresh=False))
        with pytest.raises(TokenRefusedError, match="signature"):
            self.read(provider, self.claims(settings), RSAKey.generate_key(2048, {"kid": "ours"}))
        with pytest.raises(TokenRefusedError, match="signature"):
            provider._claims("not.a.token", "n")

    def test_handshakes_differ(self) -> None:
        first, second = Handshake.fresh(), Handshake.fresh()
        assert not {first.state, first.nonce, first.verifier} & {second.state, second.nonce, second.verifier}
