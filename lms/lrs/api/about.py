"""`/xapi/about`: which versions are spoken, and how much is taken. The one resource that asks for neither a credential nor a version
(Communication 2.8)."""

from __future__ import annotations

from flask import Response

from lms.kit.access import guarded_by
from lms.kit.unit import settings
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.requests import current_version, json_response, parameters
from lms.lrs.guard import MAX_BODY
from lms.lrs.rules.documents import MAX_DOCUMENT
from lms.lrs.rules.parameters import MAX_PAGE
from lms.lrs.rules.positions import MAX_BATCH
from lms.lrs.rules.versions import listed


@blueprint.get("/about")
@guarded_by("xapi")
def about() -> Response:
    parameters(())
    limits = {
        "requestBytes": MAX_BODY,
        "documentBytes": MAX_DOCUMENT,
        "statementsPerBatch": MAX_BATCH - 1,
        "statementsPerPage": MAX_PAGE,
    }
    return json_response({"version": listed(current_version()), "extensions": {f"{settings().base_url}/xapi/about#limits": limits}})
