"""What is promised against those who try the doors, case by case. What a package promises of itself is in its own tests:
tests/accounts/test_sign_in.py (locks, equal words and equal work for unknown names, planted sessions, slips that work once),
tests/house/test_access_matrix.py (somebody else's objects), tests/house/test_scope_of_lists.py (lists and files)."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from click.testing import CliRunner
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select, update

import courses
import quizzes
from lms.accounts import operations
from lms.accounts.models import Account, FailedAddress, Person, Posting, RoleGrant, SignIn
from lms.accounts.operations import transfer_posts
from lms.accounts.rules.tokens import token_hash
from lms.app import create_app
from lms.commands import build_cli
from lms.config import Settings
from lms.kit.actors import SERVICE, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Base, Database
from tests.courses.making import publish
from tests.factories import grant, make_agency, make_person
from tests.house.things import arguments_of, make_common, make_neighbour, make_things, publish_results
from tests.quizzes.making import AT, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]
ROOT = Path(__file__).parents[2]
PASSWORD = "ruộng bậc thang"
TODAY = AT.date()


@dataclass(frozen=True)
class Two:
    """Two agencies side by side; `dung` works in the one, `xa` in the other."""

    home: UUID
    part: UUID
    other: UUID
    dung: UUID
    xa: UUID


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture
def two(database: Database) -> Two:
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
        home = make_agency(session, "Sở Nội vụ", parent=root, code="H55.1")
        part = make_agency(session, "Phòng Tổ chức", parent=home, code="H55.1.7")
        other = make_agency(session, "Sở Y tế", parent=root, code="H55.2")
        dung = make_person(session, "Nông Văn Dũng", agency=home, login="dung", staff_code="CB00016", password=PASSWORD)
        xa = make_person(session, "Đỗ Văn Xa", agency=other, login="xa", staff_code="CB00017", password=PASSWORD)
        return Two(home, part, other, dung, xa)


def words(text: str) -> str:
    """A page without what differs from one request to the next."""
    return re.sub(r'name="(csrf_token|login)"[^>]*|<code>.*?</code>|[0-9]{2}:[0-9]{2}', "", text)


def submit(client: FlaskClient, login: str, password: str, **options: Any) -> Any:
    return client.post("/sign-in", data={"login": login, "password": password}, **options)


# Signing in


def test_a_suspended_account_stays_closed_and_reads_like_a_wrong_password(app: Flask, two: Two, database: Database) -> None:
    with database.transaction() as session:
        session.execute(update(Account).where(Account.login_name == "dung").values(disabled_at=AT))
    right, wrong = submit(app.test_client(), "dung", PASSWORD), submit(app.test_client(), "khong-co", PASSWORD)
    assert (right.status_code, wrong.status_code) == (422, 422)
    assert words(right.text) == words(wrong.text)
    with database.reading() as session:
        assert session.scalars(select(SignIn.token_hash)).all() == []


def test_a_slip_of_a_suspended_account_opens_nothing_and_reads_like_a_made_up_one(app: Flask, two: Two, database: Database) -> None:
    with database.transaction() as session:
        code = operations.issue_codes(session, SERVICE, [two.dung], AT)[0].code
        session.execute(update(Account).where(Account.login_name == "dung").values(disabled_at=AT))
    real, made_up = (app.test_client().post("/activate", data={"code": text}) for text in (code, "AAAA-BBBB-CCCC-DDDD"))
    assert (real.status_code, made_up.status_code) == (422, 422)
    assert re.sub(r'value="[^"]*"', "", words(real.text)) == re.sub(r'value="[^"]*"', "", words(made_up.text))


def test_a_slip_already_in_hand_ends_with_the_account(app: Flask, two: Two, database: Database) -> None:
    with database.transaction() as session:
        code = operations.issue_codes(session, SERVICE, [two.dung], AT)[0].code
    client = app.test_client()
    assert client.post("/activate", data={"code": code}).location == "/activate/password"
    with database.transaction() as session:
        session.execute(update(Account).where(Account.login_name == "dung").values(disabled_at=AT))
    assert client.post("/activate/password", data={"password": "ruộng ngô xanh", "again": "ruộng ngô xanh"}).location == "/activate"
    with database.reading() as session:
        assert session.scalars(select(SignIn.token_hash)).all() == []


def test_a_slip_is_for_choosing_a_password_and_for_nothing_else(app: Flask, two: Two, database: Database) -> None:
    with database.transaction() as session:
        code = operations.issue_codes(session, SERVICE, [two.dung], AT)[0].code
    assert submit(app.test_client(), "dung", code).status_code == 422
    client = app.test_client()
    client.post("/activate", data={"code": code})
    for address in ("/account", "/courses/", "/manage/"):
        assert client.get(address).location.startswith("/sign-in"), address


def test_wrong_slips_count_against_the_address_like_wrong_passwords(app: Flask, two: Two) -> None:
    client = app.test_client()
    answers = [client.post("/activate", data={"code": f"AAAA-BBBB-CCCC-{number:04d}"}).status_code for number in range(101)]
    assert set(answers[:100]) == {422}
    assert answers[100] == 429
    assert submit(client, "dung", PASSWORD).status_code == 429


def test_signing_in_makes_a_session_of_its_own_every_time(app: Flask, two: Two, database: Database) -> None:
    client = app.test_client()
    tokens = []
    for _time in range(2):
        assert submit(client, "dung", PASSWORD).status_code == 303
        with client.session_transaction() as cookie:
            tokens.append(cookie["_user_id"])
    assert len(set(tokens)) == 2
    with database.reading() as session:
        ended = dict(session.execute(select(SignIn.token_hash, SignIn.ended_at)).all())
    assert ended[token_hash(tokens[0])] is not None
    assert ended[token_hash(tokens[1])] is None


def failed_addresses(database: Database) -> set[str]:
    with database.reading() as session:
        return set(session.scalars(select(FailedAddress.address_hash)))


def test_without_a_proxy_nobody_chooses_the_address_they_are_counted_under(app: Flask, two: Two, database: Database) -> None:
    for number in range(3):
        claimed = {"X-Forwarded-For": f"203.0.113.{number}", "X-Real-IP": "203.0.113.9", "Forwarded": "for=203.0.113.9"}
        submit(app.test_client(), f"khong{number}", "sai", headers=claimed)
    assert failed_addresses(database) == {token_hash("127.0.0.1")}
    submit(app.test_client(), "dung", PASSWORD, headers={"X-Forwarded-For": "203.0.113.9"})
    with database.reading() as session:
        assert session.scalars(select(SignIn.remote_address)).one() == "127.0.0.1"
        assert set(session.scalars(select(AuditEntry.remote_address).where(AuditEntry.action == "accounts.sign_in"))) == {"127.0.0.1"}


def test_behind_the_proxy_the_address_it_saw_counts_and_not_what_was_claimed_before(settings: Settings, database: Database) -> None:
    app = create_app(replace(settings, base_url="https://hoc.example.vn"), features=(courses.feature, quizzes.feature))
    app.config["WTF_CSRF_ENABLED"] = False
    headers = {"X-Forwarded-For": "198.51.100.1, 203.0.113.7", "X-Forwarded-Proto": "https"}
    try:
        assert submit(app.test_client(), "khong", "sai", headers=headers).status_code == 422
        assert failed_addresses(database) == {token_hash("203.0.113.7")}
    finally:
        app.extensions["lms.database"].dispose()


def test_a_locked_name_stays_locked_from_every_address(app: Flask, two: Two) -> None:
    for number in range(5):
        submit(app.test_client(), "dung", "sai", environ_base={"REMOTE_ADDR": f"10.0.0.{number}"})
    page = submit(app.test_client(), "dung", PASSWORD, environ_base={"REMOTE_ADDR": "10.0.1.1"})
    assert page.status_code == 422
    assert "Tạm khóa đăng nhập" in page.text


# Roles


def roles_of(database: Database) -> list[tuple[UUID, str, UUID | None]]:
    with database.reading() as session:
        return sorted(((row.person_id, row.role, row.agency_id) for row in session.scalars(select(RoleGrant))), key=str)


def test_a_roster_brings_no_roles_whatever_its_columns_say(app: Flask, two: Two, database: Database, tmp_path: Path) -> None:
    with database.transaction() as session:
        grant(session, two.dung, Role.HEAD, two.home)
    before = roles_of(database)
    file = tmp_path / "ds.csv"
    file.write_text(
        "Họ và tên;Mã cán bộ;Đơn vị công tác;Chức vụ;Nhóm đối tượng;Vai trò;Quyền;role;is_admin;password;login_name\n"
        "Đỗ Văn Xa;CB00017;Sở Y tế;Giám đốc;N1;department;system;system;1;12345678;toi\n"
        "Lò Thị Mới;CB00099;Sở Y tế;Quản trị hệ thống;N1;Quản trị hệ thống;system;system;1;12345678;moi\n"
        "Nông Văn Dũng;CB00016;Sở Nội vụ;Thủ trưởng;N1;learner;;learner;0;;\n"
    )
    with app.app_context():
        result = CliRunner().invoke(build_cli(app), ["roster", "import", str(file), "--as-of", "2026-11-01"])
    assert result.exit_code == 0, result.output
    assert roles_of(database) == before
    with database.reading() as session:
        new = session.scalars(select(Account).join(Person, Person.id == Account.person_id).where(Person.staff_code == "CB00099")).one()
        assert (new.login_name, new.password_hash) == ("cb00099", None)
        assert session.scalars(select(Account.login_name).where(Account.person_id == two.xa)).one() == "xa"


def test_who_moves_loses_their_roles_in_the_middle_of_a_session(two: Two, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        grant(session, two.dung, Role.HEAD, two.home)
    client = sign_in("dung")
    assert client.get("/manage/people").status_code == 200
    with database.transaction() as session:
        transfer_posts(session, SERVICE, two.dung, two.other, on=TODAY, at=AT)
    assert client.get("/manage/people").status_code == 403
    assert client.get("/account").status_code == 200


def test_the_head_of_an_agency_gives_nothing_above_and_nothing_outside(two: Two, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        grant(session, two.dung, Role.HEAD, two.home)
        held = session.scalars(select(RoleGrant.id)).one()
        colleague = make_person(session, "Lê Thị Bạn", agency=two.part, login="ban", staff_code="CB00018")
    client, before = sign_in("dung"), roles_of(database)
    for person in (two.dung, colleague, two.xa):
        for role in Role:
            for agency in ("", two.home, two.other):
                asked = client.post(f"/manage/people/{person}/roles", data={"role": role.value, "agency": str(agency)})
                assert asked.status_code == 403
    handing_on = {"held": str(held), "person": "CB00018", "agency": str(two.part), "until": "30/11/2026", "reason": "nghỉ phép"}
    for changed in ({"person": "CB00017"}, {"agency": str(two.other)}, {"held": str(UUID(int=1))}, {"person": "CB00016"}):
        assert client.post("/account/delegations", data={**handing_on, **changed}).status_code in (404, 422), changed
    assert roles_of(database) == before
    client.post("/account/delegations", data={**handing_on, "role": "system", "valid_to": "9999-12-31", "person_id": str(two.xa)})
    assert set(roles_of(database)) - set(before) == {(colleague, "head", two.part)}


def test_who_organises_an_agency_makes_nobody_administrator(two: Two, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        grant(session, two.dung, Role.DEPARTMENT, two.home)
        colleague = make_person(session, "Lê Thị Bạn", agency=two.home, login="ban")
    client, before = sign_in("dung"), roles_of(database)
    for person in (two.dung, colleague):
        for agency in ("", str(two.home)):
            assert client.post(f"/manage/people/{person}/roles", data={"role": "system", "agency": agency}).status_code in (403, 404, 422)
    assert roles_of(database) == before


EXTRA = {
    "id": str(UUID(int=5)),
    "person_id": str(UUID(int=5)),
    "staff_code": "CB99999",
    "login_name": "quantri",
    "role": "system",
    "roles": "system",
    "is_admin": "1",
    "agency_id": str(UUID(int=5)),
    "group_code": "N1",
    "password": "12345678",
    "password_hash": "x",
    "activated_at": "2020-01-01",
    "disabled_at": "",
    "erased_at": "2020-01-01",
    "merged_into": str(UUID(int=5)),
    "identity_sealed": "x",
    "created_at": "2020-01-01",
    "score": "100",
    "granted_by": str(UUID(int=5)),
}


def stored(database: Database, *models: type[Base]) -> dict[str, list[dict[str, Any]]]:
    with database.reading() as session:
        return {
            model.__tablename__: sorted((dict(row) for row in session.execute(select(model.__table__)).mappings()), key=str)
            for model in models
        }


def test_fields_are_taken_one_by_one_whatever_else_a_form_brings(two: Two, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        grant(session, two.dung, Role.FOCAL_POINT, two.home)
        colleague = make_person(session, "Lê Thị Bạn", agency=two.home, login="ban", staff_code="CB00018")
        posting = session.scalars(select(Posting.id).where(Posting.person_id == colleague)).one()
    client, person = sign_in("dung"), f"/manage/people/{colleague}"
    kept = (Account, RoleGrant, Person, Posting)
    before = stored(database, *kept)
    asked = {
        f"{person}/edit": {"full_name": "Lê Thị Bạn", "sex": "", "qualification": ""},
        f"{person}/leave": {"reason": "sick", "since": "01/05/2026", "until": "02/05/2026"},
        f"{person}/postings/{posting}": {
            "since": "01/01/2020",
            "group": "N2",
            "it_duty": "none",
            "nature": "regular",
            "absence": "",
        },
    }
    for address, fields in asked.items():
        assert client.post(address, data={**EXTRA, **fields}).status_code == 303, address
    assert stored(database, *kept) == before
    assert client.post("/account/password", data={**EXTRA, "current": "sai", "again": "x"}).status_code == 422
    assert client.post("/account/data/correction", data={**EXTRA, "field": "staff_code", "proposed": "X", "reason": "x"}).status_code == 422
    assert stored(database, *kept) == before


# Acting as somebody else


def test_there_is_no_way_to_sign_in_as_somebody_else(app: Flask, two: Two, database: Database, sign_in: SignInAs) -> None:
    said = re.compile(r"imperson|masquerad|sudo|(sign|log)[-_]?in[-_]?as|switch[-_]?user|become|act[-_]?as|dang-nhap-thay", re.IGNORECASE)
    assert [rule.rule for rule in app.url_map.iter_rules() if said.search(f"{rule.rule} {rule.endpoint}")] == []
    assert [name for name in app.extensions["lms.permissions"] if said.search(name)] == []
    with database.transaction() as session:
        grant(session, two.dung, Role.SYSTEM)
    client = sign_in("dung")
    claims = {"X-Remote-User": "xa", "X-User": str(two.xa), "Remote-User": "xa", "X-Impersonate": "xa"}
    for query in ("", f"?as={two.xa}", "?user=xa", "?login=xa", f"?person_id={two.xa}"):
        page = client.get(f"/account{query}", headers=claims, environ_base={"REMOTE_USER": "xa"}).text
        assert "Nông Văn Dũng" in page
        assert "Đỗ Văn Xa" not in page


def test_only_the_way_in_opens_sessions() -> None:
    opening = {"begin_sign_in", "login_user"}
    callers = {
        str(path.relative_to(ROOT))
        for package in ("lms", "courses", "quizzes")
        for path in (ROOT / package).rglob("*.py")
        for call in ast.walk(ast.parse(path.read_text()))
        if isinstance(call, ast.Call) and ast.unparse(call.func).rpartition(".")[2] in opening
    }
    assert callers == {"lms/accounts/views/arriving.py", "lms/accounts/guard.py"}


# Machines that several people use

# Figures and styles: addressed by what they hold, the same for everybody. Pictures of questions: without their words, for an hour.
KEPT_BY_BROWSERS = {"courses.media", "static", "media.picture"}


@pytest.mark.parametrize("role", [None, Role.SYSTEM, Role.DEPARTMENT])
def test_browsers_keep_nothing_that_is_read_signed_in(
    app: Flask, database: Database, role: Role | None, two: Two, sign_in: SignInAs
) -> None:
    with database.transaction() as session:
        publish(session)
        if role is not None:
            grant(session, two.dung, role)
        neighbour = make_neighbour(session, two.home, two.other, two.dung)
        fill_bank(session)
        make_round(session)
        things = {**make_common(session), **make_things(session, neighbour)}
        publish_results(session)
    client, kept, pages = sign_in("dung"), set(), 0
    for rule in app.url_map.iter_rules():
        if "GET" not in (rule.methods or ()) or rule.endpoint in KEPT_BY_BROWSERS or rule.rule.startswith("/xapi"):
            continue
        if getattr(app.view_functions[rule.endpoint], "asks_nobody", False):
            continue  # published for everybody, the same for whoever asks
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **arguments_of(rule, things))
        response = client.get(address)
        response.get_data()
        pages += response.status_code == 200
        if response.headers["Cache-Control"] != "no-store":
            kept.add(rule.rule)
    assert kept == set()
    assert pages > (20 if role is None else 60)


def test_pages_keep_nothing_on_the_machine_but_answers_not_yet_acknowledged() -> None:
    keeps = re.compile(r"localStorage|sessionStorage|indexedDB|document\.cookie|\bcaches\b|serviceWorker|openDatabase")
    using = {
        path.name: sorted(set(keeps.findall(path.read_text())))
        for package in ("lms", "courses", "quizzes")
        for path in (ROOT / package).rglob("*")
        if path.suffix in (".js", ".html") and keeps.search(path.read_text())
    }
    assert using == {"attempt.js": ["localStorage"]}
    script = (ROOT / "lms/static/js/attempt.js").read_text()
    kept = [line.strip() for line in script.splitlines() if "setItem(" in line]
    assert [re.search(r"setItem\((.*)\);", line)[1].split(");")[0] for line in kept] == [  # type: ignore[index]
        'PREFIX + "test", "1"',
        'prefix + slot, [saved ? "a" : "p", one.takeover, one.sequence, saved || "-", sealed].join(" ")',
        'prefix + "n", sequence',
    ]


def test_the_cookie_of_a_session_is_out_of_reach_of_scripts_and_other_sites(app: Flask, two: Two) -> None:
    cookies = submit(app.test_client(), "dung", PASSWORD).headers.getlist("Set-Cookie")
    session_cookie = next(cookie for cookie in cookies if cookie.startswith("lms_session="))
    assert "HttpOnly" in session_cookie
    assert "SameSite=Lax" in session_cookie
    assert PASSWORD not in session_cookie


def test_a_delegation_ends_on_its_day_in_the_middle_of_a_session(two: Two, database: Database, sign_in: SignInAs) -> None:
    with database.transaction() as session:
        grant(session, two.xa, Role.HEAD, two.other, valid_from=date(2020, 1, 1))
        handed = {"valid_from": TODAY, "valid_to": TODAY + timedelta(days=1), "delegated_from": two.xa, "reason": "nghỉ phép"}
        session.add(RoleGrant(person_id=two.dung, role=Role.HEAD.value, agency_id=two.other, **handed))
    client = sign_in("dung")
    assert client.get("/manage/people").status_code == 200
    with time_machine.travel(AT + timedelta(days=1), tick=False):
        assert client.get("/manage/people").status_code in (302, 403)
