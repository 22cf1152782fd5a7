"""The agency tree through time: what agencies are and were, who is below whom on which day, and how the tree is imported."""

from flask_babel import lazy_gettext as _l

from lms.agencies.cli import agencies
from lms.agencies.jobs import IMPORT_JOB, import_agencies
from lms.agencies.permissions import permissions
from lms.agencies.views import blueprint
from lms.feature import Feature, NavigationItem
from lms.kit.imports.jobs import discard_old_files
from lms.kit.jobs import Periodic

feature = Feature(
    name="agencies",
    blueprints=(blueprint,),
    permissions=permissions,
    navigation=(NavigationItem(label=_l("Cây đơn vị"), endpoint="agencies.tree", permission="agencies.view", order=60),),
    commands=(agencies,),
    jobs={IMPORT_JOB: import_agencies},
    periodic=(Periodic("imports.discard_old_files", 3600, discard_old_files),),
)
