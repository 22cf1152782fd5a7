"""The key that a learner's content in the browser gets for its own learner."""

from __future__ import annotations

import base64

from flask import Response, jsonify, url_for

from lms.kit.access import current_actor, requires
from lms.kit.actors import NotFound
from lms.kit.clock import now
from lms.kit.unit import settings, transaction
from lms.lrs import operations
from lms.lrs.rules.credentials import CONTENT_HOURS, person_account
from lms.lrs.views.blueprint import blueprint


@blueprint.post("/content-token")
@requires("lrs.own")
def content_token() -> Response:
    """Key and secret as a Basic value under the name cmi5 gives it, whose they are, and for how long. Any earlier one stays good until
    it expires."""
    person_id = current_actor().person_id
    if person_id is None:
        raise NotFound
    with transaction() as session:
        made = operations.issue_content_token(session, person_id, "content", now())
    token = base64.b64encode(f"{made.key}:{made.secret}".encode()).decode()
    response = jsonify(
        {
            "auth-token": token,
            "endpoint": url_for("xapi.about", _external=True).removesuffix("about"),
            "actor": person_account(settings().base_url, person_id),
            "expires_in": CONTENT_HOURS * 3600,
        }
    )
    response.headers["Cache-Control"] = "no-store"
    return response
