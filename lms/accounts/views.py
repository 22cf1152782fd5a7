"""Pages around sign-in, people and the roster."""

from __future__ import annotations

from flask import Blueprint

from lms.kit.access import public

blueprint = Blueprint("accounts", __name__, template_folder="templates")


@blueprint.get("/sign-in")
@public
def sign_in() -> str:
    return ""
