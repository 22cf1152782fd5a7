"""Pages and addresses of results, a file for each subject."""

from lms.reports.views import cross_tab, files, life, public, publishing, results, staff, targets

BLUEPRINTS = (
    results.blueprint,
    life.blueprint,
    files.blueprint,
    staff.blueprint,
    cross_tab.blueprint,
    targets.blueprint,
    publishing.blueprint,
    public.blueprint,
)
