"""Results per agency and quarter: counted, frozen, published."""

from flask_babel import lazy_gettext as _l

from lms.feature import Feature, NavigationItem
from lms.reports import public, staff_views, views
from lms.reports.cli import reports
from lms.reports.panels import agency_progress
from lms.reports.permissions import PERMISSIONS

feature = Feature(
    name="reports",
    blueprints=(views.blueprint, staff_views.blueprint, public.blueprint),
    permissions=PERMISSIONS,
    navigation=(
        NavigationItem(_l("Kết quả"), "reports.index", "reports.view", order=60),
        NavigationItem(_l("Thống kê nhân lực"), "staff.statistics", "reports.view", order=65),
    ),
    home_panels=(agency_progress,),
    commands=(reports,),
)
