"""The first page, made of the features' panels, and how pages are shown to this reader."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem
from lms.home.permissions import PERMISSION_NAMES, PERMISSIONS
from lms.home.views import blueprint

feature = Feature(
    name="home",
    blueprints=(blueprint,),
    permissions=PERMISSIONS,
    permission_names=PERMISSION_NAMES,
    navigation=(NavigationItem(_l("Việc của tôi"), "home.index", "home.view", order=10),),
)
