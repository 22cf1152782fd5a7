"""Where the pages of the tree hang, and what they share."""

from __future__ import annotations

from datetime import date

from flask import Blueprint, current_app

from lms.kit.clock import local_date, now

blueprint = Blueprint("agencies", "lms.agencies", url_prefix="/manage/agencies", template_folder="templates")


def today() -> date:
    return local_date(now(), current_app.extensions["lms.settings"].zone)


def day_argument(on: date) -> str | None:
    """What links carry so that the day stays; nothing for today."""
    return None if on == today() else on.isoformat()
