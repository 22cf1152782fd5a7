"""`/xapi/activities`: what is known of an activity (Communication 2.5)."""

from __future__ import annotations

from flask import Response

from lms.kit.access import guarded_by
from lms.kit.errors import N_
from lms.kit.unit import reading
from lms.lrs.api.blueprint import blueprint
from lms.lrs.api.requests import parameters, tagged_response
from lms.lrs.guard import current_credential
from lms.lrs.queries.activities import wordings
from lms.lrs.rules import values
from lms.lrs.rules.activities import activity_object
from lms.lrs.rules.credentials import may_look_up
from lms.lrs.rules.faults import BadRequest, Forbidden


@blueprint.get("/activities")
@guarded_by("xapi")
def activities() -> Response:
    """An activity nobody has told of is answered too, with its id (2.0: must)."""
    if not may_look_up(current_credential().scopes):
        raise Forbidden(N_("Khóa truy cập này không được phép tra cứu hoạt động"), code="scope_missing")
    given = parameters(("activityId",))
    if "activityId" not in given:
        raise BadRequest(N_("Thiếu tham số %(name)s"), code="missing_parameter", field="activityId", name="activityId")
    activity_id = values.iri(given["activityId"], "activityId")
    with reading() as session:
        known = wordings(session, activity_id)
    return tagged_response(activity_object(activity_id, known))
