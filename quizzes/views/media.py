"""Pictures of questions, to those who may see a question that has them."""

from __future__ import annotations

from flask import Blueprint, Response

from lms.kit.access import current_actor, may, requires
from lms.kit.unit import reading
from quizzes.queries import media

blueprint = Blueprint("media", "quizzes", url_prefix="/media", template_folder="templates")
blueprint.undisturbed = True  # type: ignore[attr-defined]  # part of a sitting whose time is running
CACHING = "private, max-age=3600"  # a sitting goes back and forth over a slow line; a shared machine forgets soon
POLICY = "default-src 'none'; sandbox"


@blueprint.get("/<sha256>")
@requires("quizzes.sit")
def picture(sha256: str) -> Response:
    """A picture by its hash."""
    with reading() as session:
        if may("quizzes.view_bank"):
            found = media.picture(session, sha256)
        else:
            found = media.picture_of_paper(session, sha256, current_actor().person_id)
    return Response(found.content, mimetype=found.media_type, headers={"Cache-Control": CACHING, "Content-Security-Policy": POLICY})
