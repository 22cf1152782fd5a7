"""Is the process up, and can it serve?"""

from flask import Blueprint, Response, jsonify
from sqlalchemy.exc import SQLAlchemyError

from lms.kit.access import public
from lms.kit.unit import database
from lms.maintenance import schema

blueprint = Blueprint("maintenance", __name__)


@blueprint.get("/healthz")
@public
def healthz() -> Response:
    """The process answers."""
    return jsonify(status="ok")


@blueprint.get("/readyz")
@public
def readyz() -> tuple[Response, int]:
    """The database answers and has the newest schema."""
    try:
        current, newest = schema.current_revision(database()), schema.newest_revision(database())
    except SQLAlchemyError:
        return jsonify(status="unavailable", database="unreachable"), 503
    if current != newest:
        return jsonify(status="unavailable", database="schema is not the newest: run lms db upgrade"), 503
    return jsonify(status="ok", schema=current), 200
