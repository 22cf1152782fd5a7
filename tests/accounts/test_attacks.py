"""What somebody tries who wants in without being let in, or wants others out."""

from __future__ import annotations

import base64
import hashlib
import hmac
import http.server
import json
import re
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pyotp
import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from joserfc import jwt
from joserfc.jwk import RSAKey
from sqlalchemy import func, select, update

from lms.accounts import identity_provider, operations
from lms.accounts.identity_provider import IdentityProvider, ProviderAwayError, Subject, TokenRefusedError
from lms.accounts.models import Account, FailedAddress, FederatedIdentity, Passkey, Person, SignIn, SignInStep
from lms.accounts.rules.policy import Span
from lms.accounts.rules.tokens import token_hash
from lms.app import create_app
from lms.config import Settings
from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.clock import now
from lms.kit.db import Database
from tests.accounts.authenticator import SoftwareKey
from tests.factories import grant, make_agency, make_person

AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
PASSWORD = "Chợ Mới 2026 đông vui"
SECRET = "GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ"
ISSUER = "http://localhost:9"


@pytest.fixture
def settings(settings: Settings) -> Settings:
    return replace(
        settings,
        base_url="http://localhost:8000",
        require_second_factor=True,
        oidc_issuer=ISSUER,
        oidc_client_id="lms",
        oidc_client_secret="secret-of-the-lms-secret-of-the-lms",
    )


@pytest.fixture
def clock() -> Iterator[time_machine.Coordinates]:
    with time_machine.travel(AT, tick=False) as clock:
        yield clock


@pytest.fixture
def people(clock: time_machine.Coordinates, database: Database) -> dict[str, UUID]:
    """A manager with a code application, one with a passkey alone, one with neither, and a learner."""
    with database.transaction() as session:
        agency = make_agency(session, "Sở Nội vụ")
        found = {}
        for login, name in (("chu", "Triệu Thị Chủ"), ("khoa", "Lê Văn Khóa"), ("moi", "Hà Thị Mới"), ("dung", "Nông Văn Dũng")):
            person = found[login] = make_person(session, name, agency=agency, login=login, password=PASSWORD)
            account = session.get_one(Account, person)
            account.last_sign_in_at = account.password_set_at = AT - timedelta(days=1)
            if login != "dung":
                grant(session, person, Role.DEPARTMENT)
        operations.confirm_authenticator(session, Actor(found["chu"], "", ""), SECRET, 0, token_hash="", at=AT)
        session.add(Passkey(person_id=found["khoa"], credential_id="AAAA", public_key=b"", sign_count=0, name="Máy", created_at=AT))
        return found


def sign_in(app: Flask, login: str, **more: str) -> FlaskClient:
    client = app.test_client()
    client.post("/sign-in", data={"login": login, "password": PASSWORD, **more})
    return client


def through_the_provider(app: Flask, monkeypatch: pytest.MonkeyPatch, name: str | None, *, strong: bool = False) -> tuple[FlaskClient, str]:
    """Somebody whom the provider vouches for under a name; where they are led."""
    monkeypatch.setattr(IdentityProvider, "address", lambda self, handshake, back: "https://provider.example/")
    monkeypatch.setattr(IdentityProvider, "subject", lambda self, code, handshake, back: Subject(ISSUER, f"of {name}", name, strong))
    client = app.test_client()
    client.get("/sign-in/single")
    with client.session_transaction() as cookie:
        state = cookie["single"]
    return client, str(client.get(f"/sign-in/single/back?code=x&state={state}").location)


def at_once(number: int, attempt: Callable[[int], Any]) -> list[Any]:
    start = threading.Barrier(number)

    def run(which: int) -> Any:
        start.wait()
        return attempt(which)

    with ThreadPoolExecutor(number) as pool:
        return list(pool.map(run, range(number)))


