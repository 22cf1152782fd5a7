"""Shared by the tests of accounts."""

from __future__ import annotations

from dataclasses import replace

import pytest
from flask import Flask


@pytest.fixture(autouse=True)
def no_first_page(request: pytest.FixtureRequest) -> None:
    """The notice everybody sees at the first sign-in has tests of its own; here people come straight to where they go."""
    if "app" in request.fixturenames:
        app: Flask = request.getfixturevalue("app")
        app.extensions["lms.features"] = tuple(replace(feature, first_pages=()) for feature in app.extensions["lms.features"])
