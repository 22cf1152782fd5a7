"""Where the pages of the tree hang, and what they share."""

from __future__ import annotations

from datetime import date
from zoneinfo import ZoneInfo

from flask import Blueprint

from lms.kit.clock import local_date, now
from lms.kit.unit import settings

blueprint = Blueprint("agencies", "lms.agencies", url_prefix="/manage/agencies", template_folder="templates")


def today() -> date:
    return local_date(now(), zone())


def zone() -> ZoneInfo:
    return settings().zone


def day_argument(on: date) -> str | None:
    """What links carry so that the day stays; nothing for today."""
    return None if on == today() else on.isoformat()
