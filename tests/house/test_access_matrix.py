"""Every address × every role × one's own and another's object, from the application's own list of addresses.

The whole table is left in `var/access-matrix/`, a file for each way to hold a role and each database, for those who want to read it.
"""

from __future__ import annotations

import csv
import re
from collections.abc import Callable, Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
import time_machine
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy.orm import Session
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from lms.accounts.models import RoleGrant
from lms.agencies.operations import merge_agencies
from lms.kit.actors import SERVICE, Role
from lms.kit.db import Database
from tests.courses.making import publish
from tests.factories import grant, make_agency, make_person
from tests.house.things import NOBODYS, Things, arguments_of, body_of, make_common, make_neighbour, make_things, publish_results
from tests.quizzes.making import AT, fill_bank, make_round

SignInAs = Callable[[str], FlaskClient]
MATRIX = Path(__file__).parents[2] / "var" / "access-matrix"

# Who holds which role, over what: the own agency or the whole province.
HOLDERS: dict[str, tuple[Role | None, bool]] = {
    "learner": (None, True),
    "focal_point": (Role.FOCAL_POINT, True),
    "head": (Role.HEAD, True),
    "author": (Role.AUTHOR, False),
    "department": (Role.DEPARTMENT, False),
    "department_of_one_agency": (Role.DEPARTMENT, True),
    "system": (Role.SYSTEM, False),
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
EVERYBODY = {"learner", "focal_point", "head", "author", "department", "department_of_one_agency", "system"}
PROVINCE = {"department", "system"}
DEPARTMENT = {"department", "department_of_one_agency"}
ORGANISERS = DEPARTMENT | PROVINCE
WHO: dict[str, set[str]] = {
    "accounts.own": EVERYBODY,
    "accounts.view_people": ORGANISERS | {"focal_point", "head"},
    "accounts.issue_slips": ORGANISERS | {"focal_point"},
    "accounts.reset_second_factor": ORGANISERS,
    "accounts.edit_people": ORGANISERS | {"focal_point"},
    "accounts.transfer_people": ORGANISERS | {"focal_point"},
    "accounts.merge_people": PROVINCE,
    "accounts.manage_groups": PROVINCE,
    "accounts.import_roster": PROVINCE,
    "accounts.grant_roles": ORGANISERS,
    "accounts.review_roles": ORGANISERS,
    "accounts.delegate": DEPARTMENT | {"focal_point", "head"},
    "audit.view": PROVINCE,
    "accounts.view_permissions": ORGANISERS,
    "agencies.view": ORGANISERS | {"focal_point", "head"},
    "agencies.manage": PROVINCE,
    "courses.study": EVERYBODY,
    "home.manage": EVERYBODY - {"learner"},
    "privacy.own": EVERYBODY,
    "privacy.answer": DEPARTMENT | {"focal_point"},
    "privacy.erase": {"department"},
    "privacy.view_retention": PROVINCE,
    "mail.manage": PROVINCE,
    "lrs.view": PROVINCE,
    "lrs.manage": {"system"},
    "lrs.own": EVERYBODY,
    "quizzes.sit": EVERYBODY,
    "quizzes.manage_rounds": PROVINCE,
    "quizzes.propose_exclusions": DEPARTMENT | {"focal_point"},
    "quizzes.invigilate": DEPARTMENT | {"focal_point"},
    "quizzes.decide_late": {"department"},
    "quizzes.view_signals": {"department"},
    "quizzes.view_provenance": {"department", "author"},
    "quizzes.mark_essays": {"department", "author"},
    "quizzes.view_bank": {"department", "author"},
    "quizzes.view_statistics": {"department", "author"},
    "quizzes.write_items": {"author"},
    "quizzes.import_items": {"department", "author"},
    "quizzes.review_items": {"department"},
    "quizzes.rule_on_items": {"department"},
    "quizzes.handle_reports": DEPARTMENT | {"author"},
    "quizzes.grant_accommodations": {"department"},
    "reports.view": ORGANISERS | {"focal_point", "head"},
    "reports.publish": PROVINCE,
    "reports.set_targets": PROVINCE,
    "reports.contacts": ORGANISERS | {"focal_point", "head"},
    "reports.respond": {"focal_point", "head"},
}

# Objects that are one's own whatever one's role, and those that lie in an agency.
OWNED = {"own_request_id", "attempt_id", "view_id"}
OWNED_AT = {"accounts.withdraw_delegation", *(f"manage_interchange.{page}" for page in ("run", "confirm", "report", "undo"))}
IN_AN_AGENCY = {"supervision_id", "data_request_id", "person_id", "agency_id", "event_id", "grant_id", "request_id"}

OWN_DOORS = ("/account", "/activate", "/sign-")

# Who may, and asks for what is theirs, gets there: a page, a file, or on to the next page. These few hear why not yet.
TOLD = {
    "POST question_editor.create": 422,  # nothing is filled in
    "POST question_editor.change": 422,
    "POST attempts.bring_file": 422,  # no file
    "POST invigilation.bring_files": 422,
    "POST agencies.submit_withdrawal": 409,  # what it would do was not looked at before
    "POST accounts.roster_columns_chosen": 422,  # the file has too few columns
    "POST manage_forms.assemble": 409,  # the round is open
    "POST manage_forms.exchange": 422,  # nothing was chosen
    "POST manage_forms.keep_limits": 422,
    "POST manage_rounds.open_": 409,  # it was open, and is closed by now
    "POST rounds.start": 409,
    "POST report_life.approve": 409,  # it is published
    "POST report_life.cancel_publication": 409,
    "POST report_life.remind": 409,  # no mail server is set
    "POST publishing.write_letters": 409,
    "POST publishing.tell": 409,  # nothing failed
    "POST report_life.consult": 409,
    "POST report_life.end_consultation": 409,
    "POST report_life.publish": 409,
    "POST reports.build": 409,  # it is being frozen by then
    "POST reports.publish": 409,  # it was withdrawn
    "POST report_life.say": 422,  # nothing is chosen
    "POST report_life.schedule": 422,
    "POST report_life.take_back_approval": 409,
    "POST report_files.keep": 422,  # no file
    "POST report_files.put_seal": 422,  # no seal is set up
    "POST targets.change": 422,  # nothing is filled in
    "POST round_windows.drop": 409,  # the list is frozen
}


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
        home, other, third = (
            make_agency(session, name, parent=root, code=f"H55.{number}")
            for number, name in enumerate(("Sở Nội vụ", "Sở Y tế", "Sở Xây dựng"), start=1)
        )
        publish(session)
        me = make_person(session, "Nông Văn Tôi", agency=home, login="toi")
        if holder in AS:
            _stand_in_another_way(session, holder, me, home, root)
        elif role is not None:
            grant(session, me, role, home if scoped else None)
        # Both agencies are filled before the round counts its people.
        neighbours = [make_neighbour(session, home, other, me), make_neighbour(session, other, third, None)]
        fill_bank(session)
        make_round(session)
        common = make_common(session)
        own, foreign = (make_things(session, neighbour) for neighbour in neighbours)
        publish_results(session)
        return Things(own={**common, **own}, foreign={**common, **foreign})


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


def _lies_in_an_agency(rule: Rule) -> bool:
    return bool(rule.arguments & IN_AN_AGENCY) or (
        rule.endpoint.startswith(("reports.", "report_files.", "publishing.")) and "code" in rule.arguments
    )


def _expected(rule: Rule, permission: str | None, holder: str, whose: str) -> str:
    if permission is None:
        return "open"
    if permission.startswith("@"):
        return "open" if rule.endpoint == "xapi.about" else "401"
    if AS.get(holder, holder) not in WHO[permission]:
        return "403"
    if whose == "foreign" and (rule.arguments & OWNED or rule.endpoint in OWNED_AT or (_lies_in_an_agency(rule) and HOLDERS[holder][1])):
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


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_each_role_reaches_what_it_may_and_nothing_else(
    app: Flask, database: Database, holder: str, things: Things, sign_in: SignInAs
) -> None:
    _try_every_address(app, database, holder, things, sign_in)


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
@pytest.mark.parametrize("holder", ["learner", "focal_point", "department_of_one_agency"], indirect=True)
def test_scopes_are_applied_alike_on_the_other_database(
    app: Flask, database: Database, holder: str, things: Things, sign_in: SignInAs
) -> None:
    _try_every_address(app, database, holder, things, sign_in)


def _try_every_address(app: Flask, database: Database, holder: str, things: Things, sign_in: SignInAs) -> None:
    lines: list[tuple[str, ...]] = []
    client, signed_out = sign_in("toi"), False
    for rule, method in _requests(app):
        permission = app.view_functions[rule.endpoint].required_permission  # type: ignore[attr-defined]
        for whose in ("own", "foreign") if rule.arguments else ("own",):
            with app.test_request_context():
                address = app.url_for(rule.endpoint, **arguments_of(rule, getattr(things, whose)))
            if signed_out:
                client, signed_out = sign_in("toi"), False
            response = _sent(client, method, address, body_of(rule.endpoint, getattr(things, whose)))
            response.get_data()  # what is made while it is sent is made
            response.close()
            # What is posted about one's own account may end this session, nothing else does.
            signed_out = method != "GET" and rule.rule.startswith(OWN_DOORS)
            expected, found = _expected(rule, permission, holder, whose), _found(response.status_code)
            if rule.arguments and (whose, expected) == ("own", "open"):
                reached = response.status_code < 400 or response.status_code == TOLD.get(f"{method} {rule.endpoint}")
                found = "open" if reached else str(response.status_code)
            lines.append((holder, method, rule.rule, whose, permission or "-", expected, found, str(response.status_code)))
    MATRIX.mkdir(parents=True, exist_ok=True)
    with (MATRIX / f"{holder}-{database.engine.dialect.name}.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("role", "method", "address", "object", "permission", "expected", "found", "status"), *lines])
    assert [line for line in lines if line[5] != line[6]] == []
    assert len(lines) > 100


def _sent(client: FlaskClient, method: str, address: str, body: dict[str, Any]) -> TestResponse:
    if method == "GET":
        return client.get(address, headers=_spoken(address))
    if method == "POST":
        return client.post(address, headers=_spoken(address), **body)
    return client.open(address, method=method, headers=_spoken(address))


def _spoken(address: str) -> dict[str, str]:
    """The record store asks for the version before it asks who is there."""
    return {"X-Experience-API-Version": "1.0.3"} if address.startswith("/xapi/") else {}


def test_a_stranger_reads_only_what_is_public(app: Flask, database: Database) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "UBND tỉnh", code="H55")
        make_person(session, agency=agency)
        things = {**make_common(session), "code": "H55", "run_id:agencies": NOBODYS, "run_id:roster": NOBODYS, "run_id:questions": NOBODYS}
    for rule, method in _requests(app):
        permission = app.view_functions[rule.endpoint].required_permission  # type: ignore[attr-defined]
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **arguments_of(rule, things))
        client = app.test_client()
        response = client.open(address, method=method, headers=_spoken(address))
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
            address = app.url_for(rule.endpoint, **arguments_of(rule, things.own))
        for headers in ({}, {"X-CSRFToken": "IjEi.forged"}, {"X-CSRFToken": app.test_client().csrf_token()}):  # type: ignore[attr-defined]
            response = sign_in("toi").open(address, method=method, headers=headers)
            assert response.status_code in (400, 403), (address, headers)
            assert response.status_code == 403 or "Trang đã để quá lâu" in response.text, (address, headers)


@pytest.mark.parametrize("holder", ["department"], indirect=True)
def test_an_import_of_one_kind_is_not_there_for_the_pages_of_another(app: Flask, holder: str, things: Things, sign_in: SignInAs) -> None:
    client = sign_in("toi")
    roster, agencies = things.own["run_id:roster"], things.own["run_id:agencies"]
    swapped = {**things.own, "run_id:agencies": roster, "run_id:questions": roster, "run_id:roster": agencies}
    for rule, method in _requests(app):
        if "run_id" in rule.arguments:
            with app.test_request_context():
                address = app.url_for(rule.endpoint, **arguments_of(rule, swapped))
            assert _sent(client, method, address, {}).status_code == 404, address


def test_every_permission_is_decided_here(app: Flask) -> None:
    asked = {getattr(view, "required_permission", None) for view in app.view_functions.values()}
    assert {permission for permission in asked if permission and not re.match("@", permission)} == set(WHO)
