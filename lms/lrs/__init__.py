"""The xAPI record store: statements of ours and of others, kept, found and given back as the standard says."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem
from lms.lrs import api, views
from lms.lrs.cli import xapi
from lms.lrs.jobs import periodic
from lms.lrs.permissions import permissions

feature = Feature(
    name="lrs",
    blueprints=(api.blueprint, views.blueprint),
    permissions=permissions,
    navigation=(NavigationItem(label=_l("Kho xAPI"), endpoint="lrs.overview", permission="lrs.view", order=85),),
    commands=(xapi,),
    periodic=periodic,
)
__all__ = ["feature"]
