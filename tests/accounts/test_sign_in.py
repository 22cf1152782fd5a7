"""Getting in, staying in, getting out."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import event, func, select, update

from lms.accounts import operations
from lms.accounts.models import Account, ActivationCode, SignIn, UnknownName
from lms.accounts.rules import passwords, tokens
from lms.accounts.rules.lockout import Lock
from lms.accounts.rules.policy import Span
from lms.app import create_app
from lms.config import Settings
from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.clock import now
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person
from tests.page_client import PageClient

PASSWORD = "ruộng bậc thang"
STRICT = "Chợ Mới 2026 đông vui"  # long, of four kinds
AT = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)  # ten o'clock in the province
SignInAs = Callable[[str], FlaskClient]


@pytest.fixture
def officer(database: Database) -> object:
    with database.transaction() as session:
        return make_person(
            session, "Nông Văn Dũng", agency=make_agency(session, "Sở Y tế"), login="dung", staff_code="CB00016", password=PASSWORD
        )


def make_manager(database: Database, *, password_set_at: datetime = AT) -> UUID:
    with database.transaction() as session:
        person = make_person(session, "Triệu Thị Chủ", agency=make_agency(session, "Sở Nội vụ"), login="chu", password=STRICT)
        grant(session, person, Role.DEPARTMENT)
        account = session.get_one(Account, person)
        account.password_set_at, account.last_sign_in_at = password_set_at, AT - timedelta(days=1)
        return person


def submit(client: FlaskClient, login: str, password: str, **fields: str) -> object:
    return client.post("/sign-in", data={"login": login, "password": password, **fields})


@pytest.mark.parametrize("name", ["dung", " DUNG ", "cb00016", "CB 00016"])
def test_login_name_or_staff_code_and_password_open_a_session(app: Flask, officer: object, database: Database, name: str) -> None:
    client = app.test_client()
    response = submit(client, name, PASSWORD, next="/account")
    assert (response.status_code, response.location) == (303, "/account")
    assert "Nông Văn Dũng" in client.get("/account").text
    with database.reading() as session:
        row = session.scalars(select(SignIn)).one()
        assert len(row.token_hash) == 64
        assert timedelta(hours=11) < row.expires_at - now() < timedelta(hours=13)
        assert session.scalars(select(AuditEntry.action)).all() == ["accounts.sign_in"]


def test_on_a_machine_of_ones_own_the_session_outlives_the_browser(app: Flask, officer: object, database: Database) -> None:
    shared = submit(app.test_client(), "dung", PASSWORD).headers["Set-Cookie"]
    own = submit(app.test_client(), "dung", PASSWORD, remember="y").headers["Set-Cookie"]
    assert "Expires=" not in shared
    assert "Expires=" in own
    with database.reading() as session:
        longest = max(session.scalars(select(SignIn.expires_at)))
    assert timedelta(days=13) < longest - now() < timedelta(days=15)


def test_the_cookie_and_the_row_do_not_give_each_other_away(app: Flask, officer: object, database: Database) -> None:
    client = app.test_client()
    submit(client, "dung", PASSWORD)
    with client.session_transaction() as cookie:
        token = cookie["_user_id"]
    with database.reading() as session:
        assert session.scalars(select(SignIn.token_hash)).one() == tokens.token_hash(token)


def test_a_session_planted_before_sign_in_is_gone_after_it(app: Flask, officer: object) -> None:
    client = app.test_client()
    with client.session_transaction() as cookie:
        cookie["planted"] = "yes"
        cookie["_user_id"] = "chosen-by-somebody-else"
    submit(client, "dung", PASSWORD)
    with client.session_transaction() as cookie:
        assert "planted" not in cookie
        assert cookie["_user_id"] != "chosen-by-somebody-else"


def words(response: object) -> str:
    """The page without what differs from one request to the next."""
    text = re.sub(r'name="(csrf_token|login)"[^>]*', "", response.text)
    return re.sub(r"<code>.*?</code>|[0-9]{2}:[0-9]{2}", "", text)


def test_a_wrong_name_and_a_wrong_password_read_the_same(app: Flask, officer: object) -> None:
    wrong_password = submit(app.test_client(), "dung", "sai mật khẩu")
    wrong_name = submit(app.test_client(), "khong", "sai mật khẩu")
    assert wrong_password.status_code == wrong_name.status_code == 422
    assert "không đúng" in wrong_name.text
    assert words(wrong_password) == words(wrong_name)


def test_unknown_names_cost_the_same_work(app: Flask, officer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = []
    monkeypatch.setattr(passwords, "password_matches", lambda stored, typed: compared.append(stored) or False)
    submit(app.test_client(), "dung", "x")
    submit(app.test_client(), "khong", "x")
    assert len(compared) == 2


@pytest.mark.parametrize("name", ["dung", "khong"])
def test_the_fifth_wrong_password_locks_a_name_whether_it_exists_or_not(app: Flask, officer: object, name: str) -> None:
    client = app.test_client()
    for _ in range(4):
        assert "tạm khóa" in submit(client, name, "sai").text
    assert "Tạm khóa đăng nhập" in submit(client, name, "sai").text
    assert "Tạm khóa đăng nhập" in submit(client, name, PASSWORD).text


@pytest.mark.parametrize("name", ["dung", "khong co ai"])
def test_wrong_passwords_are_counted_alike_for_all_names_by_every_process_and_over_days(
    app: Flask, settings: Settings, officer: object, name: str
) -> None:
    """A name that locked later, or forgot sooner, would be known not to exist."""
    other = create_app(settings)
    other.test_client_class = PageClient
    answers = []
    for number, process in enumerate((app, other, app, other, app, other)):
        with time_machine.travel(now() + timedelta(hours=number // 3 * 24), tick=False):
            answers.append("Tạm khóa đăng nhập" in submit(process.test_client(), name.replace(" ", " " * number), "sai").text)
    with time_machine.travel(now() + timedelta(hours=24, minutes=11), tick=False):
        answers.append("Tạm khóa đăng nhập" in submit(app.test_client(), name, "sai").text)
    other.extensions["lms.database"].dispose()
    assert answers == [False, False, False, False, True, True, False]


def test_names_that_are_nobodys_are_forgotten_after_a_month(app: Flask, officer: object, database: Database) -> None:
    for days, name in ((0, "khongco"), (31, "khongco2")):
        with time_machine.travel(now() + timedelta(days=days), tick=False):
            submit(app.test_client(), name, "sai")
    with database.reading() as session:
        assert session.scalar(select(func.count()).select_from(UnknownName)) == 1


def test_a_lock_ends_after_ten_minutes(app: Flask, officer: object, database: Database) -> None:
    client = app.test_client()
    for _ in range(5):
        submit(client, "dung", "sai")
    with database.transaction() as session:
        locked = session.scalars(select(Account.locked_until)).one()
        assert timedelta(minutes=9) < locked - now() <= timedelta(minutes=10)
        session.execute(update(Account).values(locked_until=now() - timedelta(seconds=1)))
    assert submit(client, "dung", PASSWORD).status_code == 303


def test_an_address_that_keeps_guessing_is_slowed(app: Flask, officer: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "password_matches", lambda stored, typed: False)
    client = app.test_client()
    answers = [submit(client, f"khong{number}", "sai").status_code for number in range(101)]
    assert answers[:100] == [422] * 100
    assert answers[100] == 429


@pytest.mark.parametrize("login", ["", "   "])
def test_missing_fields_are_named(app: Flask, login: str) -> None:
    page = submit(app.test_client(), login, "").text
    assert "Chưa nhập tên đăng nhập hoặc mã cán bộ" in page
    assert "Chưa nhập mật khẩu" in page


def test_one_is_not_sent_to_other_sites(app: Flask, officer: object) -> None:
    assert submit(app.test_client(), "dung", PASSWORD, next="//evil.example/x").location == "/"
    assert submit(app.test_client(), "dung", PASSWORD, next="https://evil.example").location == "/"


def test_a_post_without_token_is_refused(app: Flask, officer: object) -> None:
    assert app.test_client().open("/sign-in", method="POST", data={"login": "dung", "password": PASSWORD}).status_code == 400


def test_signing_out_ends_the_session_on_the_server(app: Flask, officer: object, database: Database, sign_in: SignInAs) -> None:
    client = sign_in("dung")
    with client.session_transaction() as cookie:
        stolen = dict(cookie)
    assert client.post("/sign-out").status_code == 303
    thief = app.test_client()
    with thief.session_transaction() as cookie:
        cookie.update(stolen)
    assert thief.get("/account").status_code == 302


def test_disabled_accounts_and_ended_sessions_are_out_at_once(database: Database, officer: object, sign_in: SignInAs) -> None:
    client = sign_in("dung")
    with database.transaction() as session:
        session.execute(update(Account).values(disabled_at=now()))
    assert client.get("/account").status_code == 302
    with database.transaction() as session:
        session.execute(update(Account).values(disabled_at=None))
    assert client.get("/account").status_code == 200
    with database.transaction() as session:
        session.execute(update(SignIn).values(expires_at=now()))
    assert client.get("/account").status_code == 302


@pytest.fixture
def slip(database: Database) -> str:
    with database.transaction() as session:
        person = make_person(session, "Lê Thị Bé", agency=make_agency(session, "Sở Y tế"), login="be", activated=False)
        return operations.issue_codes(session, SERVICE, [person], now())[0].code


def test_a_slip_leads_to_a_password_of_ones_own_and_in(app: Flask, slip: str) -> None:
    client = app.test_client()
    response = client.post("/activate", data={"code": slip.lower().replace("-", " ")})
    assert response.location == "/activate/password"
    assert "Lê Thị Bé" in client.get("/activate/password").text
    response = client.post("/activate/password", data={"password": PASSWORD, "again": PASSWORD})
    assert (response.status_code, response.location) == (303, "/")
    assert client.get("/account").status_code == 200
    assert submit(app.test_client(), "be", PASSWORD).status_code == 303


def test_a_slip_works_once(app: Flask, slip: str) -> None:
    first, second = app.test_client(), app.test_client()
    for client in (first, second):
        assert client.post("/activate", data={"code": slip}).status_code == 303
    assert first.post("/activate/password", data={"password": PASSWORD, "again": PASSWORD}).location == "/"
    assert second.post("/activate/password", data={"password": "mật khẩu khác", "again": "mật khẩu khác"}).location == "/activate"
    assert app.test_client().post("/activate", data={"code": slip}).status_code == 422


@pytest.mark.parametrize("column", ["expires_at", "revoked_at"])
def test_slips_out_of_date_or_replaced_do_not_work(app: Flask, slip: str, database: Database, column: str) -> None:
    with database.transaction() as session:
        session.execute(update(ActivationCode).values({column: now() - timedelta(seconds=1)}))
    response = app.test_client().post("/activate", data={"code": slip})
    assert response.status_code == 422
    assert "phiếu mới" in response.text


@pytest.mark.parametrize(
    ("password", "again", "message"),
    [
        ("ngắn", "ngắn", "ít nhất 8 ký tự"),
        ("matkhau123", "matkhau123", "quá dễ đoán"),
        ("aaaaaaaaaa", "aaaaaaaaaa", "quá dễ đoán"),
        ("Lê Thị Bé", "Lê Thị Bé", "trùng tên đăng nhập hoặc họ tên"),
        (PASSWORD, PASSWORD + "?", "không giống nhau"),
        ("", "", "Chưa nhập mật khẩu mới"),
    ],
)
def test_weak_passwords_are_refused_with_the_reason(app: Flask, slip: str, password: str, again: str, message: str) -> None:
    client = app.test_client()
    client.post("/activate", data={"code": slip})
    response = client.post("/activate/password", data={"password": password, "again": again})
    assert response.status_code == 422
    assert message in response.text


def test_codes_carry_64_bits_in_letters_nobody_mistakes() -> None:
    assert len(tokens.CODE_ALPHABET) ** tokens.CODE_LENGTH > 2**64
    assert not set(tokens.CODE_ALPHABET) & set("01258BILOSUVZ")
    assert tokens.code_hash(tokens.new_activation_code()) != tokens.code_hash(tokens.new_activation_code())


def test_a_new_slip_replaces_the_old_one(app: Flask, slip: str, database: Database) -> None:
    with database.transaction() as session:
        person = session.scalars(select(Account.person_id)).one()
        fresh = operations.issue_codes(session, SERVICE, [person], datetime.now(UTC))[0].code
    assert app.test_client().post("/activate", data={"code": slip}).status_code == 422
    assert app.test_client().post("/activate", data={"code": fresh}).status_code == 303


def test_changing_the_password_needs_the_old_one_and_ends_the_other_devices(officer: object, app: Flask, sign_in: SignInAs) -> None:
    here, there = sign_in("dung"), sign_in("dung")
    fields = {"password": "cầu Long Biên", "again": "cầu Long Biên"}
    assert "không đúng" in here.post("/account/password", data={"current": "sai", **fields}).text
    assert here.post("/account/password", data={"current": PASSWORD, **fields}).status_code == 303
    assert here.get("/account").status_code == 200
    assert there.get("/account").status_code == 302
    assert submit(app.test_client(), "dung", "cầu Long Biên").status_code == 303


def test_one_may_end_ones_own_devices_and_nobody_elses(officer: object, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        make_person(session, agency=make_agency(session, "Sở khác"), login="khac")
    here, there, other = sign_in("dung"), sign_in("dung"), sign_in("khac")

    def hash_of(client: FlaskClient) -> str:
        with client.session_transaction() as cookie:
            return tokens.token_hash(cookie["_user_id"])

    here.post("/account/devices/end", data={"device": hash_of(there)})
    here.post("/account/devices/end", data={"device": hash_of(other)})
    assert there.get("/account").status_code == 302
    assert other.get("/account").status_code == 200


def test_one_press_signs_out_everywhere_else(officer: object, sign_in: SignInAs) -> None:
    here, there, elsewhere = sign_in("dung"), sign_in("dung"), sign_in("dung")
    assert "Đăng xuất mọi thiết bị khác" in here.get("/account/devices").text
    assert here.post("/account/devices/end-others").status_code == 303
    assert [client.get("/account").status_code for client in (here, there, elsewhere)] == [200, 302, 302]
    assert "Đăng xuất mọi thiết bị khác" not in here.get("/account/devices").text


def test_a_session_on_a_shared_machine_ends_when_it_lies_idle(app: Flask, officer: object) -> None:
    client = app.test_client()
    with time_machine.travel(AT, tick=False) as clock:
        submit(client, "dung", PASSWORD)
        for _step in range(4):
            clock.shift(timedelta(minutes=14))
            assert client.get("/account").status_code == 200
        clock.shift(timedelta(minutes=19))
        assert client.get("/account").status_code == 302


def test_on_a_machine_of_ones_own_it_does_not(app: Flask, officer: object) -> None:
    client = app.test_client()
    with time_machine.travel(AT, tick=False) as clock:
        submit(client, "dung", PASSWORD, remember="y")
        clock.shift(timedelta(days=13))
        assert client.get("/account").status_code == 200
        clock.shift(timedelta(days=2))
        assert client.get("/account").status_code == 302


def test_when_a_device_was_last_seen_is_written_at_most_once_a_minute(app: Flask, officer: object, database: Database) -> None:
    client, writes = app.test_client(), []
    event.listen(database.engine, "before_cursor_execute", lambda *given: writes.append(given[2]) if "sign_in" in given[2] else None)
    with time_machine.travel(AT, tick=False) as clock:
        submit(client, "dung", PASSWORD)
        writes.clear()
        for _step in range(10):
            clock.shift(timedelta(seconds=5))
            client.get("/account")
        assert writes == []
        clock.shift(timedelta(minutes=3))
        client.get("/account")
        client.get("/account")
        assert len(writes) == 1
        assert "10:03" in client.get("/account/devices").text


def test_managing_pages_ask_again_after_five_minutes_and_lead_back(app: Flask, database: Database) -> None:
    make_manager(database)
    client = app.test_client()
    with time_machine.travel(AT, tick=False) as clock:
        submit(client, "chu", STRICT)
        assert client.get("/manage/people").status_code == 200
        clock.shift(timedelta(minutes=7))
        assert client.get("/account").status_code == 200
        asked = client.get("/manage/people?search=an")
        assert asked.status_code == 302
        assert "again=yes" in asked.location
        assert "Đăng nhập lại" in client.get(asked.location).text
        response = submit(client, "chu", STRICT, next="/manage/people?search=an")
        assert response.location == "/manage/people?search=an"
        assert client.get(response.location).status_code == 200
    with database.reading() as session:
        ended = session.scalars(select(SignIn.ended_at).order_by(SignIn.created_at)).all()
        assert [one is None for one in ended] == [False, True]


def test_a_manager_changes_the_password_every_sixty_days_or_manages_nothing(app: Flask, database: Database) -> None:
    make_manager(database, password_set_at=AT - timedelta(days=61))
    client = app.test_client()
    with time_machine.travel(AT, tick=False):
        assert submit(client, "chu", STRICT, next="/manage/people").location == "/account"
        assert client.get("/manage/people").location == "/account"
        assert "Cần đổi mật khẩu" in client.get("/account").text
        new = "Suối Mỏ Gà 2027 trong xanh"
        assert client.post("/account/password", data={"current": STRICT, "password": new, "again": new}).status_code == 303
        assert client.get("/manage/people").status_code == 200


def test_the_last_ten_passwords_are_not_taken_again(app: Flask, officer: object, sign_in: SignInAs) -> None:
    client, used = sign_in("dung"), [PASSWORD]

    def change(password: str) -> int:
        fields = {"current": used[-1], "password": password, "again": password}
        return client.post("/account/password", data=fields).status_code

    for number in range(1, 11):
        assert change(f"ruộng bậc thang {number}") == 303
        used.append(f"ruộng bậc thang {number}")
    assert [change(password) for password in used[1:]] == [422] * 10
    assert change(PASSWORD) == 303


def test_a_reset_does_not_bring_an_old_password_back(app: Flask, officer: UUID, database: Database) -> None:
    with database.transaction() as session:
        code = operations.reset_password(session, SERVICE, officer, now()).code
    client = app.test_client()
    client.post("/activate", data={"code": code})
    response = client.post("/activate/password", data={"password": PASSWORD, "again": PASSWORD})
    assert response.status_code == 422
    assert "đã dùng trước đây" in response.text


def test_who_holds_a_role_and_stays_away_for_45_days_needs_a_new_slip(app: Flask, database: Database) -> None:
    manager = make_manager(database)
    with time_machine.travel(AT, tick=False) as clock:
        assert submit(app.test_client(), "chu", STRICT).status_code == 303
        clock.shift(timedelta(days=45))
        page = submit(app.test_client(), "chu", STRICT)
        assert page.status_code == 422
        assert "Tài khoản tạm ngừng" in page.text
        assert "Tài khoản tạm ngừng" not in submit(app.test_client(), "chu", "sai").text
        with database.transaction() as session:
            code = operations.reset_password(session, SERVICE, manager, now()).code
        client = app.test_client()
        client.post("/activate", data={"code": code})
        new = "Suối Mỏ Gà 2027 trong xanh"
        assert client.post("/activate/password", data={"password": new, "again": new}).status_code == 303
        assert client.get("/manage/people").status_code == 200


def test_twenty_wrong_passwords_at_once_count_as_five(app: Flask, officer: object, database: Database) -> None:
    """Each answer that does not say "locked" is one the account counted; the right password among them opens nothing any more."""
    start = threading.Barrier(20)

    def attempt(number: int) -> str:
        client = app.test_client()
        client.csrf_token()
        start.wait()
        return submit(client, "dung", f"sai {number}").text

    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(attempt, range(20)))
    assert sum("Tạm khóa đăng nhập" not in answer for answer in answers) == 4
    with database.reading() as session:
        failed = session.scalars(select(AuditEntry.details).where(AuditEntry.action == "accounts.sign_in_failed")).all()
    assert sorted(one["locked"] for one in failed) == [False] * 4 + [True]
    assert "Tạm khóa đăng nhập" in submit(app.test_client(), "dung", PASSWORD).text


def test_a_right_password_that_arrives_with_the_lock_does_not_slip_through(officer: UUID, database: Database) -> None:
    """It was compared while the account was still open, and the fifth wrong one was counted before its session was stored."""
    with database.transaction() as session:
        for _number in range(5):
            operations.record_failure(session, SERVICE, officer, Lock(5, timedelta(minutes=10)), AT)
        actor = Actor(officer, "", "")
        arrival, span = operations.Arrival("password"), Span(AT + timedelta(hours=1), None, None)
        assert operations.begin_sign_in(session, actor, arrival, span, AT + timedelta(minutes=1)) is None
        assert operations.begin_sign_in(session, actor, arrival, span, AT + timedelta(minutes=11)) is not None


def test_failures_of_an_address_are_counted_by_all_processes(app: Flask, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passwords, "password_matches", lambda stored, typed: False)
    other = create_app(settings)
    other.test_client_class = PageClient
    answers = [submit((app, other)[number % 2].test_client(), f"khong{number}", "sai").status_code for number in range(102)]
    other.extensions["lms.database"].dispose()
    assert answers == [422] * 100 + [429] * 2
    with time_machine.travel(now() + timedelta(minutes=11), tick=False):
        assert submit(app.test_client(), "khong", "sai").status_code == 422


def test_signing_in_takes_five_statements(app: Flask, officer: object, database: Database) -> None:
    """One read, and one transaction of four: the account, the session, the note for the record store, the audit."""
    statements: list[str] = []
    client = app.test_client()
    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", lambda *given: None if given[2].startswith("BEGIN") else statements.append(given[2]))
    submit(client, "dung", PASSWORD)
    assert len(statements) == 5, statements
