"""The door of the record store's resources: each module beside this one hangs its own on it."""

from __future__ import annotations

from flask import Blueprint

from lms.lrs.guard import check_credential, describe

blueprint = Blueprint("xapi", __name__, url_prefix="/xapi")
blueprint.machine_only = True  # type: ignore[attr-defined]
blueprint.before_request(check_credential)
blueprint.after_app_request(describe)  # for all of /xapi/, errors of the routing included
