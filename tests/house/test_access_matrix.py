"""Every address × every role × one's own and another's object, from the application's own list of addresses.

The whole table is written beside the test as `access-matrix.csv`.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule

from lms.accounts.models import RoleGrant
from lms.kit.actors import Actor, Role
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.kit.imports import Checked, Finding
from lms.kit.imports.operations import record_check
from lms.kit.secrets import vault_of
from quizzes.operations.attempts import start_attempt
from tests.courses.making import publish
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, QUARTER, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]
AN_ANSWER = {"takeover": 1, "responses": [{"slot": 1, "sequence": 1, "answer": []}]}

# Who holds which role, over what: the own agency or the whole province.
HOLDERS: dict[str, tuple[Role | None, bool]] = {
    "learner": (None, True),
    "focal_point": (Role.FOCAL_POINT, True),
    "head": (Role.HEAD, True),
    "author": (Role.AUTHOR, False),
    "department": (Role.DEPARTMENT, False),
    "department_of_one_agency": (Role.DEPARTMENT, True),
}

# What each permission is for, once more, by hand: a change of the tables is a decision and shows here.
EVERYBODY = {"learner", "focal_point", "head", "author", "department", "department_of_one_agency"}
ORGANISERS = {"department", "department_of_one_agency"}
WHO: dict[str, set[str]] = {
    "accounts.own": EVERYBODY,
    "accounts.view_people": ORGANISERS | {"focal_point", "head"},
    "accounts.issue_slips": ORGANISERS | {"focal_point"},
    "accounts.import_roster": {"department"},
    "accounts.grant_roles": ORGANISERS,
    "accounts.view_permissions": ORGANISERS,
    "agencies.view": ORGANISERS | {"focal_point", "head"},
    "agencies.manage": {"department"},
    "courses.study": EVERYBODY,
    "home.manage": EVERYBODY - {"learner"},
    "lrs.view": {"department"},
    "lrs.manage": set(),
    "quizzes.sit": EVERYBODY,
    "quizzes.manage_rounds": {"department"},
    "quizzes.view_bank": ORGANISERS | {"author"},
    "reports.view": ORGANISERS | {"focal_point", "head"},
    "reports.publish": {"department"},
}

# Objects that are one's own whatever one's role, and those that lie in an agency.
OWNED = {"attempt_id"}
IN_AN_AGENCY = {"person_id", "agency_id", "grant_id"}


@dataclass(frozen=True)
class Things:
    """Values of address arguments, by name: those of the own agency or person, and those of another."""

    own: dict[str, str]
    foreign: dict[str, str]


@pytest.fixture(autouse=True)
def clock() -> Iterator[None]:
    with time_machine.travel(AT, tick=False):
        yield


@pytest.fixture(params=HOLDERS)
def holder(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def things(holder: str, database: Database) -> Things:
    role, scoped = HOLDERS[holder]
    with database.transaction() as session:
        root = make_agency(session, "UBND tỉnh", code="H55", kind="province")
        home = make_agency(session, "Sở Nội vụ", parent=root, code="H55.1")
        other = make_agency(session, "Sở Y tế", parent=root, code="H55.2")
        publish(session)
        me = make_person(session, "Nông Văn Tôi", agency=home, login="toi")
        colleague = make_person(session, "Lê Thị Bạn", agency=home, login="ban")
        foreigner = make_person(session, "Đỗ Văn Xa", agency=other, login="xa")
        if role is not None:
            grant(session, me, role, home if scoped else None)
        fill_bank(session)
        make_round(session)
        return Things(
            own={**_common(), **_of(session, home, "H55.1", colleague, sitter=me)},
            foreign={**_common(), **_of(session, other, "H55.2", foreigner, sitter=foreigner)},
        )


def _common() -> dict[str, str]:
    return {"quarter": QUARTER, "slug": "khoa-thu", "lesson": "bai-mot", "item": "CB1-1-001", "sha256": "0" * 64, "entry_id": "1"}


def _of(session: Session, agency: UUID, code: str, person: UUID, *, sitter: UUID) -> dict[str, str]:
    actor = Actor(sitter, "", "")
    held = RoleGrant(id=uuid7(), person_id=person, role=Role.HEAD.value, agency_id=agency, valid_from=AT.date())
    session.add(held)
    session.flush()
    runs = {
        kind: record_check(
            session,
            actor,
            vault_of(session),
            kind=kind,
            file_name="ds.csv",
            content="Họ và tên;Mã cán bộ\n".encode(),
            checked=Checked(counts={}, rows=0, fingerprint="", findings=[Finding(sheet="ds", row=1, message="")]),
            options={"as_of": "2026-11-01"},
            at=AT,
        )
        for kind in ("agencies", "roster")
    }
    return {
        "agency_id": str(agency),
        "code": code,
        "person_id": str(person),
        "grant_id": str(held.id),
        "attempt_id": str(start_attempt(session, actor, QUARTER, AT).attempt_id),
        "statement_id": str(uuid7()),
        **{f"run_id:{kind}": str(run) for kind, run in runs.items()},
    }


def _arguments(rule: Rule, things: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in rule.arguments:
        key = name
        if name == "code" and rule.endpoint.startswith("manage_questions"):
            key = "item"
        elif name == "run_id":
            key = "run_id:agencies" if rule.endpoint.startswith("agencies") else "run_id:roster"
        values[name] = int(things[key]) if name == "entry_id" else things[key]
    return values


def _lies_in_an_agency(rule: Rule) -> bool:
    return bool(rule.arguments & IN_AN_AGENCY) or (rule.endpoint.startswith("reports.") and "code" in rule.arguments)


def _expected(rule: Rule, permission: str | None, holder: str, whose: str) -> str:
    if permission is None:
        return "open"
    if permission.startswith("@"):
        return "open" if rule.endpoint == "xapi.about" else "401"
    if holder not in WHO[permission]:
        return "403"
    if whose == "foreign" and (rule.arguments & OWNED or (_lies_in_an_agency(rule) and HOLDERS[holder][1])):
        return "404"
    return "open"


def _found(status: int) -> str:
    return {401: "401", 403: "403", 404: "404"}.get(status, "open" if status < 500 else "failure")


def _requests(app: Flask) -> Iterator[tuple[Rule, str]]:
    """Reading first: what is posted may change what is seen."""
    for method in ("GET", "POST", "PUT", "DELETE", "PATCH"):
        for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
            if method in (rule.methods or set()) and rule.endpoint != "static":
                yield rule, method


def test_each_role_reaches_what_it_may_and_nothing_else(app: Flask, holder: str, things: Things, sign_in: SignInAs, tmp_path: Path) -> None:
    lines: list[tuple[str, ...]] = []
    for rule, method in _requests(app):
        permission = app.view_functions[rule.endpoint].required_permission  # type: ignore[attr-defined]
        for whose in ("own", "foreign") if rule.arguments else ("own",):
            with app.test_request_context():
                address = app.url_for(rule.endpoint, **_arguments(rule, getattr(things, whose)))
            body = {"json": AN_ANSWER} if rule.endpoint == "attempts.save" else {}
            response = sign_in("toi").open(address, method=method) if method != "POST" else sign_in("toi").post(address, **body)
            expected, found = _expected(rule, permission, holder, whose), _found(response.status_code)
            if _needs_more_than_access(rule) and found == "404":
                found = "open"  # the object was not made: who may not ask hears 403 all the same
            lines.append((holder, method, rule.rule, whose, permission or "-", expected, found, str(response.status_code)))
    with (tmp_path / "access-matrix.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("role", "method", "address", "object", "permission", "expected", "found", "status"), *lines])
    assert [line for line in lines if line[5] != line[6]] == []
    assert len(lines) > 100


def _needs_more_than_access(rule: Rule) -> bool:
    """Addresses of things this test makes none of: a drawing, a statement, a waiting job, a published result."""
    return bool(rule.arguments & {"sha256", "statement_id", "entry_id"}) or rule.endpoint.startswith("public.")


def test_a_stranger_reads_only_what_is_public(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        make_agency(session, "UBND tỉnh", code="H55")
    things = {
        **_common(),
        "code": "H55",
        **dict.fromkeys(("agency_id", "person_id", "grant_id", "attempt_id", "statement_id"), str(uuid7())),
    }
    things |= {"run_id:agencies": str(uuid7()), "run_id:roster": str(uuid7())}
    for rule, method in _requests(app):
        permission = app.view_functions[rule.endpoint].required_permission  # type: ignore[attr-defined]
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **_arguments(rule, things))
        client = app.test_client()
        response = client.post(address) if method == "POST" else client.open(address, method=method)
        if permission is None:
            assert response.status_code < 500, address
        elif permission.startswith("@"):
            assert response.status_code == (200 if rule.endpoint == "xapi.about" else 401), address
        else:
            assert response.status_code == 302, address
            assert response.location.startswith("/sign-in"), address


@pytest.mark.parametrize("holder", ["department"], indirect=True)
def test_no_post_is_heard_without_the_token_of_its_session(app: Flask, holder: str, things: Things, sign_in: SignInAs) -> None:
    for rule, method in _requests(app):
        if method == "GET" or rule.rule.startswith("/xapi/"):
            continue
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **_arguments(rule, things.own))
        for headers in ({}, {"X-CSRFToken": "IjEi.forged"}, {"X-CSRFToken": app.test_client().csrf_token()}):  # type: ignore[attr-defined]
            response = sign_in("toi").open(address, method=method, headers=headers)
            assert response.status_code in (400, 403), (address, headers)
            assert response.status_code == 403 or "Trang đã để quá lâu" in response.text, (address, headers)


def test_every_permission_is_decided_here(app: Flask) -> None:
    asked = {getattr(view, "required_permission", None) for view in app.view_functions.values()}
    assert {permission for permission in asked if permission and not re.match("@", permission)} == set(WHO)
