"""What is due, and display preferences."""

from __future__ import annotations

from flask import Blueprint, current_app, g, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from lms.accounts.guard import own_path
from lms.feature import Feature, PanelBuilder
from lms.home.navigation import managing_page
from lms.kit.access import current_actor, public, requires, scope_of
from lms.kit.clock import now
from lms.kit.i18n import CONTRASTS, COOKIE, LOCALES, TEXT_SIZES, Preferences, preferences
from lms.kit.unit import reading

blueprint = Blueprint("home", __name__, template_folder="templates")
YEAR = 365 * 24 * 3600


@blueprint.get("/")
@public
def index() -> str | Response:
    """The first page of whoever is signed in; sign-in for everybody else."""
    if g.get("actor") is None:
        return redirect(url_for("accounts.sign_in"))
    features: tuple[Feature, ...] = current_app.extensions["lms.features"]
    builders: list[PanelBuilder] = [builder for feature in features for builder in feature.home_panels]
    at = now()
    with reading() as session:
        built = [builder(session, current_actor(), at) for builder in builders]
    panels = sorted((panel for panel in built if panel is not None), key=lambda panel: panel.order)
    return render_template("home/index.html", panels=panels)


@blueprint.get("/manage/")
@requires("home.manage")
def manage() -> str:
    """Everything the one who looks may manage, by section, with what waits there. One statement for each link that counts something."""
    sections, at = managing_page(), now()
    with reading() as session:
        waiting = {
            item.endpoint: item.waiting(session, scope_of(item.permission), at) for _, items in sections for item in items if item.waiting
        }
    return render_template("home/manage.html", sections=sections, waiting=waiting)


@blueprint.get("/accessibility")
@public
def accessibility() -> str:
    """How far the service can be used by everyone, and whom to tell where it cannot."""
    return render_template("home/accessibility.html")


@blueprint.get("/preferences", endpoint="preferences")
@public
def set_preferences() -> Response:
    """Remember language, text size and contrast in a cookie of this browser; it decides nothing but how pages look."""
    current = preferences()
    chosen = Preferences(
        locale=_chosen("locale", LOCALES, current.locale),
        text_size=int(_chosen("text_size", tuple(map(str, TEXT_SIZES)), str(current.text_size))),
        contrast=_chosen("contrast", CONTRASTS, current.contrast),
    )
    response = redirect(own_path(request.args.get("next")) or "/", 303)
    response.set_cookie(COOKIE, str(chosen), max_age=YEAR, samesite="Lax", httponly=True, secure=request.is_secure)
    return response


def _chosen(name: str, allowed: tuple[str, ...], otherwise: str) -> str:
    value = request.args.get(name, otherwise)
    return value if value in allowed else otherwise
