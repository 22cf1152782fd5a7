"""Pages and addresses of results, a file for each subject."""

from lms.reports.views import cross_tab, deciding, drafts, files, life, public, publishing, results, staff, targets

_ON_LIFE = (deciding, drafts)  # their pages belong to the blueprint of `life`

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
