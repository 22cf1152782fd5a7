"""Reports: what is frozen at the close of a quarter, what agencies said of it, and what became of it."""

from lms.reports.models.report import Report, ReportAgency

__all__ = ["Report", "ReportAgency"]
