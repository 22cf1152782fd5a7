"""The table an auditor reads is the table the application goes by: every address is in it once, under the permission it asks for."""

from __future__ import annotations

import html
import io
import re
from collections import Counter
from collections.abc import Callable

import pytest
from flask import Flask
from flask.testing import FlaskClient
from python_calamine import CalamineWorkbook

from lms.accounts.permissions import ROLE_NAMES
from lms.kit.actors import Role
from lms.kit.db import Database
from tests.factories import grant, make_agency, make_person


@pytest.fixture
def client(database: Database, sign_in: Callable[[str], FlaskClient]) -> FlaskClient:
    with database.transaction() as session:
        grant(session, make_person(session, agency=make_agency(session, "UBND tỉnh", code="H55"), login="toi"), Role.DEPARTMENT)
    return sign_in("toi")


def routes(app: Flask) -> Counter[tuple[str, str]]:
    """(permission, methods and address) of every address; "" for those open to everyone."""
    return Counter(
        (
            app.view_functions[rule.endpoint].required_permission or "",  # type: ignore[attr-defined]
            f"{'/'.join(sorted((rule.methods or set()) - {'HEAD', 'OPTIONS'}))} {rule.rule}",
        )
        for rule in app.url_map.iter_rules()
        if rule.endpoint != "static"
    )


def test_the_page_names_every_address_under_the_permission_it_asks_for(app: Flask, client: FlaskClient) -> None:
    page = html.unescape(client.get("/manage/permissions").text)
    notes = re.findall(r'class="cell-note">([a-z_]+\.[a-z_]+) – ([^\n]*?)</span>', page)
    listed = Counter((permission, address) for permission, addresses in notes for address in addresses.split(" · ") if address)
    open_to_all, *machines = re.findall(r"<ul>((?:<li><code>[^\n]*?</code></li>)+)</ul>", page)
    listed += Counter(("", address) for address in re.findall(r"<code>(.*?)</code>", open_to_all))
    listed += Counter(("@xapi", address) for part in machines for address in re.findall(r"<code>(.*?)</code>", part))
    assert listed == routes(app)


def test_the_file_holds_the_rows_of_the_page_and_who_holds_what(app: Flask, client: FlaskClient) -> None:
    book = CalamineWorkbook.from_filelike(io.BytesIO(client.get("/manage/permissions.xlsx").data))
    rows = [[str(cell) for cell in row] for row in book.get_sheet_by_index(0).to_python()]
    table = {row[0]: row for row in rows if row[0] in app.extensions["lms.permissions"]}
    assert table.keys() == app.extensions["lms.permissions"].keys()
    roles = list(ROLE_NAMES)
    for permission, row in table.items():
        held = {roles[place] for place, cell in enumerate(row[2 : 2 + len(roles)]) if cell == "x"}
        assert held == set(app.extensions["lms.permissions"][permission]), permission
    opened = Counter((permission, address) for permission, row in table.items() for address in row[-1].split("\n") if address)
    assert opened == Counter({key: count for key, count in routes(app).items() if key[0] and not key[0].startswith("@")})


def test_the_page_prints_its_table_and_leaves_its_buttons_out(client: FlaskClient) -> None:
    page = client.get("/manage/permissions").text
    assert "data-print" in page
    assert re.search(r'<div class="no-print">[^\n]*permissions\.xlsx', page)
    assert "print-only" in page
