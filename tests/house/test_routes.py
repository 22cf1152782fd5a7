"""Every address states who may call it, and every answer carries what the house promises."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlalchemy import text

from lms.kit.db import Database
from lms.maintenance import schema

PUBLIC = {
    "accounts.activate",
    "accounts.choose_password",
    "accounts.enter_code",
    "accounts.leave_provider",
    "accounts.link_identity",
    "accounts.passkey_options",
    "accounts.passkey_sign_in",
    "accounts.sign_in",
    "accounts.sign_out",
    "accounts.single_sign_on",
    "accounts.single_sign_on_back",
    "accounts.submit_code",
    "accounts.submit_link",
    "accounts.submit_new_password",
    "accounts.submit_one_time_code",
    "accounts.submit_passkey",
    "accounts.submit_sign_in",
    "home.accessibility",
    "privacy.notice",
    "home.index",
    "home.preferences",
    "maintenance.healthz",
    "maintenance.readyz",
    "public.index",
    "public.indicators",
    "public.report_atom",
    "public.results",
    "public.results_atom",
    "public.results_csv",
    "public.results_fragment",
    "public.results_ioc",
    "public.results_json",
    "public.widget",
    "report_files.check",
}


def permissions(app: Flask) -> dict[str, str | None]:
    return {
        rule.endpoint: app.view_functions[rule.endpoint].required_permission  # type: ignore[attr-defined]
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    }


def test_every_route_states_its_permission(app: Flask) -> None:
    silent = [
        rule.endpoint
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static" and not hasattr(app.view_functions[rule.endpoint], "required_permission")
    ]
    assert silent == []


def test_the_permissions_routes_and_links_ask_for_are_those_of_the_table_and_each_has_a_name(app: Flask) -> None:
    table = app.extensions["lms.permissions"]
    asked = {permission for permission in permissions(app).values() if permission and not permission.startswith("@")}
    asked |= {item.permission for feature in app.extensions["lms.features"] for item in feature.navigation}
    offered = {item.permission for feature in app.extensions["lms.features"] for item in feature.navigation}
    assert asked | offered == set(table)
    assert set(app.extensions["lms.permission_names"]) == set(table)


def test_only_the_routes_on_the_short_list_are_open_to_everyone(app: Flask) -> None:
    assert {endpoint for endpoint, permission in permissions(app).items() if permission is None} <= PUBLIC


def test_every_guarded_page_sends_a_stranger_to_sign_in(app: Flask) -> None:
    client = app.test_client()
    for rule in app.url_map.iter_rules():
        permission = permissions(app).get(rule.endpoint)
        if not permission or permission.startswith("@") or "GET" not in (rule.methods or set()):
            continue
        known = {"quarter": "2026-Q4", "round_code": "2026-Q4", "kind": "csv", "number": "1", "slot": "1"}
        arguments = {name: known.get(name, "00000000-0000-7000-8000-000000000000") for name in rule.arguments}
        with app.test_request_context():
            address = app.url_for(rule.endpoint, **arguments)
        response = client.get(address)
        assert response.status_code in (302, 401), rule
        if response.status_code == 302:
            assert response.location.startswith("/sign-in"), rule


def test_addresses_promised_to_users_and_integrators_exist(app: Flask) -> None:
    promised = {
        "/",
        "/sign-in",
        "/sign-out",
        "/account",
        "/courses/",
        "/courses/<slug>/",
        "/courses/<slug>/<lesson>",
        "/rounds/",
        "/rounds/<round_code>/",
        "/attempts/<uuid:attempt_id>",
        "/attempts/<uuid:attempt_id>/answers",
        "/attempts/<uuid:attempt_id>/submit",
        "/reports/<quarter>/",
        "/reports/<quarter>/<code>",
        "/reports/<quarter>/<code>.xlsx",
        "/reports/<quarter>/<code>.pdf",
        "/reports/<quarter>/<code>.json",
        "/public/<quarter>/",
        "/public/<quarter>/<code>",
        "/public/<quarter>.json",
        "/public/<quarter>.csv",
        "/public/<quarter>.atom",
        "/embed/<code>",
        "/xapi/statements",
        "/xapi/about",
        "/xapi/activities",
        "/xapi/activities/profile",
        "/xapi/activities/state",
        "/xapi/agents",
        "/xapi/agents/profile",
        "/healthz",
        "/readyz",
    }
    assert promised <= {rule.rule for rule in app.url_map.iter_rules()}


@pytest.mark.parametrize("address", ["/sign-in", "/no-such-page", "/healthz", "/xapi/statements", "/static/css/app.css", "/reports/"])
def test_every_answer_carries_the_security_headers_and_a_request_id(app: Flask, address: str) -> None:
    response = app.test_client().get(address)
    assert response.headers["Content-Security-Policy"].startswith("default-src 'none'")
    assert "unsafe" not in response.headers["Content-Security-Policy"]
    assert response.headers["X-Content-Type-Options"] == "nosniff"
    assert response.headers["X-Request-Id"]
    response.close()


def test_a_proxys_request_id_is_kept_and_a_hostile_one_is_not(app: Flask) -> None:
    client = app.test_client()
    assert client.get("/healthz", headers={"X-Request-Id": "abc-12345"}).headers["X-Request-Id"] == "abc-12345"
    assert client.get("/healthz", headers={"X-Request-Id": "<script>" * 3}).headers["X-Request-Id"] != "<script>" * 3


def test_errors_for_programs_have_one_shape(app: Flask) -> None:
    client: FlaskClient = app.test_client()
    for address, status in (("/api/v1/nothing", 404), ("/reports/2026-Q4/x.json", 401)):
        response = client.get(address, headers={"Accept": "application/json"})
        assert response.status_code == status
        assert set(response.json["error"]) <= {"code", "message", "field"}  # type: ignore[index]
    assert client.delete("/sign-in", headers={"Accept": "application/json"}).status_code == 405


def test_errors_for_people_are_a_page_that_says_what_next(app: Flask) -> None:
    response = app.test_client().get("/no-such-page")
    assert response.status_code == 404
    page = response.get_data(as_text=True)
    assert "Không tìm thấy" in page
    assert response.headers["X-Request-Id"] in page


def test_ready_only_when_the_schema_is_the_newest(app: Flask, database: Database) -> None:
    client = app.test_client()
    assert client.get("/healthz").json == {"status": "ok"}
    assert client.get("/readyz").status_code == 200
    with database.transaction() as session:
        session.execute(text("UPDATE alembic_version SET version_num = '0000'"))
    try:
        response = client.get("/readyz")
        assert response.status_code == 503
        assert "lms db upgrade" in response.get_data(as_text=True)
    finally:
        with database.transaction() as session:
            session.execute(text("UPDATE alembic_version SET version_num = :newest"), {"newest": schema.newest_revision(database)})


def test_display_preferences_are_remembered_and_never_lead_elsewhere(app: Flask) -> None:
    client = app.test_client()
    response = client.get("/preferences?text_size=150&contrast=high&locale=en&next=/sign-in")
    assert response.location == "/sign-in"
    page = client.get("/sign-in").get_data(as_text=True)
    assert 'data-text="150"' in page
    assert 'data-contrast="high"' in page
    assert 'lang="en"' in page
    for hostile in ("https://evil.example/", "//evil.example", "/\\evil.example", "javascript:alert(1)"):
        assert client.get("/preferences", query_string={"next": hostile}).location == "/"


def test_pages_and_styles_are_sent_small_where_no_proxy_does_it(app: Flask) -> None:
    client = app.test_client()
    for address in ("/sign-in", "/static/css/app.css"):
        with client.get(address, headers={"Accept-Encoding": "gzip"}) as small, client.get(address) as plain:
            assert small.headers["Content-Encoding"] == "gzip"
            assert "Accept-Encoding" in small.headers["Vary"]
            assert len(small.get_data()) < len(plain.get_data()) / 2
