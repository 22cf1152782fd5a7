"""Running the service: server and worker, schema, and whether all is well."""

from lms.feature import Feature
from lms.maintenance.views import blueprint

feature = Feature(name="maintenance", blueprints=(blueprint,))
