"""Freezing results and publishing them."""

from lms.reports.operations.building import build_report, publish_report

__all__ = ["build_report", "publish_report"]
