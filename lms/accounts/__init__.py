from lms.accounts import guard
from lms.accounts.permissions import permissions
from lms.accounts.views import blueprint
from lms.feature import Feature

feature = Feature(name="accounts", blueprints=(blueprint,), permissions=permissions)
__all__ = ["feature", "guard"]
