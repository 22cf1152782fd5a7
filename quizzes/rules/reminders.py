"""When people are reminded of a test. Pure."""

from __future__ import annotations

from datetime import date

REMINDER_DAYS = (14, 7, 3, 1)


def reminder_due(last_day: date, today: date) -> int | None:
    """Which of the reminders belongs to today: the nearest one whose day has come, so that a day without a worker is made up for on the
    next, or whoever comes late hears how many days are left. None: too early, or over."""
    left = (last_day - today).days
    return min((days for days in REMINDER_DAYS if 0 <= left <= days), default=None)
