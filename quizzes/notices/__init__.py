"""What people are told about tests by letter."""

from quizzes.notices.closings import closings
from quizzes.notices.decisions import decisions
from quizzes.notices.reminders import expiring, reminders

NOTICES = (reminders, expiring, decisions, closings)

__all__ = ["NOTICES"]
