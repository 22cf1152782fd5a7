"""A report's life: frozen, shown to the agencies, approved, published, corrected, withdrawn."""

from lms.reports.operations.consulting import answer_objection, end_consultation, open_consultation, say_verdict
from lms.reports.operations.freezing import build_report, request_freezing
from lms.reports.operations.planning import ask_freezing
from lms.reports.operations.publishing import (
    approve_report,
    cancel_publication,
    publish_now,
    publish_report,
    schedule_publication,
    take_back_approval,
    withdraw_report,
)
from lms.reports.operations.reminding import remind_silent

__all__ = [
    "answer_objection",
    "approve_report",
    "ask_freezing",
    "build_report",
    "cancel_publication",
    "end_consultation",
    "open_consultation",
    "publish_now",
    "publish_report",
    "remind_silent",
    "request_freezing",
    "say_verdict",
    "schedule_publication",
    "take_back_approval",
    "withdraw_report",
]
