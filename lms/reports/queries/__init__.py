"""Reading results per agency: frozen when there is a report, else counted from the ledger as it stands."""

from lms.reports.queries.reading import (
    Group,
    StaffRow,
    counted_reports,
    current_report,
    entrances,
    find_agency,
    newest_reports,
    nodes,
    path,
    position_groups,
    published_periods,
    staff,
)

__all__ = [
    "Group",
    "StaffRow",
    "counted_reports",
    "current_report",
    "entrances",
    "find_agency",
    "newest_reports",
    "nodes",
    "path",
    "position_groups",
    "published_periods",
    "staff",
]