class TestTheOtherHalf:
    def test_between_the_halves_no_page_opens(self, app: Flask, people: dict[str, UUID]) -> None:
        client = sign_in(app, "chu", next="/manage/people")
        for address in ("/", "/account", "/manage/people", "/account/second-factor", "/account/passkeys"):
            assert client.get(address).location.startswith("/sign-in"), address
        assert client.post("/account/passkeys/options", json={}).status_code == 401

    def test_it_is_asked_for_again_with_a_session_open_that_ends_thereby(
        self, app: Flask, people: dict[str, UUID], database: Database
    ) -> None:
        client = sign_in(app, "chu")
        client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(AT)})
        assert client.get("/account").status_code == 200
        assert client.post("/sign-in", data={"login": "chu", "password": PASSWORD}).location == "/sign-in/code"
        assert client.get("/account").status_code == 302
        with database.reading() as session:
            assert session.scalar(select(func.count()).where(SignIn.ended_at.is_(None), SignIn.person_id == people["chu"])) == 0

    def test_one_code_opens_one_session_however_many_show_it_at_once(self, app: Flask, people: dict[str, UUID], database: Database) -> None:
        clients = [sign_in(app, "chu") for _number in range(4)]
        code = pyotp.TOTP(SECRET).at(AT)
        for client in clients:
            client.csrf_token()
        answers = at_once(4, lambda which: clients[which].post("/sign-in/code", data={"code": code}).status_code)
        assert sorted(answers) == [303, 422, 422, 422]

    def test_one_recovery_code_opens_one_session_however_many_show_it_at_once(
        self, app: Flask, people: dict[str, UUID], database: Database
    ) -> None:
        with database.transaction() as session:
            code = operations.renew_recovery_codes(session, Actor(people["chu"], "", ""), AT)[0]
        clients = [sign_in(app, "chu") for _number in range(3)]
        answers = at_once(3, lambda which: clients[which].post("/sign-in/code", data={"code": code}).status_code)
        assert sorted(answers) == [303, 422, 422]

    def test_it_ends_when_the_password_is_taken_back(self, app: Flask, people: dict[str, UUID], database: Database) -> None:
        client = sign_in(app, "chu")
        with database.transaction() as session:
            operations.reset_password(session, SERVICE, people["chu"], AT)
        assert client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(AT)}).location == "/sign-in"

    def test_a_slip_does_not_take_the_place_of_a_passkey(self, app: Flask, people: dict[str, UUID], database: Database) -> None:
        """Who prints the slips of a manager must not become that manager."""
        with database.transaction() as session:
            code = operations.reset_password(session, SERVICE, people["khoa"], AT).code
        client = app.test_client()
        client.post("/activate", data={"code": code})
        new = "Suối Mỏ Gà 2027 trong xanh"
        assert client.post("/activate/password", data={"password": new, "again": new}).location == "/sign-in"
        assert client.get("/account/second-factor").status_code == 302
        asked = client.post("/sign-in", data={"login": "khoa", "password": new, "next": "/manage/people"})
        page = client.get(asked.location).text
        assert "Xác nhận bằng khóa truy cập" in page
        assert "/sign-in/passkey?next=/manage/people" in page
        assert 'name="code"' not in page

    def test_one_who_is_given_a_role_cannot_set_up_around_the_passkey_they_have(
        self, app: Flask, people: dict[str, UUID], database: Database
    ) -> None:
        with database.transaction() as session:
            session.add(Passkey(person_id=people["dung"], credential_id="BBBB", public_key=b"", sign_count=0, name="Máy", created_at=AT))
        client = sign_in(app, "dung")
        with database.transaction() as session:
            grant(session, people["dung"], Role.DEPARTMENT)
        assert 'name="code"' not in client.get("/account/second-factor").text
        assert client.post("/account/second-factor", data={"code": "123456"}).location.startswith("/sign-in?again=yes")

    def test_a_challenge_of_one_kind_is_none_of_another(self, app: Flask, people: dict[str, UUID], database: Database) -> None:
        client = sign_in(app, "moi")
        key = SoftwareKey(origin="http://localhost:8000", site="localhost")
        options = client.post("/account/passkeys/options", json={}).json
        other = client.post("/sign-in/passkey/options", json={}).json
        made = key.make({**options, "challenge": other["challenge"]})
        assert client.post("/account/passkeys", json={"credential": made}).json["error"]["code"] == "passkey_expired"
        with database.transaction() as session:
            operations.begin_step(session, "link", "key", AT, details={})
            assert operations.finish_step(session, "code", "key", AT) is None

    def test_passkeys_are_removed_only_soon_after_signing_in(
        self, app: Flask, people: dict[str, UUID], database: Database, clock: time_machine.Coordinates
    ) -> None:
        client = sign_in(app, "moi", remember="y")
        key = SoftwareKey(origin="http://localhost:8000", site="localhost")
        client.post("/account/passkeys", json={"credential": key.make(client.post("/account/passkeys/options", json={}).json)})
        with database.reading() as session:
            passkey = str(session.scalars(select(Passkey.id).where(Passkey.person_id == people["moi"])).one())
        clock.shift(timedelta(minutes=16))
        assert "Xóa khóa này" not in client.get("/account/passkeys").text
        assert client.post("/account/passkeys/remove", data={"passkey": passkey}).location.startswith("/sign-in?again=yes")
        with database.reading() as session:
            assert session.get(Passkey, UUID(passkey)) is not None


