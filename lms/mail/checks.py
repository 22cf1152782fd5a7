"""Whether letters go out, for `lms doctor`."""

from __future__ import annotations

from datetime import timedelta

from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.unit import reading, settings
from lms.mail.queries import mail_state

LONG = timedelta(hours=6)


def check_mail() -> str:
    """Raises where letters have waited for hours: the server of LMS_SMTP_URL is away or refuses us."""
    if settings().smtp_url is None:
        return "no mail server set (LMS_SMTP_URL): nobody is reminded by letter"
    with reading() as session:
        state = mail_state(session)
    if state.oldest_waiting is not None and now() - state.oldest_waiting > LONG:
        raise DomainError("letters wait since %(moment)s: try `lms mail try ADDRESS`", moment=f"{state.oldest_waiting:%Y-%m-%d %H:%M} UTC")
    return f"{state.counts['waiting'] + state.counts['sending']} letters waiting, {state.counts['failed']} refused"
