"""Every address × every role × one's own and another's object, from the application's own list of addresses.

The whole table is left in `var/access-matrix/`, a file for each way to hold a role and each database, for those who want to read it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import select
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lms.accounts.models import Posting, RoleGrant
from lms.agencies.models import AgencyLink
from lms.agencies.operations import merge_agencies
from lms.kit.actors import SERVICE, Actor, Role
from lms.kit.audit import AuditEntry
from lms.kit.db import Database
from lms.kit.ids import uuid7
from lms.kit.imports import Checked, Finding
from lms.kit.imports.operations import record_check
from lms.kit.secrets import vault_of
from lms.privacy.operations import NewRequest, make_request
from lms.privacy.rules.requests import RequestKind
from quizzes.operations.attempts import start_attempt
from tests.courses.making import publish
from tests.factories import grant, make_agency, make_person
from tests.quizzes.making import AT, QUARTER, ZONE, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]
AN_ANSWER = {"takeover": 1, "responses": [{"slot": 1, "sequence": 1, "answer": []}]}

NOBODYS = str(UUID(int=7 << 76 | 2 << 62))
MATRIX = Path(__file__).parents[2] / "var" / "access-matrix"

# Who holds which role, over what: the own agency or the whole province.
HOLDERS: dict[str, tuple[Role | None, bool]] = {
    "learner": (None, True),
    "focal_point": (Role.FOCAL_POINT, True),
    "head": (Role.HEAD, True),
    "author": (Role.AUTHOR, False),
    "department": (Role.DEPARTMENT, False),
    "department_of_one_agency": (Role.DEPARTMENT, True),
    "substitute_of_a_head": (Role.HEAD, True),
    "substitute_of_one_who_left": (None, True),
    "head_until_yesterday": (None, True),
    "head_from_tomorrow": (None, True),
    "head_of_an_agency_that_was_merged": (None, True),
}
# Who holds a role in another way than by a plain grant, and as whom they must be treated.
AS: dict[str, str] = {
    "substitute_of_a_head": "head",
    "substitute_of_one_who_left": "learner",
    "head_until_yesterday": "learner",
    "head_from_tomorrow": "learner",
    "head_of_an_agency_that_was_merged": "learner",
}

# What each permission is for, once more, by hand: a change of the tables is a decision and shows here.
EVERYBODY = {"learner", "focal_point", "head", "author", "department", "department_of_one_agency"}
ORGANISERS = {"department", "department_of_one_agency"}
WHO: dict[str, set[str]] = {
    "accounts.own": EVERYBODY,
    "accounts.view_people": ORGANISERS | {"focal_point", "head"},
    "accounts.issue_slips": ORGANISERS | {"focal_point"},
    "accounts.reset_second_factor": ORGANISERS,
    "accounts.edit_people": ORGANISERS | {"focal_point"},
    "accounts.transfer_people": ORGANISERS | {"focal_point"},
    "accounts.merge_people": {"department"},
    "accounts.manage_groups": {"department"},
    "accounts.import_roster": {"department"},
    "accounts.grant_roles": ORGANISERS,
    "accounts.review_roles": ORGANISERS,
    "accounts.delegate": ORGANISERS | {"focal_point", "head"},
    "audit.view": {"department"},
    "accounts.view_permissions": ORGANISERS,
    "agencies.view": ORGANISERS | {"focal_point", "head"},
    "agencies.manage": {"department"},
    "courses.study": EVERYBODY,
    "home.manage": EVERYBODY - {"learner"},
    "privacy.own": EVERYBODY,
    "privacy.answer": ORGANISERS | {"focal_point"},
    "privacy.erase": {"department"},
    "privacy.view_retention": {"department"},
    "lrs.view": {"department"},
    "lrs.manage": set(),
    "quizzes.sit": EVERYBODY,
    "quizzes.manage_rounds": {"department"},
    "quizzes.view_bank": ORGANISERS | {"author"},
    "reports.view": ORGANISERS | {"focal_point", "head"},
    "reports.publish": {"department"},
}

# Objects that are one's own whatever one's role, and those that lie in an agency.
OWNED = {"own_request_id", "attempt_id"}
IN_AN_AGENCY = {"data_request_id", "person_id", "agency_id", "event_id", "grant_id"}


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
        if holder in AS:
            _stand_in_another_way(session, holder, me, home, root)
        elif role is not None:
            grant(session, me, role, home if scoped else None)
        fill_bank(session)
        make_round(session)
        return Things(
            own={**_common(), **_of(session, home, "H55.1", colleague, sitter=me)},
            foreign={**_common(), **_of(session, other, "H55.2", foreigner, sitter=foreigner)},
        )


def _stand_in_another_way(session: Session, holder: str, me: UUID, home: UUID, root: UUID) -> None:
    today = AT.date()
    if holder == "head_until_yesterday":
        session.add(RoleGrant(person_id=me, role=Role.HEAD.value, agency_id=home, valid_from=date(2020, 1, 1), valid_to=today))
    elif holder == "head_from_tomorrow":
        session.add(RoleGrant(person_id=me, role=Role.HEAD.value, agency_id=home, valid_from=today + timedelta(days=1)))
    elif holder == "head_of_an_agency_that_was_merged":
        merged = make_agency(session, "Sở Nội vụ cũ", parent=root, code="H55.9")
        grant(session, me, Role.HEAD, merged)
        merge_agencies(session, SERVICE, [merged], into=home, on=today - timedelta(days=30), at=AT - timedelta(days=40))
    else:
        left = holder == "substitute_of_one_who_left"
        giver = make_person(session, "Lý Thị Trưởng", agency=home, login="truong")
        ends = today - timedelta(days=1) if left else date(9999, 12, 31)
        session.add(RoleGrant(person_id=giver, role=Role.HEAD.value, agency_id=home, valid_from=date(2020, 1, 1), valid_to=ends))
        handed = {"valid_from": today - timedelta(days=9), "valid_to": today + timedelta(days=9), "reason": "nghỉ phép"}
        session.add(RoleGrant(person_id=me, role=Role.HEAD.value, agency_id=home, delegated_from=giver, **handed))
    session.flush()


# Values of arguments that are no identifiers; where one argument means several things, by the beginning of the endpoint.
OTHERS = {"group_code": "N2", "action": "up", "kind": "rename", "kind:audit": "csv"}


def _common() -> dict[str, str]:
    return {"quarter": QUARTER, "slug": "khoa-thu", "lesson": "bai-mot", "item": "CB1-1-001", "sha256": "0" * 64, "entry_id": "1", **OTHERS}


def _of(session: Session, agency: UUID, code: str, person: UUID, *, sitter: UUID) -> dict[str, str]:
    actor = Actor(sitter, "", "")
    # Each address that takes a role away has one of its own to take.
    grants = {
        key: RoleGrant(id=uuid7(), person_id=person, role=role.value, agency_id=agency, valid_from=AT.date())
        for key, role in (
            ("grant_id", Role.HEAD),
            ("grant_id:accounts.confirm_role", Role.FOCAL_POINT),
            ("grant_id:accounts.revoke_reviewed_role", Role.AUTHOR),
        )
    }
    session.add_all(grants.values())
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
        "event_id": str(session.scalars(select(AgencyLink.event_id).where(AgencyLink.successor_id == agency).limit(1)).one()),
        "code": code,
        "person_id": str(person),
        **{key: str(held.id) for key, held in grants.items()},
        "posting_id": str(session.scalars(select(Posting.id).where(Posting.person_id == person)).one()),
        "audit_entry_id": str(session.scalars(select(AuditEntry.id).limit(1)).one()),
        "own_request_id": str(_asked(session, sitter)),
        "data_request_id": str(_asked(session, person, RequestKind.OBJECTION)),
        "attempt_id": str(start_attempt(session, actor, QUARTER, AT).attempt_id),
        "statement_id": str(uuid7()),
        **{f"run_id:{kind}": str(run) for kind, run in runs.items()},
    }


def _asked(session: Session, person: UUID, kind: RequestKind = RequestKind.COPY) -> UUID:
    return make_request(session, Actor(person, "", ""), person, NewRequest(kind, "lý do"), AT, zone=ZONE)


def _arguments(rule: Rule, things: dict[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    for name in rule.arguments:
        key = name
        if name == "code" and rule.endpoint.startswith("manage_questions"):
            key = "item"
        elif name == "run_id":
            key = "run_id:agencies" if rule.endpoint.startswith("agencies") else "run_id:roster"
        for narrower in (f"{name}:{rule.endpoint.partition('.')[0]}", f"{name}:{rule.endpoint}"):
            key = narrower if narrower in things else key
        value = things.get(key, NOBODYS if name.endswith("_id") else None)
        assert value is not None, f"{rule.rule} has an argument this test has no value for: {name}"
        values[name] = int(value) if name == "entry_id" else value
    return values


def _lies_in_an_agency(rule: Rule) -> bool:
    return bool(rule.arguments & IN_AN_AGENCY) or (rule.endpoint.startswith("reports.") and "code" in rule.arguments)


def _expected(rule: Rule, permission: str | None, holder: str, whose: str) -> str:
    if permission is None:
        return "open"
    if permission.startswith("@"):
        return "open" if rule.endpoint == "xapi.about" else "401"
    if AS.get(holder, holder) not in WHO[permission]:
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


def test_each_role_reaches_what_it_may_and_nothing_else(
    app: Flask, database: Database, holder: str, things: Things, sign_in: SignInAs
) -> None:
    lines: list[tuple[str, ...]] = []
    reader = sign_in("toi")
    for rule, method in _requests(app):
        permission = app.view_functions[rule.endpoint].required_permission  # type: ignore[attr-defined]
        for whose in ("own", "foreign") if rule.arguments else ("own",):
            with app.test_request_context():
                address = app.url_for(rule.endpoint, **_arguments(rule, getattr(things, whose)))
            body = {"json": AN_ANSWER} if rule.endpoint == "attempts.save" else {}
            # Reading leaves a session as it is; what is posted may end it.
            response = reader.get(address) if method == "GET" else _sent(sign_in("toi"), method, address, body)
            response.get_data()  # what is made while it is sent is made
            response.close()
            expected, found = _expected(rule, permission, holder, whose), _found(response.status_code)
            if _needs_more_than_access(rule) and (expected, found) == ("open", "404"):
                found = "open"  # the object was not made: who may not ask hears 403 all the same
            lines.append((holder, method, rule.rule, whose, permission or "-", expected, found, str(response.status_code)))
    MATRIX.mkdir(parents=True, exist_ok=True)
    with (MATRIX / f"{holder}-{database.engine.dialect.name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("role", "method", "address", "object", "permission", "expected", "found", "status"), *lines])
    assert [line for line in lines if line[5] != line[6]] == []
    assert len(lines) > 100


def _sent(client: FlaskClient, method: str, address: str, body: dict[str, Any]) -> TestResponse:
    return client.post(address, **body) if method == "POST" else client.open(address, method=method)


def _needs_more_than_access(rule: Rule) -> bool:
    """Addresses of things this test makes none of: a drawing, a statement, a waiting job, a published result, a leave, a second record
    of a person, a request to move somebody, a role handed on by oneself."""
    unmade = {"sha256", "statement_id", "entry_id", "leave_id", "other_id", "request_id"}
    return bool(rule.arguments & unmade) or rule.endpoint.startswith("public.") or rule.endpoint == "accounts.withdraw_delegation"


def test_a_stranger_reads_only_what_is_public(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        make_agency(session, "UBND tỉnh", code="H55")
    things = {**_common(), "code": "H55", "run_id:agencies": NOBODYS, "run_id:roster": NOBODYS}
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
