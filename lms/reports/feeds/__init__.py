"""What programs, portals and everybody read of reports: made of frozen bodies, each address one file."""

from lms.reports.feeds.entitled import figures_json, report_json

__all__ = ["figures_json", "report_json"]
