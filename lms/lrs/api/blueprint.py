"""The door of the record store's resources: each module beside this one hangs its own on it."""

from __future__ import annotations

from typing import cast

from flask import Blueprint, Flask
from flask.blueprints import BlueprintSetupState

from lms.lrs.api.alternate import AlternateSyntax
from lms.lrs.api.direct import DirectWay
from lms.lrs.guard import check_credential, describe

blueprint = Blueprint("xapi", __name__, url_prefix="/xapi")
blueprint.machine_only = True  # type: ignore[attr-defined]
blueprint.before_request(check_credential)
blueprint.after_app_request(describe)  # for all of /xapi/, errors of the routing included


@blueprint.record_once
def _stand_before_the_application(state: BlueprintSetupState) -> None:
    app = cast(Flask, state.app)
    app.wsgi_app = AlternateSyntax(DirectWay(app, app.wsgi_app))  # type: ignore[method-assign]
