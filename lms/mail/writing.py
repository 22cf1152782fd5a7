"""What people are told, put into a letter."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _

from lms.kit.notices import Notice
from lms.kit.unit import settings


def digest(_person: UUID, notices: Sequence[Notice]) -> tuple[str, str]:
    """Subject and body, in the language letters are written in."""
    base = settings().base_url
    with force_locale(settings().locale):
        items = [(str(_(notice.text, **notice.values)), notice.lines, base + notice.path) for notice in notices]
        subject = items[0][0].rstrip(".") if len(items) == 1 else str(_("%(count)s việc cần làm trên Công vụ LMS", count=len(items)))
        template = current_app.jinja_env.get_template("mail/digest.txt")  # without what pages are given: there is no request
        body = template.render(items=items, base=base, phone=settings().support_phone)
    return subject[:150], body
