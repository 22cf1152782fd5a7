"""`lms privacy …`"""

from __future__ import annotations

import click
from flask_babel import gettext as _

from lms.kit.clock import now
from lms.kit.errors import N_, DomainError
from lms.kit.formats import number
from lms.kit.unit import reading, settings
from lms.privacy.jobs import throw_away
from lms.privacy.operations.retention import due
from lms.privacy.rules.retention import BY_NAME, periods


@click.group("privacy", help="Personal data: how long it is kept.")
def privacy() -> None: ...


@privacy.command("retention")
@click.option("--dry-run", is_flag=True, help="Only say how much would go.")
def retention(dry_run: bool) -> None:
    """Throw away what has been kept long enough. The worker does it once a day by itself."""
    at = now()
    if dry_run:
        with reading() as session:
            counts = due(session, periods(settings().retention), at)
    else:
        carried_out = throw_away(at, again=True)
        if carried_out is None:
            raise DomainError(N_("Một lần dọn khác đang chạy. Chờ lần đó xong rồi chạy lại."), code="under_way")
        counts = carried_out
    for name, count in counts.items():
        click.echo(f"{name:16} {number(count):>12}  {_(BY_NAME[name].what)}")
