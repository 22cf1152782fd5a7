"""Communication 2.8: what this store is, told to everybody."""

from __future__ import annotations

import pytest
from flask import Flask

from lms.lrs.rules.values import iri

OLD = ["1.0.3", "1.0.2", "1.0.1", "1.0.0"]


@pytest.mark.parametrize(
    ("asked", "versions", "answered_in"),
    [
        (None, ["2.0.0", *OLD], "2.0.0"),
        ("2.0.0", ["2.0.0", *OLD], "2.0.0"),
        ("1.0.3", OLD, "1.0.3"),
        ("0.9", ["2.0.0", *OLD], "2.0.0"),
        ("khong", ["2.0.0", *OLD], "2.0.0"),
    ],
)
def test_versions_without_a_credential_whatever_version_is_asked(
    app: Flask, asked: str | None, versions: list[str], answered_in: str
) -> None:
    headers = {} if asked is None else {"X-Experience-API-Version": asked}
    response = app.test_client().get("/xapi/about", headers=headers)
    assert (response.status_code, response.json["version"]) == (200, versions)
    assert response.headers["X-Experience-API-Version"] == answered_in


def test_nothing_but_versions_and_extensions_named_by_iris(app: Flask) -> None:
    found = app.test_client().get("/xapi/about").json
    assert set(found) == {"version", "extensions"}
    ((name, limits),) = found["extensions"].items()
    assert iri(name, "") == name
    assert all(limit > 0 for limit in limits.values())


def test_400_for_a_parameter_and_405_for_another_method(app: Flask) -> None:
    assert app.test_client().get("/xapi/about?foo=1").status_code == 400
    assert app.test_client().post("/xapi/about").status_code == 405
