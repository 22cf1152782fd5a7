"""People, the posts they hold, how they sign in and what they may do."""

from flask_babel import lazy_gettext as _l

from lms.accounts import guard
from lms.accounts.cli import roster, users
from lms.accounts.jobs import ROSTER_JOB, import_roster
from lms.accounts.permissions import permissions
from lms.accounts.views import blueprint
from lms.feature import Feature, NavigationItem

feature = Feature(
    name="accounts",
    blueprints=(blueprint,),
    permissions=permissions,
    navigation=(NavigationItem(label=_l("Cán bộ"), endpoint="accounts.people", permission="accounts.view_people", order=55),),
    commands=(roster, users),
    jobs={ROSTER_JOB: import_roster},
)
__all__ = ["feature", "guard"]