class TestSingleSignOn:
    def test_a_claim_alone_opens_no_account_with_a_role(
        self, app: Flask, people: dict[str, UUID], database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """Else whoever may choose their name at the provider chooses whom they manage as; also where the provider asked twice."""
        for login in ("moi", "khoa"):
            for strong in (False, True):
                client, led = through_the_provider(app, monkeypatch, login, strong=strong)
                assert led == "/sign-in/single/link"
                assert client.get("/account").status_code == 302
        client, led = through_the_provider(app, monkeypatch, "chu", strong=True)
        assert led == "/sign-in/code"
        assert client.get("/account").status_code == 302
        with database.reading() as session:
            assert session.scalars(select(FederatedIdentity)).all() == []
        assert client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(AT)}).location == "/"
        with database.reading() as session:
            assert session.scalars(select(FederatedIdentity.person_id)).all() == [people["chu"]]

    @pytest.mark.parametrize("name", ["dũng", "d ung", "DUNG\u200b", "ｄｕｎｇ", "dung\n", " ", "nobody"])
    def test_a_name_that_only_looks_like_ones_own_is_not(
        self, app: Flask, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch, name: str
    ) -> None:
        assert through_the_provider(app, monkeypatch, name)[1] == "/sign-in/single/link"
        assert through_the_provider(app, monkeypatch, "DUNG")[1] == "/"

    def test_what_another_provider_answered_is_refused(self, app: Flask, people: dict[str, UUID], monkeypatch: pytest.MonkeyPatch) -> None:
        through_the_provider(app, monkeypatch, "dung")
        client = app.test_client()
        client.get("/sign-in/single")
        with client.session_transaction() as cookie:
            state = cookie["single"]
        assert client.get(f"/sign-in/single/back?code=x&state={state}&iss=https://evil.example").status_code == 400

    def test_one_unlinks_what_opens_ones_own_account_and_nothing_else(
        self, app: Flask, people: dict[str, UUID], database: Database, monkeypatch: pytest.MonkeyPatch, clock: time_machine.Coordinates
    ) -> None:
        client, _led = through_the_provider(app, monkeypatch, "dung")
        with database.transaction() as session:
            operations.link_identity(session, Actor(people["chu"], "", ""), ISSUER, "chief", AT)
        assert ISSUER in client.get("/account/single-sign-on").text
        clock.shift(timedelta(minutes=14))
        client.get("/account")
        clock.shift(timedelta(minutes=2))
        assert client.post("/account/single-sign-on/unlink").location.startswith("/sign-in?again=yes")
        client = sign_in(app, "dung")
        assert "Đã gỡ" in client.post("/account/single-sign-on/unlink", follow_redirects=True).text
        with database.reading() as session:
            assert session.scalars(select(FederatedIdentity.person_id)).all() == [people["chu"]]

    def test_the_only_way_in_is_not_taken_away(
        self, app: Flask, people: dict[str, UUID], database: Database, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with database.transaction() as session:
            session.execute(update(Account).where(Account.person_id == people["dung"]).values(password_hash=None))
        client, _led = through_the_provider(app, monkeypatch, "dung")
        assert "không còn cách đăng nhập" in client.post("/account/single-sign-on/unlink", follow_redirects=True).text
        with database.reading() as session:
            assert len(session.scalars(select(FederatedIdentity)).all()) == 1


class TestTokens:
    KEY = RSAKey.generate_key(2048, {"kid": "ours"})

    @pytest.fixture
    def provider(self, settings: Settings) -> IdentityProvider:
        provider = IdentityProvider(settings)
        about = {name: f"{ISSUER}/{name}" for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")}
        kept = time.monotonic() + 1000
        provider._kept = {
            f"{ISSUER}/.well-known/openid-configuration": (kept, {"issuer": ISSUER, **about}),
            about["jwks_uri"]: (kept, {"keys": [self.KEY.as_dict(private=False)]}),
        }
        asked = provider._asked
        provider._asked = lambda address, *, fresh: asked(address, fresh=False)  # type: ignore[method-assign]
        return provider

    @staticmethod
    def claims(**changed: Any) -> dict[str, Any]:
        at = int(time.time())
        return {"iss": ISSUER, "aud": "lms", "sub": "s", "nonce": "n", "iat": at, "exp": at + 60, **changed}

    @staticmethod
    def written(header: dict[str, Any], claims: dict[str, Any], key: bytes | None) -> str:
        def text(value: bytes) -> str:
            return base64.urlsafe_b64encode(value).rstrip(b"=").decode()

        signed = ".".join(text(json.dumps(part).encode()) for part in (header, claims))
        return f"{signed}.{text(hmac.digest(key, signed.encode(), hashlib.sha256)) if key else ''}"

    def test_unsigned_ones_and_those_signed_with_what_is_no_secret_of_the_provider_are_refused(
        self, provider: IdentityProvider, settings: Settings
    ) -> None:
        secret = str(settings.oidc_client_secret).encode()
        for header, key in (
            ({"alg": "none"}, None),
            ({"alg": "None", "kid": "ours"}, None),
            ({"alg": "HS256"}, secret),
            ({"alg": "HS256", "kid": "ours"}, self.KEY.as_pem(private=False)),
            ({"alg": "RS256", "kid": "ours", "jwk": RSAKey.generate_key(2048).as_dict(private=False)}, b"x"),
        ):
            with pytest.raises(TokenRefusedError, match="signature"):
                provider._claims(self.written(header, self.claims(), key), "n")

    @pytest.mark.parametrize("changed", [{"aud": ["lms", "other"]}, {"sub": ""}, {"sub": {"a": 1}}, {"sub": "x" * 256}], ids=str)
    def test_ones_that_do_not_say_for_whom_and_of_whom_are_refused(self, provider: IdentityProvider, changed: dict[str, Any]) -> None:
        token = jwt.encode({"alg": "RS256", "kid": "ours"}, self.claims(**changed), self.KEY)
        with pytest.raises(TokenRefusedError, match="claims"):
            provider._claims(token, "n")


class TestASlowOrGarrulousProvider:
    @pytest.fixture
    def issuer(self) -> Iterator[str]:
        class Handler(http.server.BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self.send_response(200)
                self.end_headers()
                try:
                    if self.path.startswith("/large"):
                        self.wfile.write(b" " * (identity_provider.LARGEST + 20_000))
                        return
                    while True:  # never quiet for as long as a read waits
                        self.wfile.write(b" ")
                        time.sleep(0.05)
                except OSError:
                    return

            def log_message(self, *given: Any) -> None:
                """Quiet."""

        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        server.daemon_threads = True
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        server.shutdown()
        server.server_close()

    @pytest.mark.parametrize(("path", "reason"), [("large", "more than"), ("slow", "not finished")])
    def test_nobody_waits_for_what_never_ends(
        self, settings: Settings, issuer: str, monkeypatch: pytest.MonkeyPatch, path: str, reason: str
    ) -> None:
        monkeypatch.setattr(identity_provider, "TIMEOUT", 0.4)
        provider = IdentityProvider(replace(settings, oidc_issuer=f"{issuer}/{path}"))
        with pytest.raises(ProviderAwayError, match=reason):
            provider._about()
        with pytest.raises(ProviderAwayError, match="a moment ago"):  # and not every thread of the service in turn
            provider._about()


class TestForms:
    def test_what_was_entered_before_the_session_ended_is_sent_again_after_signing_in(
        self, app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
    ) -> None:
        app.extensions["lms.settings"] = replace(app.extensions["lms.settings"], require_second_factor=False)
        for minutes in (7, 60):  # managing pages ask again; the whole session is over
            client = sign_in(app, "moi")
            token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account").text)
            assert token
            clock.shift(timedelta(minutes=minutes))
            fields = {"csrf_token": token[1], "name": "Nhóm <mới>", "day": ["1", "2"]}
            page = client.open("/manage/people/groups", method="POST", data=fields)
            assert page.status_code == 401
            assert "Chưa lưu" in page.text
            assert 'name="name" value="Nhóm &lt;mới&gt;"' in page.text
            assert page.text.count('name="day"') == 2
            again = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', page.text)
            assert again
            client.post("/sign-in", data={"login": "moi", "password": PASSWORD})
            assert client.open("/manage/people/groups", method="POST", data={**fields, "csrf_token": again[1]}).status_code not in (
                400,
                401,
            )

    def test_with_the_second_factor_too_they_are_still_good(
        self, app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
    ) -> None:
        client = sign_in(app, "chu")
        client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(AT)})
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account").text)
        assert token
        clock.shift(timedelta(minutes=7))
        client.post("/sign-in", data={"login": "chu", "password": PASSWORD})
        client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(AT + timedelta(minutes=7))})
        assert client.open("/account/devices/end-others", method="POST", data={"csrf_token": token[1]}).status_code == 303

    def test_nobody_elses_forms_survive_a_sign_in(self, app: Flask, people: dict[str, UUID]) -> None:
        """Neither those of the person before on a shared machine, nor those of a session an attacker planted."""
        client = sign_in(app, "dung")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account").text)
        assert token
        client.post("/sign-in", data={"login": "moi", "password": PASSWORD})
        assert client.open("/account/devices/end-others", method="POST", data={"csrf_token": token[1]}).status_code == 400

    def test_another_sites_fields_never_get_into_a_page_of_ours(
        self, app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
    ) -> None:
        client = sign_in(app, "dung")
        clock.shift(timedelta(hours=1))
        answer = client.open("/account/devices/end-others", method="POST", data={"planted": "evil"})
        assert answer.status_code == 302
        assert "evil" not in answer.text

    def test_passwords_and_files_are_never_written_into_a_page(
        self, app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
    ) -> None:
        client = sign_in(app, "dung")
        token = re.search(r'name="csrf_token"[^>]*value="([^"]+)"', client.get("/account").text)
        assert token
        clock.shift(timedelta(hours=1))
        page = client.open("/account/password", method="POST", data={"csrf_token": token[1], "current": PASSWORD, "password": "mới"})
        assert page.status_code == 401
        assert PASSWORD not in page.text
        assert "nhập lại" in page.text
        assert "Lần đăng nhập trước đã kết thúc" in client.get("/sign-in").text

    def test_signing_out_takes_a_token(self, app: Flask, people: dict[str, UUID]) -> None:
        client = sign_in(app, "dung")
        assert client.open("/sign-out", method="POST").status_code == 400
        assert client.get("/sign-out").status_code == 405
        assert client.get("/account").status_code == 200


