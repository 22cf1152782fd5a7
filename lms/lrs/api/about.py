"""`/xapi/about`: which versions are spoken. The one resource that asks for neither a credential nor a version (Communication 2.8)."""

from __future__ import annotations

from flask import Response

from lms.kit.access import guarded_by
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.requests import current_version, json_response, parameters
from lms.lrs.rules.versions import listed


@blueprint.get("/about")
@guarded_by("xapi")
def about() -> Response:
    parameters(())
    return json_response({"version": listed(current_version())})
