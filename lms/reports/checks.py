"""Whether published results reach those who are to be told, for `lms doctor`."""

from __future__ import annotations

from datetime import timedelta

from lms.kit.clock import now
from lms.kit.errors import DomainError
from lms.kit.unit import reading, settings
from lms.reports.queries.deliveries import post_state

LONG = timedelta(hours=6)
OVERDUE = timedelta(minutes=10)


def check_telling() -> str:
    """Raises where a publication did not take place at its moment, letters have waited for hours, or a receiver is not getting through."""
    at = now()
    with reading() as session:
        state = post_state(session)
    problems = []
    if state.publication_due is not None and at - state.publication_due > OVERDUE:
        due = f"{state.publication_due:%Y-%m-%d %H:%M} UTC"
        problems.append(f"results were to be published at {due} and are not: see the page of the quarter, and whether the worker runs")
    if state.letters_since is not None and at - state.letters_since > LONG:
        since = f"{state.letters_since:%Y-%m-%d %H:%M} UTC"
        how = "try `lms mail try ADDRESS`" if settings().smtp_url else "LMS_SMTP_URL is not set any more"
        problems.append(f"letters about results wait since {since}: {how}")
    for name, failed, stuck in state.receivers:
        if failed or (stuck is not None and at - stuck > LONG):
            problems.append(f"receiver {name}: {failed} messages not delivered: `lms reports webhooks deliveries {name}`, then replay")
    if problems:
        raise DomainError("; ".join(problems).replace("%", "%%"))
    return f"{state.letters_waiting} letters waiting, {state.letters_failed} refused, {len(state.receivers)} receivers"
