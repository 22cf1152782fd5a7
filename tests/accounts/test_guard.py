"""Nothing is open that does not say so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from flask import Blueprint, Flask, jsonify
from flask.testing import FlaskClient
from sqlalchemy import event

from lms.accounts.guard import ViewUnguardedError, own_path
from lms.kit.access import current_actor, public, requires, scope_of
from lms.kit.actors import EVERYWHERE, Role
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person

SignIn = Callable[[str], FlaskClient]


@pytest.fixture
def doors(app: Flask) -> Flask:
    """Views of every kind beside the real ones."""
    blueprint = Blueprint("doors", __name__)

    @blueprint.get("/doors/own")
    @requires("accounts.own")
    def own() -> str:
        return current_actor().display_name

    @blueprint.route("/doors/people", methods=["GET", "POST"])
    @requires("accounts.view_people")
    def people() -> object:
        scope = scope_of("accounts.view_people")
        return jsonify("everywhere" if scope is EVERYWHERE else sorted(str(agency) for agency in scope))

    @blueprint.get("/doors/open")
    @public
    def open_to_all() -> str:
        return "open"

    @blueprint.get("/doors/unstated")
    def unstated() -> str:
        return "never"

    app.register_blueprint(blueprint)
    return app


def test_a_view_that_states_nothing_is_a_defect_in_tests_and_refused_in_service(doors: Flask) -> None:
    with pytest.raises(ViewUnguardedError):
        doors.test_client().get("/doors/unstated")
    doors.testing = False
    assert doors.test_client().get("/doors/unstated").status_code == 403


def test_public_views_and_files_are_open(doors: Flask) -> None:
    assert doors.test_client().get("/doors/open").text == "open"
    with doors.test_client().get("/static/js/page.js") as response:
        assert response.status_code == 200


def test_a_visitor_is_sent_to_sign_in_and_back(doors: Flask) -> None:
    response = doors.test_client().get("/doors/own?a=1")
    assert (response.status_code, response.location) == (302, "/sign-in?next=/doors/own?a%3D1")


def test_a_program_hears_401(doors: Flask) -> None:
    response = doors.test_client().get("/doors/own", headers={"Accept": "application/json"})
    assert response.status_code == 401
    assert response.json is not None
    assert response.json["error"]["code"] == "sign_in_required"


def test_a_program_whose_whole_cookie_is_gone_still_hears_401(doors: Flask) -> None:
    response = doors.test_client().open("/doors/people", method="POST", json={})
    assert response.status_code == 401


def test_everyone_is_a_learner_and_nothing_more(doors: Flask, database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        make_person(session, "Lê Thị Bé", agency=make_agency(session, "Sở Y tế"), login="be")
    client = sign_in("be")
    assert client.get("/doors/own").text == "Lê Thị Bé"
    assert client.get("/doors/people").status_code == 403


def test_a_role_counts_over_its_agency(doors: Flask, database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        grant(session, make_person(session, agency=agency, login="dm"), Role.FOCAL_POINT, agency)
        grant(session, make_person(session, agency=agency, login="qt"), Role.DEPARTMENT)
    assert sign_in("dm").get("/doors/people").json == [str(agency)]
    assert sign_in("qt").get("/doors/people").json == "everywhere"


def test_knowing_who_asks_costs_one_statement(doors: Flask, database: Database, sign_in: SignIn) -> None:
    with database.transaction() as session:
        agency = make_agency(session, "Sở Y tế")
        person = make_person(session, agency=agency, login="dm")
        for role in (Role.FOCAL_POINT, Role.HEAD, Role.AUTHOR):
            grant(session, person, role, agency)
    client, statements = sign_in("dm"), []

    def note(*arguments: Any) -> None:
        if not arguments[2].startswith("BEGIN"):
            statements.append(arguments[2])

    for engine in database.engines:
        event.listen(engine, "before_cursor_execute", note)
    client.get("/doors/own")
    for engine in database.engines:
        event.remove(engine, "before_cursor_execute", note)
    assert len(statements) == 1


@pytest.mark.parametrize(
    "target", ["//evil.example", "/\\evil.example", "https://evil.example", "javascript:alert(1)", "", None, "/a\r\nX: y", "/\t/evil"]
)
def test_addresses_of_other_sites_are_not_followed(target: str | None) -> None:
    assert own_path(target) is None


def test_own_addresses_are() -> None:
    assert own_path("/rounds/2026-Q4/?x=1") == "/rounds/2026-Q4/?x=1"