class TestSessions:
    def test_behind_https_no_other_name_of_the_domain_can_plant_a_session(self, settings: Settings, database: Database) -> None:
        app = create_app(replace(settings, base_url="https://lms.example.vn"))
        answer = app.test_client().get("/sign-in", base_url="https://lms.example.vn")
        app.extensions["lms.database"].dispose()
        cookie = answer.headers["Set-Cookie"]
        assert cookie.startswith("__Host-lms_session=")
        assert {"Secure", "HttpOnly", "Path=/", "SameSite=Lax"} <= {part.strip() for part in cookie.split(";")}
        assert "Domain" not in cookie

    def test_a_cookie_that_promises_to_remember_somebody_opens_nothing(
        self, app: Flask, people: dict[str, UUID], database: Database
    ) -> None:
        client = app.test_client()
        client.set_cookie("remember_token", f"{people['dung']}|{'0' * 128}")
        assert client.get("/account").status_code == 302

    def test_a_request_beside_the_start_of_a_test_does_not_shorten_what_it_held_open(
        self, people: dict[str, UUID], database: Database
    ) -> None:
        row = {"token_hash": token_hash("t"), "person_id": people["dung"], "created_at": AT, "expires_at": AT + timedelta(hours=2)}
        with database.transaction() as session:
            session.add(SignIn(**row, idle_until=AT + timedelta(hours=1)))
            session.flush()
            operations.note_seen(session, token_hash("t"), Span(AT + timedelta(hours=2), AT + timedelta(minutes=15), None), AT)
        with database.reading() as session:
            assert session.scalars(select(SignIn.idle_until)).one() == AT + timedelta(hours=1)

    def test_public_addresses_do_not_open_a_session_that_lay_idle(
        self, app: Flask, people: dict[str, UUID], clock: time_machine.Coordinates
    ) -> None:
        client = sign_in(app, "dung")
        clock.shift(timedelta(minutes=30))
        for address in ("/sign-in", "/healthz", "/accessibility", "/static/css/app.css"):
            client.get(address).close()
        assert client.get("/account", headers={"Accept": "application/json"}).status_code == 401
        assert client.get("/account").status_code == 302

    def test_failures_at_the_same_moment_do_not_wait_for_each_other(self, people: dict[str, UUID], database: Database) -> None:
        """Two addresses whose counts are both over fail at once: each clears up and counts itself."""
        hashes = [token_hash(f"10.0.0.{number}") for number in range(8)]
        for _round in range(3):
            with database.transaction() as session:
                session.execute(update(FailedAddress).values(counted_until=AT - timedelta(minutes=1)))

            def fail(which: int) -> None:
                with database.transaction() as session:
                    operations.count_address(session, hashes[which], AT)

            at_once(8, fail)
        with database.reading() as session:
            assert session.scalar(select(func.count()).select_from(FailedAddress)) == 8

    def test_the_half_way_of_the_erased_and_the_merged_leads_nowhere(self, app: Flask, people: dict[str, UUID], database: Database) -> None:
        client = sign_in(app, "chu")
        with database.transaction() as session:
            session.execute(update(Account).where(Account.person_id == people["chu"]).values(disabled_at=now()))
        assert client.post("/sign-in/code", data={"code": pyotp.TOTP(SECRET).at(AT)}).status_code == 422
        assert client.get("/account").status_code == 302
        with database.reading() as session:
            assert session.get_one(Person, people["chu"]).full_name
            assert session.scalars(select(SignInStep.kind)).all() == ["code"]
